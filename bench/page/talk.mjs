/**
 * Wall and inbox of 100 000 each, in headless Chromium: from the click on the tab to the first row on the
 * glass, the same from a page that was just loaded, frame times while it is scrolled, a search, and a post
 * from the node to the glass.
 */
import { fork } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { root } from '../../scripts/prepare.mjs'

const scrollMs = 4_000
const rounds = 5
const tabs = [
  ['Wall', '.post', 'Search the wall'],
  ['Inbox', '.letter-row', 'Search the inbox'],
]

/** Measures, and prints a table. */
export async function measureTalk(browser, hostFile, count) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'skein-bench-page-'))
  const host = fork(hostFile, [String(count), folder, path.join(root, 'dist', 'web')], {
    cwd: root,
  })
  try {
    const { link, startMs } = await new Promise((resolve, reject) => {
      host.once('message', resolve)
      host.once('exit', (code) => reject(new Error(`the host ended with ${code}`)))
    })
    const rows = []
    const rare = String(Math.floor(count * 0.7)) // Stands in one row alone.
    for (const [tab, row, search] of tabs) {
      const opened = []
      for (let round = 0; round < rounds; round++) {
        const page = await openPage(browser, link)
        opened.push(await timeOf(page, row, () => page.click(`.tabs >> text=${tab}`)))
        if (round === rounds - 1)
          rows.push(await measureTab(page, { tab, row, search, opened, host, rare }))
        await page.context().close()
      }
    }
    console.log(`${count} rows each; the node started in ${startMs.toFixed(0)} ms`)
    console.table(rows)
    return { count, startMs, rows }
  } finally {
    host.kill()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function openPage(browser, link) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } })
  const page = await context.newPage()
  page.setDefaultTimeout(120_000)
  await page.goto(link)
  await page.waitForSelector('.pulse.live')
  return page
}

async function measureTab(page, { tab, row, search, opened, host, rare }) {
  const frames = await page.evaluate(scroll, scrollMs)
  await page.evaluate(() => document.querySelector('.scroll').scrollTo({ top: 0 }))
  const found = await timeOf(page, `${row} >> text=/^${rare} /`, () =>
    page.getByLabel(search).fill(rare),
  )
  let glassMs = Number.NaN
  if (tab === 'Wall') {
    await page.getByLabel(search).fill('')
    await page.waitForSelector('.post >> nth=3')
    glassMs = await timeOf(page, '.post >> text=fresh from the node', () =>
      Promise.resolve(host.send({ post: 'fresh from the node' })),
    )
  }
  const sorted = opened.toSorted((a, b) => a - b)
  return {
    tab,
    'open p50, ms': Math.round(sorted[Math.floor(sorted.length / 2)]),
    'open worst, ms': Math.round(sorted.at(-1)),
    'frame p50, ms': Number(frames.p50.toFixed(1)),
    'frame p99, ms': Number(frames.p99.toFixed(1)),
    'frame worst, ms': Number(frames.worst.toFixed(1)),
    'rows scrolled': frames.rows,
    'in the document': frames.drawn,
    'search, ms': Math.round(found),
    'post to glass, ms': Math.round(glassMs),
  }
}

/** From before an action until what it brings is on the glass: seen by us, so some ms too late. */
async function timeOf(page, selector, act) {
  const startMs = performance.now()
  await act()
  await page.waitForSelector(selector)
  await page.evaluate(
    () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))),
  )
  return performance.now() - startMs
}

/** 100 px a frame downwards: 6 000 px a second. */
async function scroll(durationMs) {
  const box = document.querySelector('.scroll')
  const deltas = []
  let lastMs = performance.now()
  const endMs = lastMs + durationMs
  let drawn = 0
  while (lastMs < endMs) {
    const nowMs = await new Promise((resolve) =>
      requestAnimationFrame(() => resolve(performance.now())),
    )
    deltas.push(nowMs - lastMs)
    lastMs = nowMs
    box.scrollTop += 100
    drawn = Math.max(drawn, box.querySelectorAll('li').length)
  }
  const last = [...box.querySelectorAll('li')].at(-1)
  deltas.sort((a, b) => a - b)
  return {
    p50: deltas[Math.floor(deltas.length / 2)],
    p99: deltas[Math.floor(deltas.length * 0.99)],
    worst: deltas.at(-1),
    rows: Number(last.getAttribute('aria-posinset')),
    drawn,
  }
}
