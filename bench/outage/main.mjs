/**
 * `npm run bench -- outage`: what is left of calls and a bulk stream after the path broke, for Skein
 * and its rivals in the same harness. Takes about 20 minutes. Prints a table, merges its cells into
 * `results.json` under `outage`, and writes the section "After an outage" of `docs/performance.md`.
 *
 *   node bench/outage/main.mjs [--rounds 3,2] [--only skein,hyperswarm] [--outages 5,90] [--dry]
 */
import { readFileSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { canCable, closeCables } from './cable.mjs'
import { runCell } from './cell.mjs'
import { formatCells, formatSection, inOrder, keyOf, summarize } from './report.mjs'
import { links, obstacle, systems, versions } from './systems.mjs'

const bench = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const resultsFile = path.join(bench, 'results.json')
const pageFile = path.join(bench, '..', 'docs', 'performance.md')
/** By length of the outage, s: rounds, how long a recovery is waited for, and runs at a time. */
const plans = {
  5: { rounds: 3, watchMs: 120_000, together: 4 },
  90: { rounds: 2, watchMs: 180_000, together: 20 },
}

const staggerMs = 1_500 // So that those that run together neither start nor heal together.

const { values } = parseArgs({
  options: {
    rounds: { type: 'string' },
    only: { type: 'string' },
    outages: { type: 'string', default: '5,90' },
    dry: { type: 'boolean', default: false },
  },
})

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => void closeCables().finally(() => process.exit(1)))
}
const outages = values.outages.split(',')
const rounds = values.rounds?.split(',').map(Number)
const loadBefore = os.loadavg()[0]
const cells = []
const hasCable = await canCable()
if (!hasCable) say('no network namespaces here (root only): no Hyperswarm, and no pulled cables')
for (const [at, seconds] of outages.entries()) {
  const plan = plans[seconds] ?? plans[90]
  await measure({ ...plan, seconds: Number(seconds), rounds: rounds?.[at] ?? plan.rounds })
}
const summary = summarize(cells)
console.log(formatCells(summary))
if (!values.dry) write()
process.exit(0)

/** Runs all cells of one length, some at a time, each round in another order. */
async function measure({ seconds, rounds: count, watchMs, together }) {
  for (let round = 0; round < count; round++) {
    const waiting = round % 2 === 0 ? plannedCells() : plannedCells().toReversed()
    const work = async () => {
      for (let cell = waiting.shift(); cell !== undefined; cell = waiting.shift()) {
        await runOne({ ...cell, seconds, watchMs, round })
      }
    }
    await Promise.all(
      Array.from({ length: together }, async (_, at) => {
        await delay(at * staggerMs)
        await work()
      }),
    )
  }
}

function plannedCells() {
  const wanted = values.only?.split(',')
  return Object.entries(links).flatMap(([link, { kinds, names }]) => {
    if (link === 'cable' && !hasCable) return []
    return kinds.flatMap((kind) =>
      names
        .filter((name) => wanted === undefined || wanted.includes(name))
        .filter((name) => obstacle(systems[name]) === undefined)
        .map((name) => ({ link, kind, name })),
    )
  })
}

async function runOne({ link, kind, name, seconds, watchMs, round }) {
  const what = `${name}, ${kind}, ${seconds} s, round ${round + 1}`
  const system = systems[name]
  try {
    const outageMs = seconds * 1_000
    const result = await runCell({ system, link, kind, outageMs, watchMs })
    cells.push({ link, kind, name, seconds, watchMs, result })
    say(`${what}: ${JSON.stringify(result)}`)
  } catch (error) {
    say(`${what}: failed: ${error.message}`)
    cells.push({ link, kind, name, seconds, watchMs, failure: error.message })
  }
}

/** Cells that were not measured this time stay as they were. */
function write() {
  const results = JSON.parse(readOr(resultsFile, '{}'))
  const measured = new Set(summary.map(keyOf))
  const kept = (results.outage?.cells ?? []).filter((cell) => !measured.has(keyOf(cell)))
  results.outage = {
    machine: { platform: `${os.platform()} ${os.arch()}`, cores: os.availableParallelism() },
    versions: versions(),
    loadBefore: Math.round(loadBefore * 100) / 100,
    cells: inOrder([...kept, ...summary]),
  }
  writeFileSync(resultsFile, `${JSON.stringify(results, roundNumber, 2)}\n`)
  writeFileSync(pageFile, formatSection(readOr(pageFile, '# Performance\n'), results.outage))
}

function roundNumber(key, value) {
  return key === 'recoveryMs' && value !== null ? Math.round(value) : value
}

function readOr(file, otherwise) {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return otherwise // The first run.
  }
}

function say(text) {
  process.stderr.write(`outage: ${text}\n`)
}
