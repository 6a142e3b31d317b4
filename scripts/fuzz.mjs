/**
 * `npm run fuzz -- --minutes 10`: encodes values of every kind, decodes them, and decodes what an enemy
 * would make of them (src/codec/fuzz.test-kit.ts), each round from its seed, on all cores. The last line
 * is the count; it fails if a round failed. `SEED=n npx vitest run src/codec/fuzz` plays one again.
 *
 *   --minutes N   how long; 1
 *   --first N     the seed of the first; the time, so that each run sees others
 *   --workers N   processes; one a core
 */
import { fork } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
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

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    first: { type: 'string', default: `${Math.floor(Date.now() / 1_000) * 1_000}` },
    workers: { type: 'string', default: `${os.availableParallelism()}` },
  },
})

await runScript(async () => {
  checkNode()
  await ensureInstalled()
  const [minutes, first, workers] = ['minutes', 'first', 'workers'].map(readNumber)
  const startMs = Date.now()
  const file = await bundle()
  const total = { values: 0, inputs: 0, accepted: 0, worstGrowth: 0, worstMs: 0 }
  total.violations = new Set()
  const failures = []
  const children = Array.from({ length: workers }, (_, index) => {
    return fork(file, [first + index, workers].map(String), { cwd: root })
  })
  for (const child of children)
    os.setPriority(child.pid, os.constants.priority.PRIORITY_BELOW_NORMAL)
  const stop = () => children.forEach((child) => child.kill())
  const deadline = setTimeout(stop, minutes * 60_000)
  const progress = setInterval(() => say(describe(total, failures, startMs)), progressMs)
  await Promise.all(children.map((child) => finished(child, { total, failures, stop })))
  clearTimeout(deadline)
  clearInterval(progress)
  rmSync(file)
  console.log(`${describe(total, failures, startMs)}; seeds from ${first}`)
  if (failures.length > 0) throw new StepFailure(`${failures.length} rounds failed`, 1)
})

/** Node 20 does not run TypeScript: the rounds become one file. */
async function bundle() {
  const { build } = await import('esbuild') // Only here: nothing is installed when the file loads.
  const folder = path.join(root, 'node_modules', '.cache', 'skein')
  mkdirSync(folder, { recursive: true })
  const outfile = path.join(folder, `fuzz-${process.pid}.mjs`)
  await build({
    absWorkingDir: root,
    entryPoints: ['src/codec/fuzz-worker.test-kit.ts'],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    keepNames: true, // Classes travel under their names.
    logLevel: 'warning',
  })
  return outfile
}

function finished(child, { total, failures, stop }) {
  return new Promise((resolve, reject) => {
    child.on('message', ({ report, failure }) => {
      if (failure !== undefined) {
        failures.push(failure)
        console.log(`${failure}\n`)
        if (failures.length >= maxFailures) stop()
        return
      }
      for (const name of ['values', 'inputs', 'accepted']) total[name] += report[name]
      for (const name of ['worstGrowth', 'worstMs'])
        total[name] = Math.max(total[name], report[name])
      for (const violation of report.violations) total.violations.add(violation)
    })
    child.on('error', reject)
    child.on('exit', (code, signal) => {
      if (code === 0 || signal !== null) resolve()
      else reject(new StepFailure(`a worker ended with ${code}`, 1))
    })
  })
}

function describe({ values: count, inputs, accepted, ...worst }, failures, startMs) {
  const bad = failures.length === 0 ? 'all clean' : `${failures.length} failed`
  return (
    `fuzz: ${count} values, ${inputs} inputs (${accepted} accepted, ${worst.violations.size} kinds of ` +
    `violations), at most ${worst.worstGrowth.toFixed(1)} bytes a byte and ` +
    `${worst.worstMs.toFixed(0)} ms an input, ${seconds(startMs)}; ${bad}`
  )
}

function readNumber(name) {
  const value = Number(values[name])
  if (value >= 0) return value
  throw new StepFailure(`--${name} ${values[name]}: a number is wanted`, 2)
}
