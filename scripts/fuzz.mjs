/**
 * `npm run fuzz -- --minutes 10`, each round from its seed, on all cores:
 *
 *   codec     encodes values of every kind, decodes them, and decodes what an enemy would make of them
 *             (src/codec/fuzz.test-kit.ts)
 *   objects   plays an exchange between two nodes to one of them, with messages changed, repeated, left
 *             out and made up (src/remote/fuzz.test-kit.ts)
 *
 * The last lines are the counts; it fails if a round failed, a worker ended or fell silent. Then
 * `SEED=n npx vitest run src/codec/fuzz` (or `src/remote/fuzz`) plays a round again.
 *
 *   --minutes N   how long; 1
 *   --only NAME   codec or objects; both
 *   --first N     the seed of the first; the time, so that each run sees others
 *   --workers N   processes; one a core, and at least one for each of the two
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

const maxFailures = 5 // Enough to see a pattern.
const progressMs = 20_000
const silentMs = 120_000 // A round takes milliseconds; a worker that says nothing so long hangs.
const kinds = {
  codec: 'src/codec/fuzz-worker.test-kit.ts',
  objects: 'src/remote/fuzz-worker.test-kit.ts',
}

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    only: { type: 'string' },
    first: { type: 'string', default: `${Math.floor(Date.now() / 1_000) * 1_000}` },
    workers: { type: 'string', default: `${os.availableParallelism()}` },
  },
})

await runScript(async () => {
  checkNode()
  await ensureInstalled()
  const [minutes, first, workers] = ['minutes', 'first', 'workers'].map(readNumber)
  const startMs = Date.now()
  const wanted = Object.keys(kinds).filter((kind) => [undefined, kind].includes(values.only))
  if (wanted.length === 0) throw new StepFailure(`--only ${values.only}: codec or objects`, 2)
  const files = new Map()
  for (const kind of wanted) {
    files.set(kind, await bundle(kinds[kind], `fuzz-${kind}`, { keepNames: true }))
  }
  const totals = new Map(wanted.map((kind) => [kind, emptyTotal()]))
  const failures = []
  const children = Array.from({ length: Math.max(workers, wanted.length) }, (_, index) => {
    const kind = wanted[index % wanted.length]
    const seeds = [first + index, Math.max(workers, wanted.length)].map(String)
    const child = fork(files.get(kind), seeds, { cwd: root })
    return { kind, child, lastMs: Date.now(), seed: first + index }
  })
  for (const { child } of children)
    os.setPriority(child.pid, os.constants.priority.PRIORITY_BELOW_NORMAL)
  const stop = () => children.forEach(({ child }) => child.kill())
  const tell = () => {
    for (const [kind, total] of totals) say(describe(kind, total, { failures, startMs }))
  }
  const deadline = setTimeout(stop, minutes * 60_000)
  const progress = setInterval(() => {
    tell()
    for (const each of children) {
      if (Date.now() - each.lastMs < silentMs || each.child.exitCode !== null) continue
      failures.push(`${each.kind}: no word for ${silentMs / 1_000} s after seed ${each.seed}`)
      each.child.kill('SIGKILL')
    }
  }, progressMs)
  await Promise.all(children.map((each) => finished(each, { totals, failures, stop })))
  clearTimeout(deadline)
  clearInterval(progress)
  for (const file of files.values()) rmSync(file)
  for (const failure of failures) console.log(`${failure}\n`)
  for (const [kind, total] of totals) console.log(describe(kind, total, { failures, startMs }))
  console.log(`seeds from ${first}`)
  if (failures.length > 0) throw new StepFailure(`${failures.length} rounds failed`, 1)
})

function emptyTotal() {
  const counts = { values: 0, inputs: 0, accepted: 0 }
  return { ...counts, worstGrowth: 0, worstMs: 0, heapUsed: 0, violations: new Set() }
}

function finished(each, { totals, failures, stop }) {
  const { kind, child } = each
  const total = totals.get(kind)
  return new Promise((resolve, reject) => {
    child.on('message', ({ report, failure, seed }) => {
      each.lastMs = Date.now()
      if (seed !== undefined) each.seed = seed
      if (failure !== undefined) {
        failures.push(failure)
        console.log(`${failure}\n`)
        if (failures.length >= maxFailures) stop()
      }
      if (report === undefined) return
      for (const name of ['values', 'inputs', 'accepted']) total[name] += report[name]
      for (const name of ['worstGrowth', 'worstMs', 'heapUsed'])
        total[name] = Math.max(total[name], report[name] ?? 0)
      for (const violation of report.violations) total.violations.add(violation)
    })
    child.on('error', reject)
    child.on('exit', (code) => {
      if (code !== 0 && code !== null)
        failures.push(`${kind}: a worker ended with ${code} in seed ${each.seed}`)
      resolve()
    })
  })
}

/** What one kind did, in one line. */
function describe(kind, total, { failures, startMs }) {
  const { values: count, inputs, accepted, violations, worstGrowth, worstMs, heapUsed } = total
  const bad = failures.length === 0 ? 'all clean' : `${failures.length} failed`
  const ends = `${seconds(startMs)}; ${bad}`
  const seen = `${accepted} accepted, ${violations.size} kinds of violations`
  if (kind === 'codec') {
    const growth = `at most ${worstGrowth.toFixed(1)} bytes a byte and ${worstMs.toFixed(0)} ms an input`
    return `fuzz codec: ${count} values, ${inputs} inputs (${seen}), ${growth}, ${ends}`
  }
  const most = `at most ${worstMs.toFixed(0)} ms an exchange, heap ${(heapUsed / 1e6).toFixed(0)} MB`
  return `fuzz objects: ${count} exchanges, ${inputs} messages (${seen}), ${most}, ${ends}`
}

function readNumber(name) {
  const value = Number(values[name])
  if (value >= 0) return value
  throw new StepFailure(`--${name} ${values[name]}: a number is wanted`, 2)
}
