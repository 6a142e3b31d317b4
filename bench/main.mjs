/**
 * `npm run bench` runs all benchmarks, `npm run bench -- echo bulk` those named. Prints a table of
 * ratios, ours to theirs, each of pairs that were measured in turn, and writes `results.json`.
 *
 * `BENCH_BEFORE=/path/to/dist npm run bench -- builds` compares this build with another one.
 * With rivals, whose packages are installed then: `npm run bench -- codec libp2p objects`, and, of 20
 * minutes,
 * `npm run bench -- outage` (see `outage/main.mjs`).
 * Thousands of members in virtual time: `npm run bench -- awareness` (see `awareness/main.mjs`), and
 * how messages spread among them: `npm run bench -- topics` (see `topics/main.mjs`).
 * Stored messages a second, beside NATS JetStream: `npm run bench -- mail` (see `mail/main.mjs`).
 * The live page in Chromium: `npm run bench -- page` (see `page/main.mjs`).
 */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  StepFailure,
  checkNode,
  ensureBuilt,
  ensureInstalled,
  run,
  runScript,
  say,
  seconds,
} from '../scripts/prepare.mjs'
import { formatTable } from './figures.mjs'

const here = path.dirname(fileURLToPath(import.meta.url))
const resultsFile = path.join(here, 'results.json')
const withoutRivals = ['echo', 'calls', 'bulk', 'mixed', 'memory', 'start']
const withRivals = ['codec', 'libp2p', 'objects']
const names = [...withoutRivals, ...withRivals, 'builds']
/** Programs of their own, with arguments of their own. */
const ofTheirOwn = ['outage', 'awareness', 'mail', 'topics', 'page']
/** One-minute load before anything of ours ran: above 0.5 the machine was not ours alone. */
const loadBefore = Math.round(os.loadavg()[0] * 100) / 100
/** Round trips are steadier where both processes share a core. */
const pinned = new Set(['echo'])

await runScript(async () => {
  checkNode()
  const wanted = process.argv.slice(2)
  if (wanted[0] === 'outage') return runOutage(wanted.slice(1))
  if (wanted[0] === 'awareness') return runAwareness(wanted.slice(1))
  if (wanted[0] === 'mail') return runMail(wanted.slice(1))
  if (wanted[0] === 'topics') return runTopics(wanted.slice(1))
  if (wanted[0] === 'page') return runPage(wanted.slice(1))
  const unknown = wanted.filter((name) => !names.includes(name))
  if (unknown.length > 0)
    throw new StepFailure(
      `no benchmark ${unknown.join(', ')}; there are ${[...names, ...ofTheirOwn].join(', ')}`,
      2,
    )
  await prepare()
  const results = readResults()
  for (const name of wanted.length > 0 ? names : withoutRivals) {
    if (wanted.length > 0 && !wanted.includes(name)) continue
    if (withRivals.includes(name)) await installRivals()
    const startMs = Date.now()
    const rows = await measure(name)
    console.log(`${formatTable(rows)}\n`)
    say(`${name} took ${seconds(startMs)}`)
    if (name === 'builds') continue // What it was compared with is nobody else's.
    results.machine = describeMachine()
    results.benchmarks[name] = { isPinned: isPinned(name), loadBefore, rows }
  }
  writeFileSync(resultsFile, `${JSON.stringify(results, roundNumber, 2)}\n`)
})

async function runOutage(args) {
  await prepare()
  await installRivals()
  await run(process.execPath, [path.join(here, 'outage', 'main.mjs'), ...args], { what: 'outage' })
}

async function runTopics(args) {
  await prepare()
  await installRivals()
  await run(process.execPath, [path.join(here, 'topics', 'main.mjs'), ...args], { what: 'topics' })
}

async function installRivals() {
  if (existsSync(path.join(here, 'node_modules'))) return
  await run('npm', ['ci', '--prefix', 'bench'], { what: 'npm ci in bench/' })
}

/** Stored messages a second; see `mail/main.mjs`. */
async function runMail(args) {
  await prepare()
  await run(process.execPath, [path.join(here, 'mail', 'main.mjs'), ...args], { what: 'mail' })
}

/** Machines alone, from the source: nothing is built for it. */
async function runAwareness(args) {
  await ensureInstalled()
  await run(process.execPath, [path.join(here, 'awareness', 'main.mjs'), ...args], {
    what: 'awareness',
  })
}

/** The page in Chromium, and layouts. */
async function runPage(args) {
  await prepare()
  await installRivals()
  await run(process.execPath, [path.join(here, 'page', 'main.mjs'), ...args], { what: 'page' })
}

/** None of the others needs a rival's package, so nothing of `bench/package.json` is installed. */
async function prepare() {
  if (process.env.BENCH_DIST !== undefined) return
  await ensureInstalled()
  await ensureBuilt()
}

/** Runs one benchmark in a process of its own and returns its rows. */
function measure(name) {
  const command = [process.execPath, path.join(here, 'measure.mjs'), name]
  if (isPinned(name)) command.unshift('taskset', '-c', String(os.availableParallelism() - 1))
  const [file, ...args] = command
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    child.on('message', resolve)
    child.on('error', reject)
    child.on('exit', (code) => {
      reject(new StepFailure(`the benchmark ${name} ended with code ${code}`, 1))
    })
  })
}

function isPinned(name) {
  return pinned.has(name) && spawnSync('taskset', ['-V']).status === 0
}

function readResults() {
  try {
    return JSON.parse(readFileSync(resultsFile, 'utf8'))
  } catch {
    return { machine: {}, benchmarks: {} } // The first run, or a file that was cut off.
  }
}

function describeMachine() {
  return {
    node: process.version,
    platform: `${os.platform()} ${os.arch()}`,
    cpu: os.cpus()[0]?.model ?? 'unknown',
    cores: os.availableParallelism(),
  }
}

function roundNumber(_key, value) {
  return typeof value === 'number' ? Number(value.toPrecision(4)) : value
}
