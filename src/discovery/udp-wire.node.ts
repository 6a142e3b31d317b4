/**
 * Datagrams to and from the links of this machine, by IPv4 and IPv6: one socket of each that listens on
 * the group and the port, which it shares with other programs, and if wanted one that asks from a port of
 * its own.
 *
 * What floods is shut out by closing the sockets for a while: then the kernel drops it, and this process
 * does not even wake for it.
 *
 * **Invariant**: only packets from the links of this machine are handed on; a failure of a socket is
 * logged, tried again later, and disturbs nothing else.
 */
import { createSocket } from 'node:dgram'
import { messageOf } from '../base/errors.ts'
import { currentLinks } from './links.node.ts'
import type { Socket } from 'node:dgram'
import type { Clock, Timer } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { Endpoint, LinkWire } from './contract.ts'
import type { Link, Links } from './links.node.ts'

/** What a wire works with. */
export interface UdpWireSetup {
  readonly clock: Clock
  readonly log: Log
  readonly port: number
  /** The groups to listen on, and to shout to. */
  readonly groups: { readonly 4: string; readonly 6: string }
  /** Whether to shout by broadcast, too, for links whose switches drop multicast. */
  readonly hasBroadcast: boolean
  /** Whether to shout from a port of one's own, and be answered there. */
  readonly hasOwnPort: boolean
  /** The scope of what is sent: 1 stays on the link; multicast DNS wants 255 (RFC 6762 §11). */
  readonly ttl: number
  /** The links of this machine, as they are now. */
  readonly links?: () => Links
}

type Family = 4 | 6
type OnPacket = (bytes: Uint8Array, from: Endpoint) => void

const families = [4, 6] as const
const retryMs = 30_000 // Guess: another program holds the port; that is for people to solve.
const floodPerSecond = 2_000 // Measured: some 5 % of a core to read and refuse.
const deafMs = 5_000 // Guess: long enough that a flood costs little, short enough to be found again.
const linksMs = 1_000 // As often as the interfaces are looked at elsewhere.
const maxWaiting = 256 // Guess: shouts and answers of one turn of the event loop.
const receiveBufferBytes = 65_536 // Guess: two hundred pings; what comes faster is dropped below us.

/** See the file's head. */
export class UdpWire implements LinkWire {
  readonly #setup: UdpWireSetup
  readonly #listening = new Map<Family, GroupSocket>()
  readonly #asking = new Map<Family, GroupSocket>()
  #links: Links
  #linksMs = Number.NEGATIVE_INFINITY
  #onPacket: OnPacket | undefined
  #timer: Timer | undefined
  #second = 0
  #inSecond = 0

  constructor(setup: UdpWireSetup) {
    this.#setup = setup
    this.#links = { all: [], has: () => false }
  }

  open(onPacket: OnPacket): void {
    this.#onPacket = onPacket
    this.#openSockets()
  }

  shout(bytes: Uint8Array): void {
    const { port, groups, hasBroadcast } = this.#setup
    for (const link of this.#currentLinks().all) {
      const socket = (this.#setup.hasOwnPort ? this.#asking : this.#listening).get(link.family)
      socket?.sendToGroup(bytes, link, { host: groups[link.family], port })
      if (hasBroadcast && link.broadcast !== undefined) {
        socket?.send(bytes, { host: link.broadcast, port })
      }
    }
  }

  reply(bytes: Uint8Array, to: Endpoint): void {
    this.#listening.get(to.host.includes(':') ? 6 : 4)?.send(bytes, to)
  }

  refresh(): void {
    this.#linksMs = Number.NEGATIVE_INFINITY
    // Anew, as a group stays joined on an interface that came back only by its name.
    if (this.#onPacket === undefined) return
    this.#closeSockets()
    this.#openSockets()
  }

  close(): void {
    this.#onPacket = undefined
    this.#closeSockets()
  }

  #openSockets(): void {
    const { groups, port, ttl, hasOwnPort, log } = this.#setup
    const onPacket: OnPacket = (bytes, from) => this.#take(bytes, from)
    const open = (sockets: Map<Family, GroupSocket>, family: Family, isGroup: boolean): void => {
      if (sockets.has(family)) return
      const onFailure = (what: string): void => {
        log.debug({ port, family: `IPv${family}` }, what)
        sockets.delete(family)
        this.#openLater(retryMs)
      }
      const links = (): readonly Link[] => this.#currentLinks().all
      const place = isGroup ? { port, group: groups[family] } : { port: 0 }
      sockets.set(family, new GroupSocket({ family, ttl, links, onPacket, onFailure, ...place }))
    }
    for (const family of families) {
      open(this.#listening, family, true)
      if (hasOwnPort) open(this.#asking, family, false)
    }
  }

  #closeSockets(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    for (const sockets of [this.#listening, this.#asking]) {
      for (const socket of sockets.values()) socket.close()
      sockets.clear()
    }
  }

  /** Opens those that are not open, after a while. */
  #openLater(delayMs: number): void {
    if (this.#timer !== undefined || this.#onPacket === undefined) return
    this.#timer = this.#setup.clock.after(delayMs, () => {
      this.#timer = undefined
      this.#openSockets()
    })
  }

  #take(bytes: Uint8Array, from: Endpoint): void {
    if (this.#isFlooded()) {
      const text = `more than ${floodPerSecond} packets a second: deaf for ${deafMs / 1_000} s`
      this.#setup.log.warn({ port: this.#setup.port, from: from.host }, text)
      this.#closeSockets()
      this.#openLater(deafMs)
    } else if (this.#currentLinks().has(from.host)) this.#onPacket?.(bytes, from)
  }

  #isFlooded(): boolean {
    const second = Math.floor(this.#setup.clock.nowMs() / 1_000)
    this.#inSecond = second === this.#second ? this.#inSecond + 1 : 1
    this.#second = second
    return this.#inSecond > floodPerSecond
  }

  #currentLinks(): Links {
    const nowMs = this.#setup.clock.nowMs()
    if (nowMs - this.#linksMs > linksMs) {
      this.#links = (this.#setup.links ?? currentLinks)()
      this.#linksMs = nowMs
    }
    return this.#links
  }
}

interface GroupSocketSetup {
  readonly family: Family
  readonly port: number
  /** The group to join on every link; none where absent. */
  readonly group?: string
  readonly ttl: number
  readonly links: () => readonly Link[]
  readonly onPacket: OnPacket
  readonly onFailure: (what: string) => void
}

/** One socket, and what waits to be sent on it: the link of a multicast is a state of the socket. */
class GroupSocket {
  readonly #setup: GroupSocketSetup
  readonly #socket: Socket
  readonly #waiting: ((done: () => void) => void)[] = []
  #isSending = false
  #state: 'opening' | 'open' | 'closing' | 'closed' = 'opening'

  constructor(setup: GroupSocketSetup) {
    this.#setup = setup
    const { family, port } = setup
    const type = family === 4 ? 'udp4' : 'udp6'
    const recvBufferSize = receiveBufferBytes
    this.#socket = createSocket({ type, reuseAddr: true, ipv6Only: family === 6, recvBufferSize })
    this.#socket.on('error', (error) => {
      if (this.#state === 'closed') return
      this.#end()
      setup.onFailure(messageOf(error))
    })
    this.#socket.on('message', (bytes, { address, port: from }) => {
      if (this.#state === 'open') setup.onPacket(bytes, { host: address, port: from })
    })
    this.#socket.bind(port, () => this.#opened())
  }

  /** Sends to a group on one link. */
  sendToGroup(bytes: Uint8Array, { family, address, name }: Link, { host, port }: Endpoint): void {
    this.#enqueue((done) => {
      if (family === 4) this.#socket.setMulticastInterface(address)
      const group = family === 4 ? host : `${host}%${name}`
      this.#socket.send(bytes, port, group, done)
    })
  }

  send(bytes: Uint8Array, { host, port }: Endpoint): void {
    this.#enqueue((done) => this.#socket.send(bytes, port, host, done))
  }

  /** Ends when all that waits has been sent. */
  close(): void {
    if (this.#state !== 'open') return this.#end()
    this.#state = 'closing'
    if (!this.#isSending) this.#end()
  }

  #opened(): void {
    if (this.#state !== 'opening') return
    this.#state = 'open'
    const { family, group, ttl, links } = this.#setup
    attempt(() => this.#socket.setMulticastTTL(ttl))
    attempt(() => this.#socket.setMulticastLoopback(true)) // Several nodes may be on one machine.
    if (family === 4) attempt(() => this.#socket.setBroadcast(true))
    for (const link of links()) {
      if (group === undefined || link.family !== family) continue
      const at = family === 4 ? link.address : `::%${link.name}`
      attempt(() => this.#socket.addMembership(group, at))
    }
    this.#sendNext()
  }

  #enqueue(send: (done: () => void) => void): void {
    if (this.#state === 'closed' || this.#state === 'closing') return
    if (this.#waiting.length >= maxWaiting) return
    this.#waiting.push(send)
    this.#sendNext()
  }

  #sendNext(): void {
    if (this.#isSending || this.#state === 'opening' || this.#state === 'closed') return
    const next = this.#waiting.shift()
    if (next === undefined) {
      if (this.#state === 'closing') this.#end()
      return
    }
    this.#isSending = true
    const done = (): void => {
      this.#isSending = false
      this.#sendNext()
    }
    if (!attempt(() => next(done))) done()
  }

  #end(): void {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    this.#waiting.length = 0
    attempt(() => this.#socket.close())
  }
}

/** Does what an interface may not be able to: one that just went, or has no multicast. */
function attempt(act: () => void): boolean {
  try {
    act()
    return true
  } catch {
    return false // The others are still there, and the next look at the interfaces comes.
  }
}
