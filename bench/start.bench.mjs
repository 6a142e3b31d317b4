/** How long a command takes against `node -e 0`, and what a running node weighs. */
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { row } from './figures.mjs'
import { dist } from './product.mjs'

const rounds = 20
const tries = 3 // A figure is the fastest of three: what else ran meanwhile only ever adds.
const skein = path.join(dist, 'bin', 'skein.cjs')
const firstPort = 14_790

/** Measures; see the file's head. Two nodes run; alice is asked to run a command on bob. */
export async function run() {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'skein-bench-'))
  const env = cleanEnvironment(path.join(folder, 'data'))
  const nodes = []
  const plain = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)'], { env })
  try {
    const bob = startNode('bob', { env, folder, port: firstPort + 1, peers: [] })
    const peers = [{ host: '127.0.0.1', port: firstPort + 1 }]
    const alice = startNode('alice', { env, folder, port: firstPort, peers })
    nodes.push(bob, alice)
    const ask = ['-p', 'alice', '@bob', 'add']
    await until(() => skeinSays(ask, env) === '3\n')
    const times = { empty: [], version: [], call: [] }
    for (let round = 0; round < rounds; round++) {
      times.empty.push(time(['-e', '0'], env))
      times.version.push(time([skein, '--version'], env))
      times.call.push(time([skein, ...ask], env))
    }
    const rss = nodes.map(({ pid }) => residentMegabytes(pid))
    const make = (name, ours, target) =>
      row({ name, unit: 'ms', ours, theirs: times.empty, target })
    return [
      make('skein --version / node -e 0', times.version, '≤ 1.20'),
      make('skein @bob add / node -e 0', times.call, '≤ 1.35'),
      row({
        name: 'memory of a running node / an empty one',
        unit: 'MB',
        ours: rss,
        theirs: nodes.map(() => residentMegabytes(plain.pid)),
      }),
    ]
  } finally {
    for (const child of [plain, ...nodes]) child.kill()
    await Promise.all(nodes.map((child) => new Promise((resolve) => child.once('exit', resolve))))
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Without what slows every start of Node down, such as NODE_OPTIONS or NODE_EXTRA_CA_CERTS. */
function cleanEnvironment(home) {
  const ours = Object.entries(process.env).filter(([name]) => !/^(NODE_|SKEIN_|npm_)/.test(name))
  return { ...Object.fromEntries(ours), SKEIN_HOME: home }
}

function startNode(name, { env, folder, port, peers }) {
  const file = path.join(folder, `${name}.json`)
  const commands = { add: 'calc 1+2' }
  const config = { listenPort: port, autoListen: true, interactive: false, peers, commands }
  writeFileSync(file, JSON.stringify(config))
  return spawn(process.execPath, [skein, 'up', file], { env, stdio: 'ignore' })
}

function skeinSays(args, env) {
  return spawnSync(process.execPath, [skein, ...args], { env, encoding: 'utf8' }).stdout
}

async function until(isSo) {
  for (let asked = 0; asked < 100; asked++) {
    if (isSo()) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error('the two nodes did not answer within 10 s')
}

/** Milliseconds from start to end of a process, at best. */
function time(args, env) {
  return Math.min(...Array.from({ length: tries }, () => timeOnce(args, env)))
}

function timeOnce(args, env) {
  const startMs = performance.now()
  const { status, stderr } = spawnSync(process.execPath, args, { env, encoding: 'utf8' })
  if (status !== 0) throw new Error(`${args.join(' ')} ended with ${status}: ${stderr}`)
  return performance.now() - startMs
}

function residentMegabytes(pid) {
  if (process.platform === 'linux') {
    const [, kilobytes] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
    return Number(kilobytes) / 1_000
  }
  return (
    Number(spawnSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' }).stdout) / 1_000
  )
}
