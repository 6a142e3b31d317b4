/** 64 bytes there and back, one at a time; both processes on one core. */
import { quantile, row } from './figures.mjs'
import { startPair } from './near.mjs'

const blocks = 9
const roundTrips = 8_000
const warmUp = 3_000
const messageBytes = 64

/** Measures; see the file's head. The second bare socket is the control: what chance alone does. */
export async function run() {
  const pair = await startPair()
  const bare = await bareEcho(pair)
  const control = await bareEcho(pair)
  const { stream, handler } = await pair.open('echo')
  const skein = { write: (bytes) => stream.write(bytes), handler }
  const ways = { skein, bare, control }
  const times = { skein: [], bare: [], control: [] }
  for (const way of Object.values(ways)) await measureBlock(way, warmUp)
  for (let block = 0; block < blocks; block++) {
    const names = block % 2 === 0 ? ['bare', 'skein', 'control'] : ['control', 'skein', 'bare']
    for (const name of names) times[name].push(await measureBlock(ways[name], roundTrips))
  }
  await pair.close()
  const at = (name, share) => times[name].map((sorted) => quantile(sorted, share))
  const make = (name, share, { way = 'skein', target } = {}) =>
    row({ name, unit: 'µs', ours: at(way, share), theirs: at('bare', share), target })
  return [
    make('echo 64 B, p50', 0.5, { target: '≤ 1.15' }),
    make('echo 64 B, p99', 0.99, { target: '≤ 1.40' }),
    make('echo, bare against bare, p50', 0.5, { way: 'control' }),
    make('echo, bare against bare, p99', 0.99, { way: 'control' }),
  ]
}

async function bareEcho(pair) {
  const socket = await pair.dialBare('e')
  const handler = { onData() {} }
  socket.on('data', (bytes) => handler.onData(bytes))
  return { write: (bytes) => socket.write(bytes), handler }
}

/** The sorted times of one block, µs. */
function measureBlock({ write, handler }, count) {
  const times = new Float64Array(count)
  const message = new Uint8Array(messageBytes)
  let done = 0
  let missing = messageBytes
  let startMs = 0
  return new Promise((resolve) => {
    handler.onData = (bytes) => {
      missing -= bytes.length
      if (missing > 0) return
      missing = messageBytes
      const nowMs = performance.now()
      times[done++] = (nowMs - startMs) * 1_000
      if (done === count) return resolve(times.toSorted())
      startMs = nowMs
      write(message)
    }
    startMs = performance.now()
    write(message)
  })
}
