/**
 * `npm run bench -- page`: the live page in headless Chromium, against cytoscape on the same graph.
 *
 *   npm run bench -- page                 100, 1 000 and 10 000 nodes, and the layouts
 *   npm run bench -- page 1000            only these
 *   npm run bench -- page layouts         only the layouts, in Node
 *   npm run bench -- page talk            wall and inbox of 100 000 messages each
 *
 * Frame times are those between two animation frames while the map is dragged 6 px a frame, with 5 %
 * of the links measured anew each second. No GPU: Chromium draws in software, on the cores that the
 * node uses too.
 */
import { fork } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import os from 'node:os'
import path from 'node:path'
import { build } from 'esbuild'
import { chromium } from 'playwright-core'
import { root } from '../../scripts/prepare.mjs'
import { measureTalk } from './talk.mjs'

const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium'
const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-sync',
]
const moreFlags = ['--disable-background-networking', '--disable-component-update']
const cache = path.join(root, 'node_modules', '.cache', 'skein')
const panMs = 4_000
const changes = 20
const hour = { batches: 60, shareOfLinks: 2 } // 120 measurements of each link: one every 30 s of an hour.

const wanted = process.argv.slice(2)
const sizesWanted = wanted.map(Number).filter(Boolean)
mkdirSync(cache, { recursive: true })

const isTalk = wanted.includes('talk')
if (isTalk) await measureLetters(sizesWanted[0] ?? 100_000)
if (sizesWanted.length === 0 && !isTalk) await measureLayouts()
if (!wanted.includes('layouts') && !isTalk)
  await measurePages(sizesWanted.length > 0 ? sizesWanted : [100, 1_000, 10_000])

async function measureLetters(count) {
  const args = [...flags, ...moreFlags]
  const browser = await chromium.launch({ executablePath, args, headless: true })
  try {
    await measureTalk(browser, await bundle('talk-host'), count)
  } finally {
    await browser.close()
  }
}

async function measureLayouts() {
  const file = await bundle('layouts')
  const { measureLayouts: measure } = await import(file)
  measure()
}

async function measurePages(sizes) {
  if (!existsSync(executablePath)) throw new Error(`no Chromium at ${executablePath}; set CHROMIUM`)
  const host = await bundle('host')
  const browser = await chromium.launch({
    executablePath,
    args: [...flags, ...moreFlags],
    headless: true,
  })
  const rows = []
  try {
    for (const count of sizes) {
      for (const [name, measure] of [
        ['Skein', measureOurs],
        ['cytoscape 3.34.4', measureTheirs],
      ]) {
        const context = await browser.newContext({ viewport: { width: 1280, height: 800 } })
        const page = await context.newPage()
        page.setDefaultTimeout(180_000)
        rows.push({ count, name, ...(await measure(page, count, host)) })
        await context.close()
        console.log(rows.at(-1))
      }
    }
  } finally {
    await browser.close()
  }
  const load = os.loadavg()[0].toFixed(1)
  console.log(formatRows(rows))
  const file = path.join(root, 'bench', 'page', 'results.json')
  writeFileSync(file, `${JSON.stringify({ node: process.version, load, rows }, null, 2)}\n`)
}

async function measureOurs(page, count, hostFile) {
  const host = fork(hostFile, [String(count), path.join(root, 'dist', 'web')], {
    cwd: root,
    env: { ...process.env, HEALTHY: '1' },
  })
  try {
    const { link } = await answer(host)
    await page.addInitScript(() => {
      globalThis.watchFirst = new Promise((resolve) => {
        const look = () => {
          const map = document.querySelector('.map')
          if (map?.dataset.placed === 'true') resolve(performance.now())
          else requestAnimationFrame(look)
        }
        requestAnimationFrame(look)
      })
    })
    await page.goto(link)
    const firstMs = await page.evaluate(() => globalThis.watchFirst)
    await page.waitForSelector('.map[data-settled="true"]')
    const links = await page.evaluate(() =>
      Number(/(\d+) links/.exec(document.querySelector('.map').ariaLabel)[1]),
    )
    host.send({ every: [1_000, Math.ceil(links / 20)] })
    const frames = await page.evaluate(panOurs, panMs)
    const glass = []
    for (let round = 0; round < changes; round++) {
      const seen = page.evaluate(seeChange)
      await page.waitForFunction(() => globalThis.isWatching)
      const atMs = Date.now()
      host.send({ change: [1 + round, round % 2 === 0 ? 'gone' : 'suspect'] })
      glass.push((await seen) - atMs)
    }
    host.send({ every: [0, 0] })
    const before = await heapMb(page)
    host.send({ every: [250, links * hour.shareOfLinks] })
    await page.waitForTimeout(250 * hour.batches)
    host.send({ every: [0, 0] })
    await page.waitForTimeout(2_000)
    const after = await heapMb(page)
    return { firstMs, ...frames, glass: quantiles(glass), heapMb: [before, after], links }
  } finally {
    host.kill()
  }
}

/** Dragged by the events that a mouse makes. */
async function panOurs(durationMs) {
  const map = document.querySelector('.map')
  const send = (type, x) => {
    const place = {
      clientX: x,
      clientY: 300,
      pointerId: 1,
      button: 0,
      bubbles: true,
      pointerType: 'mouse',
    }
    map.dispatchEvent(new PointerEvent(type, place))
  }
  map.setPointerCapture = () => undefined // There is no real pointer to capture.
  send('pointerdown', 400)
  const deltas = []
  let [lastMs, x, step] = [performance.now(), 400, 6]
  const endMs = lastMs + durationMs
  while (lastMs < endMs) {
    const nowMs = await new Promise((resolve) =>
      requestAnimationFrame(() => resolve(performance.now())),
    )
    deltas.push(nowMs - lastMs)
    lastMs = nowMs
    if (Math.abs(x + step - 400) > 150) step = -step
    x += step
    send('pointermove', x)
  }
  send('pointerup', x)
  deltas.sort((a, b) => a - b)
  return {
    p50: deltas[Math.floor(deltas.length / 2)],
    p99: deltas[Math.floor(deltas.length * 0.99)],
  }
}

/** Resolves with the wall clock of the frame after the count of who is alive changed. */
function seeChange() {
  return new Promise((resolve) => {
    const counts = document.querySelector('.counts')
    const observer = new MutationObserver(() => {
      observer.disconnect()
      globalThis.isWatching = false
      requestAnimationFrame(() => requestAnimationFrame(() => resolve(Date.now())))
    })
    observer.observe(counts, { subtree: true, characterData: true, childList: true })
    globalThis.isWatching = true
  })
}

async function measureTheirs(page, count) {
  const { makeGraph } = await import(await bundle('graph'))
  const graph = makeGraph(count)
  const library = readFileSync(
    path.join(root, 'bench/node_modules/cytoscape/dist/cytoscape.min.js'),
  )
  const html =
    '<!doctype html><body style="margin:0"><div id="cy" style="width:100vw;height:100vh"></div><script src="/c.js"></script>'
  const server = http.createServer((request, response) => {
    if (request.url === '/graph') response.end(JSON.stringify(graph))
    else if (request.url === '/c.js') response.end(library)
    else response.setHeader('content-type', 'text/html').end(html)
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  try {
    await page.goto(`http://127.0.0.1:${server.address().port}/`)
    const firstMs = await page.evaluate(drawTheirs)
    const frames = await page.evaluate(panTheirs, panMs)
    const glass = []
    for (let round = 0; round < changes; round++)
      glass.push(await page.evaluate(changeTheirs, round))
    return {
      firstMs,
      ...frames,
      glass: quantiles(glass),
      heapMb: [await heapMb(page)],
      links: graph.edges.length,
    }
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

/** Places are given (`preset`): the time of a layout is measured apart. Options for speed are on. */
async function drawTheirs() {
  const { nodes, edges } = await (await fetch('/graph')).json()
  const colours = ['#4338ca', '#9333ea', '#d6336c', '#d9480f', '#a17c00', '#5d6878']
  globalThis.cy = globalThis.cytoscape({
    container: document.querySelector('#cy'),
    elements: [
      ...nodes.map(({ id, name, x, y }) => ({ data: { id, name }, position: { x, y } })),
      ...edges.map(({ a, b, band }) => ({
        data: { id: `${a} ${b}`, source: a, target: b, colour: colours[band] },
      })),
    ],
    style: [
      {
        selector: 'node',
        style: {
          width: 8,
          height: 8,
          'background-color': '#17803d',
          label: 'data(name)',
          'font-size': 8,
        },
      },
      {
        selector: 'edge',
        style: { width: 1, 'line-color': 'data(colour)', 'curve-style': 'haystack', opacity: 0.6 },
      },
    ],
    layout: { name: 'preset' },
    textureOnViewport: true,
    hideEdgesOnViewport: false,
    pixelRatio: 1,
  })
  await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))
  return performance.now()
}

async function panTheirs(durationMs) {
  const { cy } = globalThis
  const all = cy.edges()
  const timer = setInterval(() => {
    cy.batch(() => {
      for (let at = 0; at < all.length; at += 20)
        all[at].data('colour', at % 40 === 0 ? '#4338ca' : '#9333ea')
    })
  }, 1_000)
  const deltas = []
  let [lastMs, x, step] = [performance.now(), 0, 6]
  const endMs = lastMs + durationMs
  while (lastMs < endMs) {
    const nowMs = await new Promise((resolve) =>
      requestAnimationFrame(() => resolve(performance.now())),
    )
    deltas.push(nowMs - lastMs)
    lastMs = nowMs
    if (Math.abs(x + step) > 150) step = -step
    x += step
    cy.panBy({ x: step, y: 0 })
  }
  clearInterval(timer)
  deltas.sort((a, b) => a - b)
  return {
    p50: deltas[Math.floor(deltas.length / 2)],
    p99: deltas[Math.floor(deltas.length * 0.99)],
  }
}

/** From the change of a style to the second frame after it; there is no node to hear it from. */
async function changeTheirs(round) {
  const startMs = performance.now()
  globalThis.cy.nodes()[round].style('background-color', '#8b95a3')
  await new Promise((resolve) => globalThis.cy.one('render', resolve))
  await new Promise((resolve) => requestAnimationFrame(resolve))
  return performance.now() - startMs
}

async function heapMb(page) {
  const session = await page.context().newCDPSession(page)
  await session.send('HeapProfiler.collectGarbage')
  const { usedSize } = await session.send('Runtime.getHeapUsage')
  await session.detach()
  return usedSize / 2 ** 20
}

function answer(child) {
  return new Promise((resolve, reject) => {
    child.once('message', resolve)
    child.once('exit', (code) => reject(new Error(`the host ended with ${code}`)))
  })
}

function quantiles(values) {
  const sorted = values.toSorted((a, b) => a - b)
  return [sorted[Math.floor(sorted.length / 2)], sorted.at(-1)]
}

function formatRows(rows) {
  const number = (value) => (value >= 100 ? value.toFixed(0) : value.toFixed(1))
  const lines = rows.map(({ count, name, links, firstMs, p50, p99, glass, heapMb: heap }) =>
    [
      count,
      links,
      name,
      number(firstMs),
      number(p50),
      number(p99),
      glass.map(number).join(', '),
      heap.map(number).join(' → '),
    ].join(' | '),
  )
  const head =
    'nodes | links | | first picture, ms | frame p50, ms | p99 | change → glass p50, worst, ms | heap, MB'
  return [head, head.replaceAll(/[^|]+/g, ' --- '), ...lines]
    .map((line) => `| ${line} |`)
    .join('\n')
}

/** Node 20 does not run TypeScript. */
async function bundle(name) {
  const outfile = path.join(cache, `page-${name}.mjs`)
  await build({
    ...{ absWorkingDir: root, entryPoints: [`bench/page/${name}.ts`], outfile, bundle: true },
    ...{
      platform: 'node',
      target: 'node20',
      format: 'esm',
      packages: 'external',
      logLevel: 'warning',
    },
    // Rivals' packages are the bench's own, and have no place beside the bundle.
    ...(name === 'layouts'
      ? { packages: 'bundle', nodePaths: [path.join(root, 'bench/node_modules')] }
      : {}),
  })
  return outfile
}
