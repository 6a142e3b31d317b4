/**
 * Skein against js-libp2p (TCP, Noise, Yamux, its defaults): the same echo and the same bulk stream, in
 * two processes of the same Node each, blocks in turn. js-libp2p needs Node 22: where this one is older,
 * both run on the one that `bench/package.json` brings.
 */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { row } from './figures.mjs'
import { obstacle, systems } from './outage/systems.mjs'

const blocks = 7
const roundTrips = 3_000
const blockBytes = 128 * 2 ** 20

/** Measures; see the file's head. */
export async function run() {
  const problem = obstacle(systems.libp2p)
  if (problem !== undefined) throw new Error(`libp2p: ${problem}; run npm ci --prefix bench`)
  const pairs = { skein: await startPair('skein'), libp2p: await startPair('libp2p') }
  const figures = { skein: [], libp2p: [] }
  for (const pair of Object.values(pairs)) await pair.measure({ roundTrips, blockBytes })
  for (let block = 0; block < blocks; block++) {
    const names = block % 2 === 0 ? ['skein', 'libp2p'] : ['libp2p', 'skein']
    for (const name of names) {
      figures[name].push(await pairs[name].measure({ roundTrips, blockBytes }))
    }
  }
  for (const pair of Object.values(pairs)) pair.close()
  const make = (key, more) =>
    row({
      ours: figures.skein.map((figure) => figure[key]),
      theirs: figures.libp2p.map((figure) => figure[key]),
      ...more,
    })
  return [
    make('p50', { name: 'echo 64 B, p50 / js-libp2p', unit: 'µs' }),
    make('p99', { name: 'echo 64 B, p99 / js-libp2p', unit: 'µs' }),
    make('megabytesPerSecond', {
      ...{ name: 'bulk, 64 KiB writes / js-libp2p', unit: 'MB/s', digits: 0, target: '≥ 3' },
    }),
  ]
}

/** A process that measures one system against a far one of its own; it does a block when it is asked. */
async function startPair(name) {
  const file = fileURLToPath(new URL('rival.mjs', import.meta.url))
  const child = spawn(systems.libp2p.program, [file, 'near', name], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  await nextMessage(child)
  return {
    measure(what) {
      child.send(what)
      return nextMessage(child)
    },
    close: () => child.disconnect(),
  }
}

function nextMessage(child) {
  return new Promise((resolve, reject) => {
    const onExit = (code) => reject(new Error(`a process ended with code ${code}`))
    child.once('exit', onExit)
    child.once('message', (message) => {
      child.off('exit', onExit)
      resolve(message)
    })
  })
}
