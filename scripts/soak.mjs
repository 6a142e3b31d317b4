/**
 * `npm run soak -- --seeds 10000`: plays that many chaotic worlds (test/sim/chaos.ts), each from its
 * seed, on all cores, and says how far it is. The last line is the count; it fails if a world failed.
 *
 *   --seeds N     how many worlds; 1000
 *   --first N     the seed of the first; 0
 *   --minutes N   stop after so long; 60
 *   --workers N   processes; one a core
 *   --crashes     worlds in which processes start again all the time
 */
import { fork } from 'node:child_process'
import { rmSync } from 'node:fs'
import os from 'node:os'
import { parseArgs } from 'node:util'
import { bundle } from './bundle.mjs'
import {
  StepFailure,
  checkNode,
  ensureInstalled,
  root,
  runScript,
  say,
  seconds,
} from './prepare.mjs'

const maxFailures = 10 // Enough to see a pattern.
const progressMs = 10_000

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    first: { type: 'string', default: '0' },
    minutes: { type: 'string', default: '60' },
    workers: { type: 'string', default: `${os.availableParallelism()}` },
    crashes: { type: 'boolean', default: false },
  },
})

await runScript(async () => {
  checkNode()
  await ensureInstalled()
  const [count, first, minutes, workers] = ['seeds', 'first', 'minutes', 'workers'].map(readNumber)
  const startMs = Date.now()
  const file = await bundle('test/sim/soak.ts', 'soak')
  const tally = { worlds: 0, operations: 0, failed: 0, faults: 0, turns: 0, failures: [] }
  const children = Array.from({ length: Math.min(workers, count) }, (_, index) => {
    const share = Math.ceil((count - index) / workers)
    return fork(file, [first + index, workers, share, Number(values.crashes)].map(String), {
      cwd: root,
    })
  })
  for (const child of children)
    os.setPriority(child.pid, os.constants.priority.PRIORITY_BELOW_NORMAL)
  const stop = () => children.forEach((child) => child.kill())
  const deadline = setTimeout(stop, minutes * 60_000)
  const progress = setInterval(() => say(describe(tally, startMs)), progressMs)
  await Promise.all(children.map((child) => finished(child, tally, stop)))
  clearTimeout(deadline)
  clearInterval(progress)
  rmSync(file)
  const { worlds, failures } = tally
  console.log(describe(tally, startMs))
  if (failures.length > 0) throw new StepFailure(`${failures.length} of ${worlds} worlds failed`, 1)
  if (worlds < count) console.log(`stopped after ${minutes} min, before all ${count} were played`)
})

function finished(child, tally, stop) {
  return new Promise((resolve, reject) => {
    child.on('message', ({ seed, report, failure }) => {
      tally.worlds++
      for (const name of ['operations', 'failed', 'faults', 'turns']) {
        tally[name] += report?.[name] ?? 0
      }
      if (failure === undefined) return
      tally.failures.push(seed)
      console.log(`${failure}\n`)
      if (tally.failures.length >= maxFailures) stop()
    })
    child.on('error', reject)
    child.on('exit', (code, signal) => {
      if (code === 0 || signal !== null) resolve()
      else reject(new StepFailure(`a worker ended with ${code}`, 1))
    })
  })
}

function describe({ worlds, operations, failed, faults, turns, failures }, startMs) {
  const millions = (turns / 1e6).toFixed(1)
  const bad = failures.length === 0 ? 'all clean' : `failed: ${failures.join(' ')}`
  return (
    `soak: ${worlds} worlds, ${faults} faults, ${operations} operations (${failed} ended by ` +
    `restarts and expiry), ${millions} M events, ${seconds(startMs)}; ${bad}`
  )
}

function readNumber(name) {
  const value = Number(values[name])
  if (value >= 0) return value
  throw new StepFailure(`--${name} ${values[name]}: a number is wanted`, 2)
}
