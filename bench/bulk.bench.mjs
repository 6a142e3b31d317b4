/** One way, as fast as it goes, with back-pressure; and the processor time of both sides for it. */
import { row } from './figures.mjs'
import { startPair } from './near.mjs'

const blocks = { least: 5, most: 9 }
const budgetMs = 15_000 // For each size of write: a busy machine gets fewer pairs, not more time.
const blockBytes = 512 * 2 ** 20
const warmUpBytes = 256 * 2 ** 20
const writeBytes = [64 * 1_024, 256 * 1_024]

/** Measures; see the file's head. */
export async function run() {
  const pair = await startPair()
  const bare = await bareSink(pair)
  const skein = await skeinSink(pair)
  const rows = []
  for (const bytes of writeBytes) {
    const figures = { bare: [], skein: [] }
    const chunk = new Uint8Array(bytes)
    for (const way of [bare, skein]) await measureBlock(pair, way, { chunk, total: warmUpBytes })
    const endMs = performance.now() + budgetMs
    for (let block = 0; block < blocks.most; block++) {
      if (block >= blocks.least && performance.now() > endMs) break
      const ways = [
        ['bare', bare],
        ['skein', skein],
      ]
      for (const [name, way] of block % 2 === 0 ? ways : ways.toReversed())
        figures[name].push(await measureBlock(pair, way, { chunk, total: blockBytes }))
    }
    const pick = (name, key) => figures[name].map((figure) => figure[key])
    const make = (name, key, more) =>
      row({ name, ours: pick('skein', key), theirs: pick('bare', key), ...more })
    const size = `${bytes / 1_024} KiB writes`
    rows.push(
      make(`bulk, ${size}`, 'megabytesPerSecond', { unit: 'MB/s', digits: 0, target: '≥ 0.85' }),
      make(`bulk CPU, ${size}`, 'cpuSecondsPerGb', { unit: 's/GB', digits: 2, target: '≤ 1.20' }),
    )
  }
  await pair.close()
  return rows
}

async function bareSink(pair) {
  const socket = await pair.dialBare('s')
  const handler = { onData() {}, onDrain() {} }
  socket.on('data', () => handler.onData())
  socket.on('drain', () => handler.onDrain())
  return { write: (bytes) => socket.write(bytes), handler }
}

async function skeinSink(pair) {
  const { stream, handler } = await pair.open('sink', { priority: 'bulk' })
  return { write: (bytes) => stream.write(bytes), handler }
}

async function measureBlock(pair, way, { chunk, total }) {
  const farBefore = await pair.farState()
  const cpuBefore = process.cpuUsage()
  const startMs = performance.now()
  await sendAll(way, { chunk, total })
  const seconds = (performance.now() - startMs) / 1_000
  const near = cpuSeconds(cpuBefore, process.cpuUsage())
  const far = cpuSeconds(farBefore.cpu, (await pair.farState()).cpu)
  return {
    megabytesPerSecond: total / 1e6 / seconds,
    cpuSecondsPerGb: (near + far) / (total / 1e9),
  }
}

function sendAll({ write, handler }, { chunk, total }) {
  const head = Buffer.alloc(8)
  head.writeDoubleBE(total)
  let left = total
  return new Promise((resolve) => {
    const pump = () => {
      while (left > 0) {
        left -= chunk.length
        if (!write(chunk)) return
      }
    }
    handler.onData = resolve
    handler.onDrain = pump
    write(head)
    pump()
  })
}

function cpuSeconds(before, after) {
  return (after.user + after.system - before.user - before.system) / 1e6
}
