/** Calls a second: 64-byte requests and responses on one stream, so many at a time. */
import { Caller, TurnWriter } from './calls.mjs'
import { row } from './figures.mjs'
import { startPair } from './near.mjs'

const blocks = 9
const depths = [
  { inFlight: 1, count: 6_000, target: '' },
  { inFlight: 64, count: 80_000, target: '≥ 190 k/s' },
  { inFlight: 512, count: 100_000, target: '' },
]

/** Measures; see the file's head. */
export async function run() {
  const pair = await startPair()
  const socket = await pair.dialBare('c')
  const writer = new TurnWriter(socket)
  const bare = new Caller((message) => writer.send(message))
  socket.on('data', (bytes) => bare.receive(bytes))
  const { stream, handler } = await pair.open('calls')
  const skein = new Caller((message) => stream.write(message))
  handler.onData = (bytes) => skein.receive(bytes)
  const rows = []
  for (const { inFlight, count, target } of depths) {
    const rates = { bare: [], skein: [] }
    for (const way of [bare, skein, bare, skein]) await rate(way, { inFlight, count })
    for (let block = 0; block < blocks; block++) {
      const ways = [
        ['bare', bare],
        ['skein', skein],
      ]
      for (const [name, way] of block % 2 === 0 ? ways : ways.toReversed())
        rates[name].push(await rate(way, { inFlight, count }))
    }
    const name = `calls, ${inFlight} in flight`
    rows.push(row({ name, unit: 'k/s', ours: rates.skein, theirs: rates.bare, target }))
  }
  await pair.close()
  return rows
}

/** Thousand calls a second. */
async function rate(caller, { inFlight, count }) {
  let left = count
  const worker = async () => {
    while (left-- > 0) await caller.call()
  }
  const startMs = performance.now()
  await Promise.all(Array.from({ length: inFlight }, worker))
  return count / (performance.now() - startMs)
}
