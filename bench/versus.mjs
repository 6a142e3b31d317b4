/** Two systems, each in two processes of its own, measured in turn: an echo, calls, a bulk stream. */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { row } from './figures.mjs'

const blocks = 9
const plan = { roundTrips: 3_000, calls: 60_000, blockBytes: 128 * 2 ** 20 }

/**
 * Measures and makes the rows.
 *
 * @param ours - `{ name, program, env }`: which system of `rival.mjs`, and what runs it.
 * @param targets - By the name of a figure.
 */
export async function versus({ ours, theirs, title, targets = {} }) {
  const pairs = [await startPair(ours), await startPair(theirs)]
  const figures = [[], []]
  for (const pair of pairs) await pair.measure(plan)
  for (let block = 0; block < blocks; block++) {
    for (const at of block % 2 === 0 ? [0, 1] : [1, 0]) {
      figures[at].push(await pairs[at].measure(plan))
    }
  }
  for (const pair of pairs) pair.close()
  const make = (key, more) =>
    row({
      ours: figures[0].map((figure) => figure[key]),
      theirs: figures[1].map((figure) => figure[key]),
      target: targets[key],
      ...more,
      name: `${more.name} / ${title}`,
    })
  return [
    make('p50', { name: 'echo 64 B, p50', unit: 'µs' }),
    make('p99', { name: 'echo 64 B, p99', unit: 'µs' }),
    make('callsPerSecond', { name: 'echoes a second, 64 in flight', unit: '1/s', digits: 0 }),
    make('megabytesPerSecond', { name: 'bulk, 64 KiB writes', unit: 'MB/s', digits: 0 }),
  ]
}

/** A process that measures one system against a far one of its own; it does a block when it is asked. */
async function startPair({ name, program = process.execPath, env = {} }) {
  const file = fileURLToPath(new URL('rival.mjs', import.meta.url))
  const child = spawn(program, [file, 'near', name], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, ...env },
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
