/**
 * Places for commands that run, a bounded number for each peer and for all of them, and the line in
 * front of them.
 *
 * **Invariant**: within a peer the order of asking is the order of beginning; between peers the line
 * moves in turns, so one peer's long line does not keep another from a free place.
 */
import { SkeinError } from '../base/errors.ts'
import type { CommandLimits } from './options.ts'

/** A command that wants a place. */
export interface Applicant {
  /** Who asks. */
  readonly peer: string
  /** What its request takes in memory while it waits, in bytes. */
  readonly bytes: number
  /** Called once, when the place is there; at once if one is free. */
  begin(): void
}

interface Line {
  running: number
  waitingBytes: number
  readonly waiting: Set<Applicant>
}

/** Counts the commands that run, for each peer and for all of them. */
export class CommandSlots {
  readonly #limits: CommandLimits
  /** In the order of their turns: who just got a place goes to the end. */
  readonly #lines = new Map<string, Line>()
  #total = 0

  constructor(limits: CommandLimits) {
    this.#limits = limits
  }

  /** Commands that run now. */
  get total(): number {
    return this.#total
  }

  /**
   * Takes a place for one command, or stands in line for it.
   *
   * @returns Gives the place back, or leaves the line; calling it again does nothing.
   * @throws {SkeinError} `LIMIT_EXCEEDED` the peer's line is full.
   */
  enter(applicant: Applicant): () => void {
    const { peer, bytes } = applicant
    const line = this.#lines.get(peer) ?? { running: 0, waitingBytes: 0, waiting: new Set() }
    const isWaiting = !this.#isFree(line)
    if (isWaiting) this.#checkLine(line, bytes)
    this.#lines.set(peer, line)
    if (isWaiting) {
      line.waiting.add(applicant)
      line.waitingBytes += bytes
    } else this.#begin(line, applicant)
    let isIn = true
    return () => {
      if (isIn) this.#leave(line, applicant)
      isIn = false
    }
  }

  #isFree(line: Line): boolean {
    const { maxRunning, maxRunningPerPeer } = this.#limits
    return this.#total < maxRunning && line.running < maxRunningPerPeer
  }

  #checkLine(line: Line, bytes: number): void {
    const { maxWaitingPerPeer, maxWaitingBytesPerPeer } = this.#limits
    const { size } = line.waiting
    if (size < maxWaitingPerPeer && line.waitingBytes + bytes <= maxWaitingBytesPerPeer) return
    const text = `${line.running} of your commands run here, ${size} wait, and no more may`
    throw new SkeinError('LIMIT_EXCEEDED', `${text}; wait for one to end`)
  }

  #begin(line: Line, applicant: Applicant): void {
    line.running += 1
    this.#total += 1
    applicant.begin()
  }

  #leave(line: Line, applicant: Applicant): void {
    if (line.waiting.delete(applicant)) line.waitingBytes -= applicant.bytes
    else {
      line.running -= 1
      this.#total -= 1
    }
    if (line.running === 0 && line.waiting.size === 0) this.#lines.delete(applicant.peer)
    this.#move()
  }

  /** Gives free places to those in line. */
  #move(): void {
    for (const [peer, line] of this.#lines) {
      if (this.#total >= this.#limits.maxRunning) return
      const [next] = line.waiting
      if (next === undefined || !this.#isFree(line)) continue
      line.waiting.delete(next)
      line.waitingBytes -= next.bytes
      this.#lines.delete(peer)
      this.#lines.set(peer, line) // To the end, where this loop comes by again.
      this.#begin(line, next)
    }
  }
}
