/**
 * `npm run bench -- awareness`: how soon all know all, and what it costs, in virtual time. Prints a
 * table, writes `results.json` under `awareness`, and the section "Awareness" of
 * `docs/performance.md`. Ten thousand members take the most of it, and half a gigabyte a thousand.
 *
 *   node bench/awareness/main.mjs [--only 200,1000] [--seed 1] [--table RTT.csv] [--dry]
 *
 * `--table` adds a run of a thousand members among the hosts of a table of round-trip times in ms.
 */
import { fork } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { bundle } from '../../scripts/bundle.mjs'
import { formatSection, formatTable, order } from './report.mjs'

const bench = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const root = path.dirname(bench)
const resultsFile = path.join(bench, 'results.json')
const pageFile = path.join(root, 'docs', 'performance.md')
const hourMs = 3_600_000
const heapMb = 11_000 // Ten thousand members take about half of it.

/** What is run for each column; the parts of one column are worlds of their own. */
const columns = {
  200: [{ what: 'all', count: 200, watchMs: 600_000 }],
  1000: [{ what: 'all', count: 1_000, watchMs: 120_000 }],
  10000: [
    { what: 'calm', count: 10_000, watchMs: 60_000 },
    { what: 'busy', count: 10_000, watchMs: 20_000 },
  ],
}

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    seed: { type: 'string', default: '1' },
    table: { type: 'string' },
    dry: { type: 'boolean', default: false },
  },
})

const wanted = values.only?.split(',') ?? Object.keys(columns)
const file = await bundle('test/sim/awareness/bench.ts', 'awareness')
const measured = {}
try {
  for (const name of wanted) measured[name] = await measure(columns[name] ?? [])
  if (values.table !== undefined) {
    measured['1000 table'] = await measure([{ ...columns[1000][0], table: values.table }])
  }
} finally {
  rmSync(file)
}
const results = JSON.parse(readFileSync(resultsFile, 'utf8'))
results.awareness = {
  machine: { platform: `${os.platform()} ${os.arch()}`, cores: os.availableParallelism() },
  node: process.version,
  seed: Number(values.seed),
  columns: order({ ...results.awareness?.columns, ...measured }),
}
console.log(formatTable(results.awareness.columns))
if (!values.dry) {
  writeFileSync(resultsFile, `${JSON.stringify(results, null, 2)}\n`)
  writeFileSync(
    pageFile,
    formatSection(readFileSync(pageFile, 'utf8'), results.awareness, results.processes),
  )
}

async function measure(parts) {
  const figures = {}
  let [cpuMs, maxRssBytes] = [0, 0]
  for (const part of parts) {
    console.error(`${part.count} members, ${part.what}`)
    const result = await runPart(part)
    Object.assign(figures, result.figures)
    cpuMs += result.cpuMs
    maxRssBytes = Math.max(maxRssBytes, result.maxRssBytes)
  }
  return { ...figures, cpuMs: Math.round(cpuMs), maxRssBytes }
}

/** In a process of its own: a heap is given back only by its end. */
function runPart({ what, count, watchMs, table }) {
  const args = [what, count, values.seed, watchMs, hourMs, ...(table === undefined ? [] : [table])]
  return new Promise((resolve, reject) => {
    const child = fork(file, args.map(String), {
      execArgv: [`--max-old-space-size=${heapMb}`, '--max-semi-space-size=64'],
    })
    child.on('message', resolve)
    child.on('error', reject)
    child.on('exit', (code) => reject(new Error(`the run ended with code ${code}`)))
  })
}
