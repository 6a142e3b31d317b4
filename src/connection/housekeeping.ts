/** What a node may hold on to, over all its connections: idle ones, and bytes of suspended ones. */
import type { Clock, Timer } from '../base/clock.ts'
import type { PeerEntry } from './peer-entry.ts'

const looks = 4 // A connection closes at most a quarter of idleMs late.

/** Closes connections that were made on demand when nobody has needed them for `idleMs`. */
export class IdleWatch {
  readonly #clock: Clock
  readonly #idleMs: number
  readonly #peers: () => Iterable<PeerEntry>
  #timer: Timer | undefined

  constructor(clock: Clock, idleMs: number, peers: () => Iterable<PeerEntry>) {
    this.#clock = clock
    this.#idleMs = idleMs
    this.#peers = peers
  }

  /** Looks from now on, as long as there is such a connection. */
  start(): void {
    this.#timer ??= this.#clock.after(this.#idleMs / looks, () => {
      this.#timer = undefined
      const isAnyLeft = [...this.#peers()].map((peer) => this.#look(peer)).some(Boolean)
      if (isAnyLeft) this.start()
    })
  }

  stop(): void {
    this.#timer?.cancel()
  }

  /** Returns whether the peer has to be looked at again. */
  #look(peer: PeerEntry): boolean {
    const { connection } = peer
    if (connection === undefined || !peer.isOnDemand || peer.isHeld) return false
    const nowMs = this.#clock.nowMs()
    if (connection.isNeeded) peer.idleSinceMs = nowMs
    if (nowMs - peer.idleSinceMs < this.#idleMs) return true
    connection.close('CONNECTION_CLOSED', 'nobody needed it (limits.idleMs)')
    return false
  }
}

/** All suspended connections together hold at most `totalBytes`: the largest closes first. */
export function boundHeldBytes(peers: Iterable<PeerEntry>, totalBytes: number): void {
  const suspended = [...peers]
    .map(({ connection }) => connection)
    .filter((connection) => connection !== undefined)
    .filter(({ state }) => state === 'suspended')
    .toSorted((a, b) => b.heldBytes - a.heldBytes)
  let total = suspended.reduce((sum, { heldBytes }) => sum + heldBytes, 0)
  for (const connection of suspended) {
    if (total <= totalBytes) return
    total -= connection.heldBytes
    const message = `suspended connections hold more than ${totalBytes} bytes (resumeTotalBytes)`
    connection.close('RESUME_LIMIT', message)
  }
}
