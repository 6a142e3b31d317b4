/**
 * Skein and Serf side by side: so many processes on this machine, each a member.
 *
 *   node bench/serf/main.mjs [--counts 30,100] [--systems serf,skein] [--dry]
 *
 * From the last process that listens until all know all; then one is killed, one stopped (SIGSTOP), and
 * of one nothing that it sends arrives any more: until one knows, and until all know. Memory and
 * processor time of each process while nothing happens.
 *
 * Needs `serf` (Debian: apt-get install serf), `unshare`, `ip` and `iptables` or `nft`, and root: it
 * runs in a network namespace of its own, so that neither ports nor rules meet others'.
 */
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { formatSection } from '../awareness/report.mjs'
import { Fleet } from './fleet.mjs'
import { systems } from './systems.mjs'

const self = fileURLToPath(import.meta.url)
const bench = path.dirname(path.dirname(self))
const resultsFile = path.join(bench, 'results.json')
const pageFile = path.join(bench, '..', 'docs', 'performance.md')
const startLimitMs = 180_000
const faultLimitMs = 60_000
const idleMs = 10_000
const mutedUid = 23_456 // The one whose packets are dropped runs as this user.
const ticksPerSecond = 100 // Linux: /proc counts processor time in these.

const { values } = parseArgs({
  options: {
    counts: { type: 'string', default: '30,100' },
    systems: { type: 'string', default: 'serf,skein' },
    dry: { type: 'boolean', default: false },
    inside: { type: 'boolean', default: false },
  },
})

if (!values.inside) {
  const args = ['--net', process.execPath, self, '--inside', ...process.argv.slice(2)]
  process.exit(spawnSync('unshare', args, { stdio: 'inherit' }).status ?? 1)
}
spawnSync('ip', ['link', 'set', 'lo', 'up'])
dropPackets()

const rows = []
for (const count of values.counts.split(',').map(Number)) {
  for (const name of values.systems.split(',')) {
    const row = await measure(name, count)
    rows.push(row)
    console.log(JSON.stringify(row))
  }
}
if (!values.dry) {
  const results = JSON.parse(readFileSync(resultsFile, 'utf8'))
  const keyOf = ({ system, count }) => `${count} ${system}`
  const measured = new Set(rows.map(keyOf))
  const kept = (results.processes?.rows ?? []).filter((row) => !measured.has(keyOf(row)))
  const all = [...kept, ...rows].toSorted((x, y) => x.count - y.count)
  results.processes = { cores: os.availableParallelism(), rows: all }
  writeFileSync(resultsFile, `${JSON.stringify(results, null, 2)}\n`)
  const page = readFileSync(pageFile, 'utf8')
  writeFileSync(pageFile, formatSection(page, results.awareness, results.processes))
}
process.exit(0)

async function measure(name, count) {
  const fleet = new Fleet(systems[name])
  try {
    // The last ones are those that faults happen to; nobody was told of them.
    for (let at = 0; at < count; at++) {
      fleet.start(at, at === count - 1 ? mutedUid : undefined)
      await delay(20)
    }
    const row = { system: name, count, load: Math.round(os.loadavg()[0] * 10) / 10 }
    await until(() => fleet.members.every(({ name: own }) => own !== undefined), startLimitMs)
    const listeningMs = Math.max(...fleet.members.map((member) => member.listeningMs))
    const isAware = () => fleet.members.every(({ alive }) => alive.size >= count - 1)
    row.allKnowAllMs = await since(listeningMs, isAware, startLimitMs)
    await delay(5_000)
    Object.assign(row, await idle(fleet))
    const [muted, stopped, killed] = fleet.members.toReversed()
    row.killed = await fault(fleet, killed, () => killed.child.kill('SIGKILL'))
    row.stopped = await fault(fleet, stopped, () => stopped.child.kill('SIGSTOP'))
    row.muted = await fault(fleet, muted, () => allowPackets(false))
    allowPackets(true)
    return row
  } finally {
    fleet.end()
    await delay(1_000)
  }
}

/**
 * Until one, and until all others that still run, call it gone, ms (`null`: never); and how many of
 * them miss one that runs.
 */
async function fault(fleet, victim, strike) {
  const startMs = performance.now()
  strike()
  victim.isOut = true
  const others = fleet.members.filter(({ isOut }) => isOut !== true)
  const knows = ({ alive }) => !alive.has(victim.name)
  const oneMs = await since(startMs, () => others.some(knows), faultLimitMs)
  const allMs = await since(startMs, () => others.every(knows), faultLimitMs)
  const names = others.map(({ name }) => name)
  const isMissing = (member) =>
    names.some((name) => name !== member.name && !member.alive.has(name))
  return { oneMs, allMs, missing: others.filter(isMissing).length }
}

async function idle(fleet) {
  const before = fleet.members.map(({ child }) => usage(child.pid))
  await delay(idleMs)
  const after = fleet.members.map(({ child }) => usage(child.pid))
  const mean = (numbers) => numbers.reduce((sum, each) => sum + each, 0) / numbers.length
  const cpu = after.map(({ ticks }, at) => (ticks - before[at].ticks) / ticksPerSecond)
  return {
    rssMb: Math.round(mean(after.map(({ rssBytes }) => rssBytes)) / 1e5) / 10,
    cpuPercent: Math.round((mean(cpu) / (idleMs / 1_000)) * 10_000) / 100,
  }
}

function usage(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ')
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const rssBytes = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) * 1_024
  return { ticks: Number(stat[11]) + Number(stat[12]), rssBytes }
}

async function since(startMs, isSo, limitMs) {
  return (await until(isSo, limitMs)) ? Math.round(performance.now() - startMs) : null
}

async function until(isSo, limitMs) {
  const endMs = performance.now() + limitMs
  while (!isSo()) {
    if (performance.now() > endMs) return false
    await delay(10)
  }
  return true
}

/** Drops what the muted user's processes send, once {@link allowPackets} says so. */
function dropPackets() {
  spawnSync('nft', ['add', 'table', 'inet', 'mute'])
  const chain = '{ type filter hook output priority 0 ; }'
  spawnSync('nft', ['add', 'chain', 'inet', 'mute', 'out', chain])
}

function allowPackets(isAllowed) {
  const rule = ['meta', 'skuid', String(mutedUid), 'drop']
  const args = isAllowed
    ? ['flush', 'chain', 'inet', 'mute', 'out']
    : ['add', 'rule', 'inet', 'mute', 'out', ...rule]
  const { status, stderr } = spawnSync('nft', args)
  if (status !== 0) throw new Error(`nft: ${stderr.toString()}`)
}
