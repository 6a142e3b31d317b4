/**
 * `npm run bench -- topics`: how messages of topics spread, in virtual time, and 32 real nodes in one
 * process beside libp2p's gossipsub. Prints tables, writes `results.json` under `topics`, and the
 * section "Topics" of `docs/performance.md`.
 *
 *   node bench/topics/main.mjs [--only 20,100,1000,real] [--seed 1] [--dry]
 */
import { fork } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { bundle } from '../../scripts/bundle.mjs'
import { hasGossipsub, measureReal } from './real.mjs'
import { formatSection, formatTables } from './report.mjs'

const bench = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const root = path.dirname(bench)
const resultsFile = path.join(bench, 'results.json')
const pageFile = path.join(root, 'docs', 'performance.md')
const heapMb = 6_000
const losses = [0, 0.05, 0.2]

/** Senders and messages of each size. Where all of a thousand send, a cell takes ten minutes and 5 GB. */
const sizes = {
  20: [
    { senders: 1, messages: 100, everyMs: 100 },
    { senders: 5, messages: 100, everyMs: 100 },
    { senders: 20, messages: 100, everyMs: 100 },
  ],
  100: [
    { senders: 1, messages: 100, everyMs: 100 },
    { senders: 10, messages: 100, everyMs: 100 },
    { senders: 100, messages: 100, everyMs: 100 },
  ],
  1000: [
    { senders: 1, messages: 40, everyMs: 200 },
    { senders: 10, messages: 40, everyMs: 200 },
    { senders: 1_000, messages: 100, everyMs: 100 },
  ],
}

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    seed: { type: 'string', default: '1' },
    dry: { type: 'boolean', default: false },
  },
})
const wanted = values.only?.split(',') ?? [
  ...Object.keys(sizes),
  ...(hasGossipsub() ? ['real'] : []),
]
const measured = {}
const file = await bundle('test/sim/topics/bench.ts', 'topics')
try {
  for (const name of wanted) {
    if (name === 'real') measured.real = await measureReal()
    else measured[name] = await measureSize(Number(name))
  }
} finally {
  rmSync(file)
}
const results = JSON.parse(readFileSync(resultsFile, 'utf8')) // Now: another part may have been added.
results.topics = {
  ...results.topics,
  ...measured,
  machine: {
    platform: `${os.platform()} ${os.arch()}`,
    cores: os.availableParallelism(),
    load: Math.round(os.loadavg()[0] * 10) / 10,
  },
  node: process.version,
  seed: Number(values.seed),
}
console.log(formatTables(results.topics))
if (!values.dry) {
  writeFileSync(resultsFile, `${JSON.stringify(results, null, 2)}\n`)
  writeFileSync(pageFile, formatSection(readFileSync(pageFile, 'utf8'), results.topics))
}

async function measureSize(count) {
  const rows = []
  for (const { senders, messages, everyMs } of sizes[count] ?? []) {
    for (const loss of losses) {
      const result = await runCell([count, senders, loss, messages, everyMs, values.seed])
      console.error(`${count} nodes, ${senders} senders, loss ${loss}: ${JSON.stringify(result)}`)
      rows.push({ senders, loss, ...result.figures, cpuMs: result.cpuMs })
    }
  }
  return rows
}

function runCell(args) {
  return new Promise((resolve, reject) => {
    const child = fork(file, args.map(String), { execArgv: [`--max-old-space-size=${heapMb}`] })
    child.on('message', resolve)
    child.on('error', reject)
    child.on('exit', (code) => reject(new Error(`the run ended with code ${code}`)))
  })
}
