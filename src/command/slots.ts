import { SkeinError } from '../base/errors.ts'
import type { CommandLimits } from './options.ts'

/** Counts the commands that run, for each peer and for all of them. */
export class CommandSlots {
  readonly #limits: CommandLimits
  readonly #byPeer = new Map<string, number>()
  #total = 0

  constructor(limits: CommandLimits) {
    this.#limits = limits
  }

  /** Commands that run now. */
  get total(): number {
    return this.#total
  }

  /**
   * Takes a place for one command of `peer`.
   *
   * @returns Gives the place back; calling it again does nothing.
   * @throws {SkeinError} `LIMIT_EXCEEDED` the peer's places, or all of them, are taken.
   */
  take(peer: string): () => void {
    const used = this.#byPeer.get(peer) ?? 0
    const { maxRunning, maxRunningPerPeer } = this.#limits
    if (used >= maxRunningPerPeer) {
      const text = `${used} of your commands run here, and no more may; wait for one to end`
      throw new SkeinError('LIMIT_EXCEEDED', text)
    }
    if (this.#total >= maxRunning) {
      const text = `${this.#total} commands run here, and no more may; try again later`
      throw new SkeinError('LIMIT_EXCEEDED', text)
    }
    this.#byPeer.set(peer, used + 1)
    this.#total += 1
    let isTaken = true
    return () => {
      if (isTaken) this.#giveBack(peer)
      isTaken = false
    }
  }

  #giveBack(peer: string): void {
    this.#total -= 1
    const left = (this.#byPeer.get(peer) ?? 1) - 1
    if (left > 0) this.#byPeer.set(peer, left)
    else this.#byPeer.delete(peer)
  }
}
