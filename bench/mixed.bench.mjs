/** A call every 2 ms, while nothing else travels and while a bulk stream goes the same way. */
import { quantile, row } from './figures.mjs'
import { startPair } from './near.mjs'

const rounds = 6
const calls = 400
const everyMs = 2
const bulkMs = 700
const chunk = new Uint8Array(64 * 1_024)
const messageBytes = 64

/** Measures; see the file's head. The bulk rate is compared with that of a bare socket alone. */
export async function run() {
  const pair = await startPair()
  const echo = await pair.open('echo')
  await latencies(echo)
  const figures = { idle: [], busy: [], rate: [], bareRate: [] }
  for (let round = 0; round < rounds; round++) {
    figures.idle.push(await latencies(echo))
    figures.bareRate.push(await bareRate(pair))
    const bulk = startBulk(await skeinSource(pair))
    await pause(100)
    const measured = await rateWhile(pair, () => latencies(echo))
    bulk.stop()
    figures.busy.push(measured.result)
    figures.rate.push(measured.rate)
    await pause(100)
  }
  await pair.close()
  const at = (name, share) => figures[name].map((sorted) => quantile(sorted, share))
  const make = (name, share, target) =>
    row({ name, unit: 'µs', ours: at('busy', share), theirs: at('idle', share), target })
  const { rate, bareRate: theirs } = figures
  return [
    make('call during bulk / idle, p50', 0.5, '≤ 3.5'),
    make('call during bulk / idle, p99', 0.99, '≤ 5'),
    row({
      name: 'bulk beside calls',
      unit: 'MB/s',
      digits: 0,
      ours: rate,
      theirs,
      target: '≥ 0.5',
    }),
  ]
}

/** Sorted times of calls that start every 2 ms, µs. */
function latencies({ stream, handler }) {
  const times = []
  const starts = []
  let missing = messageBytes
  return new Promise((resolve) => {
    handler.onData = (bytes) => {
      missing -= bytes.length
      for (; missing <= 0; missing += messageBytes) {
        times.push((performance.now() - starts.shift()) * 1_000)
      }
      if (times.length === calls) resolve(Float64Array.from(times).toSorted())
    }
    let sent = 0
    const timer = setInterval(() => {
      starts.push(performance.now())
      stream.write(new Uint8Array(messageBytes))
      if (++sent === calls) clearInterval(timer)
    }, everyMs)
  })
}

async function skeinSource(pair) {
  const { stream, handler } = await pair.open('sink', { priority: 'bulk' })
  const end = () => stream.reset('CANCELLED', 'measured')
  return { write: (bytes) => stream.write(bytes), handler, end }
}

async function bareSource(pair) {
  const socket = await pair.dialBare('s')
  const handler = { onDrain() {} }
  socket.on('drain', () => handler.onDrain())
  return { write: (bytes) => socket.write(bytes), handler, end: () => socket.destroy() }
}

/** Sends for ever. */
function startBulk({ write, handler, end }) {
  const head = Buffer.alloc(8)
  head.writeDoubleBE(Infinity)
  let isStopped = false
  const pump = () => {
    while (!isStopped && write(chunk));
  }
  handler.onDrain = pump
  write(head)
  pump()
  return {
    stop() {
      isStopped = true
      end()
    },
  }
}

async function bareRate(pair) {
  const bulk = startBulk(await bareSource(pair))
  await pause(100)
  const { rate } = await rateWhile(pair, () => pause(bulkMs))
  bulk.stop()
  return rate
}

/** MB/s that the far side took while `work` ran. */
async function rateWhile(pair, work) {
  const before = await pair.farState()
  const startMs = performance.now()
  const result = await work()
  const after = await pair.farState()
  const seconds = (performance.now() - startMs) / 1_000
  return { result, rate: (after.sunkBytes - before.sunkBytes) / 1e6 / seconds }
}

function pause(forMs) {
  return new Promise((resolve) => setTimeout(resolve, forMs))
}
