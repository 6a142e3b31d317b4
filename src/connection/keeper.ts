/**
 * Keeps the peers connected that somebody wants: configured addresses, for ever; and any peer whose
 * connection lost its paths, as long as the connection lives and an address is known.
 */
import { SkeinError, toSkeinError } from '../base/errors.ts'
import { Redial } from './redial.ts'
import type { Clock } from '../base/clock.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { Random } from '../base/random.ts'
import type { PeerEntry } from './peer-entry.ts'
import type { Urgency } from './redial.ts'

/** How to reach somebody. */
export interface ReachOptions {
  readonly signal?: AbortSignal | undefined
  readonly expectedId?: PeerId | undefined
}

/** What a keeper works with. */
export interface KeeperSetup {
  readonly clock: Clock
  readonly random: Random
  readonly reconnectMinMs: number
  readonly reconnectMaxMs: number
  readonly dial: (address: string, options: ReachOptions) => Promise<PeerEntry>
  readonly peer: (id: PeerId) => PeerEntry | undefined
  readonly onFailure: (address: string, error: SkeinError) => void
}

interface Goal {
  readonly redial: Redial
  /** Whom it is about; `undefined` until an address answered. */
  aim: PeerId | undefined
  /** Attempts that have not ended. The first to succeed ends the others: one path is wanted. */
  readonly underWay: Set<AbortController>
}

const recallPrefix = 'recall:'
const recallMs = 600_000 // Guess: after ten minutes it is the other one's turn to come back.

/** See the file's head. */
export class Keeper {
  readonly #setup: KeeperSetup
  readonly #goals = new Map<string, Goal>()
  #isStopped = false

  constructor(setup: KeeperSetup) {
    this.#setup = setup
  }

  /**
   * Keeps whoever answers at this address connected: dials now, and again whenever it is lost.
   *
   * @param reached - Who has answered there just now: no second path is dialled.
   */
  hold(address: string, expectedId?: PeerId, reached?: PeerEntry): void {
    if (reached !== undefined) reached.isHeld = true
    this.#add(address, reached?.id ?? expectedId, async (goal) => {
      const known = goal.aim === undefined ? undefined : this.#setup.peer(goal.aim)
      const addresses = new Set([address, ...(known?.addresses ?? [])])
      const answer = await this.#dialAny(goal, [...addresses], expectedId)
      if (answer === 'self') this.release(address)
      else if (answer !== undefined) {
        goal.aim = answer.id
        answer.isHeld = true
      }
    })
  }

  /** Gives up what {@link hold} asked for. The connection lives on until somebody closes it. */
  release(address: string): void {
    this.#goals.get(address)?.redial.stop()
    this.#goals.delete(address)
  }

  /** A path to the peer is lost or in doubt, or its connection closed: dials again. */
  restore(peer: PeerEntry): void {
    if (this.#isStopped) return
    for (const goal of this.#goals.values()) if (goal.aim === peer.id) goal.redial.kick()
    if (peer.isHeld || peer.connection === undefined || peer.addresses.length === 0) return
    this.#add(`peer:${peer.id}`, peer.id, async (goal) => {
      await this.#dialAny(goal, [...peer.addresses], peer.id)
    })
  }

  /** Dials a peer that was known before this process started, for a while. */
  recall(peer: PeerEntry): void {
    const untilMs = this.#setup.clock.nowMs() + recallMs
    const key = `${recallPrefix}${peer.id}`
    this.#add(key, peer.id, async (goal) => {
      const answer = await this.#dialAny(goal, [...peer.addresses], peer.id)
      if (answer !== undefined || this.#setup.clock.nowMs() > untilMs) this.release(key)
    })
  }

  /** The network changed: what is being waited for is tried at once. */
  hurry(): void {
    for (const { redial } of this.#goals.values()) redial.kick()
  }

  /** Gives everything up, for good. */
  stop(): void {
    this.#isStopped = true
    for (const key of [...this.#goals.keys()]) this.release(key)
  }

  #add(key: string, aim: PeerId | undefined, attempt: (goal: Goal) => Promise<void>): void {
    if (this.#isStopped || this.#goals.has(key)) return
    const { clock, random, reconnectMinMs, reconnectMaxMs } = this.#setup
    const redial: Redial = new Redial({
      clock,
      random,
      minDelayMs: reconnectMinMs,
      maxDelayMs: reconnectMaxMs,
      urgency: () => this.#urgency(key, goal.aim),
      attempt: () => attempt(goal),
    })
    const goal: Goal = { redial, aim, underWay: new Set() }
    this.#goals.set(key, goal)
    redial.kick()
  }

  #urgency(key: string, aim: PeerId | undefined): Urgency {
    const peer = aim === undefined ? undefined : this.#setup.peer(aim)
    const connection = peer?.connection
    const isForPeer = key.startsWith('peer:')
    if (isForPeer && (connection === undefined || peer?.isHeld === true)) {
      this.release(key)
      return 'reached'
    }
    if (connection === undefined) return 'calm'
    if (connection.state === 'open') return connection.isDoubtful ? 'urgent' : 'reached'
    return connection.isNeeded ? 'urgent' : 'suspended'
  }

  /** Dials all addresses at once; the first to answer wins. */
  async #dialAny(
    goal: Goal,
    addresses: readonly string[],
    expectedId: PeerId | undefined,
  ): Promise<PeerEntry | 'self' | undefined> {
    const others = new AbortController()
    goal.underWay.add(others)
    const dials = addresses.map(async (address) => {
      try {
        return await this.#setup.dial(address, { signal: others.signal, expectedId })
      } catch (thrown) {
        const error = toSkeinError(thrown, 'DIAL_FAILED')
        if (error.code !== 'CANCELLED' && error.code !== 'NODE_CLOSED') {
          this.#setup.onFailure(address, error)
        }
        if (error.code === 'SELF_DIAL') return 'self'
        throw error
      }
    })
    try {
      const answer = await Promise.any(dials)
      for (const attempt of goal.underWay) attempt.abort(tooLate())
      return answer
    } catch {
      return undefined // Each failure was told to onFailure.
    } finally {
      others.abort(tooLate())
      goal.underWay.delete(others)
    }
  }
}

function tooLate(): SkeinError {
  return new SkeinError('CANCELLED', 'another dial was answered first')
}
