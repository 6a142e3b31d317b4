/**
 * Meets those of whom a discovery says that they are there: dials them, if this node needs to.
 *
 *   hint ─▶ waiting ──due, and not connected──▶ dialling ──let in──▶ done
 *             ▲                                    │
 *             └──── 1 s, 2 s … 60 s later ◀── failed
 *
 * Who is connected, or alive in the view of the network, is not dialled: the mesh sees to its members.
 * While this node is connected to some, it waits a while before it dials another: most are heard of before.
 * Of two that see each other the one with the lower ID dials first.
 *
 * **Invariant**: a hint leads only to whom this node would let in: another one that answers is let go.
 * **Invariant**: whoever makes hints up costs a bounded number of dials a second.
 */
import { SkeinError, toSkeinError } from '../base/errors.ts'
import { dialFirst, mergeFailures } from '../connection/dial-first.ts'
import { pause } from './pause.ts'
import { shortPeerId } from '../base/peer-id.ts'
import { displayAddress } from '../base/address.ts'
import type { Clock, Timer } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { Random } from '../base/random.ts'
import type { ConnectionManager } from '../connection/manager.ts'
import type { PeerEntry } from '../connection/peer-entry.ts'
import type { Found } from '../discovery/contract.ts'

/** What encounters work with. */
export interface EncountersSetup {
  readonly id: PeerId
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly manager: ConnectionManager
  /** Whether a peer that answered may stay: whether it would be let in if it had dialled. */
  readonly admits: (peer: PeerEntry) => boolean
  /** Whether the network says that a member is there: then the mesh sees to it. */
  readonly isAlive: (id: PeerId) => boolean
  /** Whether this node listens: then another one can dial it. */
  readonly isListening: () => boolean
}

interface Encounter {
  readonly key: string
  readonly id: PeerId | undefined
  /** The last ones that were said. */
  addresses: readonly string[]
  failures: number
  isDialling: boolean
  /** When it is dialled, ms; not before `earliestMs`, whatever hints come. */
  dueMs: number
  earliestMs: number
  /** A hint that is not repeated is forgotten. */
  untilMs: number
}

const maxEncounters = 64 // Guess: of more that come at once, the others come again.
const maxDialling = 8 // Guess: TLS handshakes of 2 ms each, and some that never end.
const maxAddresses = 4 // Guess: two links, by IPv4 and IPv6.
const lastingMs = 600_000 // As of those that are recalled from an earlier start.
const retryMinMs = 1_000
const retryMaxMs = 60_000 // Guess: hints come again after five minutes.
const refusedMs = 300_000 // Guess: who was refused asks a person before it tries again.
const gatherMs = 10 // Hints by IPv4 and IPv6 come within 2 ms of each other, measured.
const courtesyMs = 150 // Guess: ten times what a dial takes on a LAN.
const nextAddressMs = 250 // RFC 8305 §5
const calmMs = 2_000 // Guess: gossip tells of a new member within half a second.

/** See the file's head. */
export class Encounters {
  readonly #setup: EncountersSetup
  readonly #encounters = new Map<string, Encounter>()
  #dialling = 0
  #timer: Timer | undefined
  #isStopped = false

  constructor(setup: EncountersSetup) {
    this.#setup = setup
    setup.manager.events.on('node:superseded', () => this.stop())
  }

  /** Takes a hint. */
  offer({ id, addresses }: Found): void {
    const { clock } = this.#setup
    const key = id ?? addresses[0]
    if (this.#isStopped || key === undefined || id === this.#setup.id) return
    const nowMs = clock.nowMs()
    const known = this.#encounters.get(key)
    const encounter = known ?? this.#begin(key, id, nowMs)
    if (encounter === undefined) return
    const others = encounter.addresses.filter((each) => !addresses.includes(each))
    encounter.addresses = [...addresses, ...others].slice(0, maxAddresses)
    encounter.untilMs = nowMs + lastingMs
    // It is there now, whatever was before.
    encounter.dueMs = Math.min(encounter.dueMs, Math.max(nowMs, encounter.earliestMs))
    this.#schedule()
  }

  /** Dials nobody any more. */
  stop(): void {
    this.#isStopped = true
    this.#timer?.cancel()
    this.#encounters.clear()
  }

  #begin(key: string, id: PeerId | undefined, nowMs: number): Encounter | undefined {
    if (this.#encounters.size >= maxEncounters) return undefined
    if (id !== undefined && !this.#isWanted({ id, addresses: [] })) return undefined
    const dueMs = nowMs + this.#firstPauseMs(id)
    const made = { key, id, addresses: [], failures: 0, isDialling: false, untilMs: 0 }
    const encounter = { ...made, dueMs, earliestMs: dueMs }
    this.#encounters.set(key, encounter)
    return encounter
  }

  #firstPauseMs(id: PeerId | undefined): number {
    const { id: own, manager, random, isListening } = this.#setup
    // Both see each other at once: one of them dials, the other only if that comes to nothing.
    const isTheirs = id !== undefined && own > id && isListening()
    const pauseMs = gatherMs + (isTheirs ? courtesyMs : 0)
    for (const { connection } of manager.peers) {
      if (connection?.state === 'open') return pauseMs + random.next() * calmMs
    }
    return pauseMs
  }

  #schedule(): void {
    this.#timer?.cancel()
    const waiting = [...this.#encounters.values()].filter(({ isDialling }) => !isDialling)
    if (this.#isStopped || waiting.length === 0 || this.#dialling >= maxDialling) return
    const dueMs = Math.min(...waiting.map((each) => each.dueMs))
    const { clock } = this.#setup
    this.#timer = clock.after(Math.max(0, dueMs - clock.nowMs()), () => this.#look())
  }

  #look(): void {
    const nowMs = this.#setup.clock.nowMs()
    const due = [...this.#encounters.values()].filter(({ isDialling, dueMs }) => {
      return !isDialling && dueMs <= nowMs
    })
    // Who waits for longest goes first: those that fail again and again do not keep the others out.
    for (const encounter of due.toSorted((a, b) => a.dueMs - b.dueMs)) {
      if (encounter.untilMs <= nowMs || !this.#isWanted(encounter)) {
        this.#encounters.delete(encounter.key)
      } else if (this.#dialling < maxDialling) void this.#meet(encounter)
    }
    this.#schedule()
  }

  #isWanted({ id, addresses }: Pick<Encounter, 'id' | 'addresses'>): boolean {
    const { manager, isAlive } = this.#setup
    if (id !== undefined) return manager.peer(id)?.connection === undefined && !isAlive(id)
    for (const peer of manager.peers) {
      const isThere = peer.addresses.some((address) => addresses.includes(address))
      if (isThere && peer.connection !== undefined) return false
    }
    return true
  }

  async #meet(encounter: Encounter): Promise<void> {
    const { clock, log } = this.#setup
    encounter.isDialling = true
    this.#dialling++
    try {
      await this.#dial(encounter)
      this.#encounters.delete(encounter.key)
    } catch (thrown) {
      const { code, message } = toSkeinError(thrown, 'DIAL_FAILED')
      if (code === 'SELF_DIAL') this.#encounters.delete(encounter.key)
      const peer = encounter.id === undefined ? '' : shortPeerId(encounter.id)
      const level = code === 'DENIED' && encounter.failures === 0 ? 'info' : 'debug'
      log[level]({ scope: 'discovery', peer, code }, message)
      const delayMs = Math.min(retryMaxMs, retryMinMs * 2 ** Math.min(encounter.failures, 10))
      encounter.failures++
      encounter.dueMs = clock.nowMs() + (code === 'DENIED' ? refusedMs : delayMs)
      encounter.earliestMs = clock.nowMs() + (code === 'DENIED' ? refusedMs : retryMinMs)
    } finally {
      encounter.isDialling = false
      this.#dialling--
      this.#schedule()
    }
  }

  /** Dials one address after the other, without waiting for failures (RFC 8305); the first wins. */
  async #dial({ id, addresses }: Encounter): Promise<void> {
    const { manager, clock } = this.#setup
    const { reached, failures } = await dialFirst(addresses, async (address, signal) => {
      await pause(clock, addresses.indexOf(address) * nextAddressMs, signal)
      return manager.dial(address, { signal, expectedId: id })
    })
    if (reached === undefined) throw mergeFailures(failures)
    this.#checkAdmitted(reached, addresses)
  }

  #checkAdmitted(peer: PeerEntry, addresses: readonly string[]): void {
    const { connection } = peer
    if (connection === undefined || peer.isHeld || !peer.isOutbound) return
    if (this.#setup.admits(peer)) return
    const place = addresses.map(displayAddress).join(', ')
    const text = `${place} is ${peer.id}, whom this node would not let in; skein allow ID does`
    connection.close('DENIED', 'this node would not let you in')
    throw new SkeinError('DENIED', text)
  }
}
