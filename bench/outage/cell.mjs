/** One run: two peers of one system, traffic between them, one outage, and what became of it. */
import { spawn } from 'node:child_process'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { startCable } from './cable.mjs'
import { startProxy } from './proxy.mjs'
import { nowMs } from './traffic.mjs'

const startMs = 60_000 // Guess: the longest that a start takes while others run.
const steadyMs = 2_000
const phaseMs = 1_000 // Timers of the systems are hit at another moment each time.
const afterMs = 3_000 // Asked for so long after the first answer,
const healthMs = 10_000 // and waited for so long: what has no answer by then is lost.

/**
 * Runs it.
 *
 * @param cell - `{ system, link, kind, outageMs, watchMs }`; `system` is an entry of `systems.mjs`.
 */
export async function runCell({ system, link, kind, outageMs, watchMs }) {
  const way = link === 'cable' ? await startCable() : await startProxy()
  const peers = []
  try {
    const { near, far } = await startPeers(system, way, peers)
    await near.heard('answered')
    await delay(steadyMs + Math.random() * phaseMs)
    const cutMs = nowMs()
    await way.cut(kind)
    await delay(outageMs)
    const healedMs = nowMs()
    near.say({ healedMs })
    await way.heal()
    const hasRecovered = await Promise.race([
      near.heard('recovered').then(() => true),
      delay(watchMs, false),
    ])
    if (hasRecovered) await delay(afterMs)
    near.say({ stop: true })
    if (hasRecovered) await delay(healthMs - afterMs)
    return judge(await near.ask({ report: { cutMs } }), await far.ask({ report: {} }))
  } finally {
    for (const peer of peers) peer.end()
    await way.close()
  }
}

async function startPeers(system, way, peers) {
  const start = async (side, file, args) => {
    const peer = new Peer(way.places[side], [system.program, fileOf(file), ...args])
    peers.push(peer)
    return { peer, ready: await peer.heard('ready') }
  }
  const startSide = (side, settings) =>
    start(side, 'peer.mjs', [
      side,
      system.file,
      JSON.stringify({ ...system.settings, ...settings }),
    ])
  const settings = {}
  if (system.needsRendezvous) {
    settings.bootstrap = (await start('between', 'rendezvous.mjs', [way.betweenHost])).ready
  }
  const port = way.farPort ?? (await freePort())
  const isProxied = way.farPort === undefined
  if (isProxied) way.target = port
  const far = await startSide('far', {
    ...settings,
    host: way.farHost,
    port,
    ...(isProxied ? { announced: way.port } : {}),
  })
  const near = await startSide('near', {
    ...settings,
    address: way.nearAddress,
    contact: far.ready,
    ...(isProxied ? { shutPort: port } : {}),
  })
  return { near: near.peer, far: far.peer }
}

function judge(asked, answered) {
  const { sentBytes, sentHash, ...calls } = asked
  const { takenBytes, takenHash, runTwice } = answered
  return {
    ...calls,
    runTwice,
    sentBytes,
    lostBytes: sentBytes - takenBytes,
    isWhole: sentHash === takenHash,
  }
}

/** A process of a run, and what it says. */
class Peer {
  #child
  #heard = new Map()
  #waiting = new Map()

  constructor(place, command) {
    const [file, ...args] = [...place, ...command]
    this.#child = spawn(file, args, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] })
    let errors = ''
    this.#child.stderr.on('data', (text) => (errors = `${errors}${text}`.slice(-4_000)))
    this.#child.on('error', (error) => this.#fail(error))
    this.#child.on('exit', (code) => this.#fail(new Error(`a peer ended with ${code}: ${errors}`)))
    this.#child.on('message', (message) => {
      for (const [what, value] of Object.entries(message)) {
        this.#heard.set(what, value)
        this.#waiting.get(what)?.resolve(value)
      }
    })
  }

  /** What it said of this, now or later. @throws when it ends before. */
  heard(what) {
    if (this.#heard.has(what)) return Promise.resolve(this.#heard.get(what))
    return new Promise((resolve, reject) => {
      this.#waiting.set(what, { resolve, reject })
      if (what === 'recovered') return
      const error = new Error(`no '${what}' within ${startMs / 1_000} s`)
      setTimeout(() => reject(error), startMs).unref()
    })
  }

  say(message) {
    if (this.#child.connected) this.#child.send(message)
  }

  ask(message) {
    this.say(message)
    return this.heard('report')
  }

  end() {
    this.#child.removeAllListeners('exit')
    this.#child.kill('SIGKILL')
  }

  #fail(error) {
    for (const { reject } of this.#waiting.values()) reject(error)
  }
}

async function freePort() {
  const proxy = await startProxy()
  proxy.close()
  return proxy.port
}

function fileOf(name) {
  return fileURLToPath(new URL(name, import.meta.url))
}
