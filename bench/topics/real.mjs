/** 32 real nodes in one process: Skein, and js-libp2p with gossipsub, on the same Node, in turn. */
import { fork, spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import os from 'node:os'
import { fileURLToPath } from 'node:url'
import { systems as known } from '../outage/systems.mjs'

const program = known.libp2p.program
const modules = new URL('../node_modules/', import.meta.url)
const setting = { nodes: 32, degree: 4, messages: 200, everyMs: 50 }
const rounds = 3

/** Whether the rival and the Node that it needs are installed. */
export function hasGossipsub() {
  return existsSync(new URL('@libp2p/gossipsub', modules)) && existsSync(program)
}

/** Measures; see the file's head. */
export async function measureReal() {
  if (!hasGossipsub()) {
    throw new Error('gossipsub is not there; npm i --prefix bench @libp2p/gossipsub@17.1.1')
  }
  const load = Math.round(os.loadavg()[0] * 10) / 10
  const results = { Skein: [], 'js-libp2p, gossipsub': [] }
  for (let round = 0; round < rounds; round++) {
    for (const [name, list] of Object.entries(results)) {
      const figures = await runOne(name === 'Skein' ? 'skein' : 'gossipsub', round)
      console.error(`${name}: ${JSON.stringify(figures)}`)
      list.push(figures)
    }
  }
  const versionOf = (name) =>
    JSON.parse(readFileSync(new URL(`${name}/package.json`, modules), 'utf8')).version
  return {
    ...setting,
    rounds,
    load,
    versions: {
      node: spawnSync(program, ['--version'], { encoding: 'utf8' }).stdout.trim(),
      libp2p: versionOf('libp2p'),
      gossipsub: versionOf('@libp2p/gossipsub'),
    },
    systems: Object.fromEntries(
      Object.entries(results).map(([name, list]) => [name, medians(list)]),
    ),
  }
}

function runOne(name, seed) {
  const file = fileURLToPath(new URL('real-process.mjs', import.meta.url))
  return new Promise((resolve, reject) => {
    const child = fork(file, [name, JSON.stringify({ ...setting, seed })], { execPath: program })
    child.on('message', (figures) => {
      resolve(figures)
      child.kill()
    })
    child.on('error', reject)
    child.on('exit', (code) => reject(new Error(`${name} ended with code ${code}`)))
  })
}

function medians(list) {
  const middle = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]
  return Object.fromEntries(
    Object.keys(list[0]).map((key) => [key, middle(list.map((each) => each[key]))]),
  )
}
