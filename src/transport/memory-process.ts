/** A process on the memory network: asleep or dead it takes nothing, and wakes to all of it at once. */
import type { Clock } from '../base/clock.ts'
import type { PeerId } from '../base/peer-id.ts'

/** See the file's head. Everything that the network does to a process goes through {@link run}. */
export class MemoryProcess {
  readonly host: string
  readonly id: PeerId | undefined
  isDead = false

  readonly #clock: Clock
  #isAwake = true
  /** True while one of the late things is being done: to it the process is awake. */
  #isCatchingUp = false
  #late: (() => void)[] = []

  constructor(clock: Clock, host: string, id: PeerId | undefined) {
    this.#clock = clock
    this.host = host
    this.id = id
  }

  /** True while what arrives is handed on at once. */
  get isAwake(): boolean {
    return this.#isAwake || this.#isCatchingUp
  }

  /** Does it now, or when the process wakes, in order; never when it is dead. */
  run(action: () => void): void {
    if (this.isDead) return
    if (this.isAwake) action()
    else this.#late.push(action)
  }

  /** Stops taking anything, as SIGSTOP does. */
  stall(): void {
    this.#isAwake = false
  }

  /** Takes what came meanwhile, in order, before anything new. */
  resume(): void {
    if (this.#isAwake) return
    this.#clock.after(0, () => {
      const next = this.#late.shift()
      if (next === undefined || this.isDead) {
        this.#isAwake = true
        return
      }
      this.#isCatchingUp = true
      next()
      this.#isCatchingUp = false
      this.resume()
    })
  }

  /** Ends it: it hears and says nothing more. */
  kill(): void {
    this.isDead = true
    this.#late = []
  }
}
