/**
 * Decides, before anything is read or computed, whether a datagram may cost anything: so many a second of
 * all, and so many of one sender, so that one who floods does not use up what the others have.
 *
 * **Invariant**: what a sender can make this table hold is bounded.
 */
import { TokenBucket } from './token-bucket.ts'
import type { Clock } from '../base/clock.ts'
import type { Rate } from './token-bucket.ts'

/** Rates of an intake. */
export interface IntakeOptions {
  readonly all: Rate
  readonly each: Rate
  /** Senders that are told apart; of more, the one that was longest known is forgotten. */
  readonly maxSenders: number
}

/** Of `lan`: packets are small, and each costs some HMACs of 3 µs, measured. */
export const lanIntakeOptions: IntakeOptions = {
  all: { burst: 400, perSecond: 200 }, // Guess: a link of some hundred nodes that all start at once.
  each: { burst: 64, perSecond: 16 }, // Guess: twenty nodes on one machine that all start at once.
  maxSenders: 512, // Guess: two links of 256 machines.
}

/** Of `mdns`, where everything else on the link speaks, too; a message costs up to 1 ms, measured. */
export const mdnsIntakeOptions: IntakeOptions = {
  ...lanIntakeOptions,
  all: { burst: 200, perSecond: 100 }, // Guess: no link says so much for long.
}

/** See the file's head. */
export class Intake {
  readonly #clock: Clock
  readonly #options: IntakeOptions
  readonly #all: TokenBucket
  readonly #senders = new Map<string, TokenBucket>()

  constructor(clock: Clock, options: IntakeOptions) {
    this.#clock = clock
    this.#options = options
    this.#all = new TokenBucket(clock, options.all)
  }

  /** Whether a datagram of this host may be looked at. */
  takes(host: string): boolean {
    return this.#senderOf(host).take() && this.#all.take()
  }

  #senderOf(host: string): TokenBucket {
    const known = this.#senders.get(host)
    if (known !== undefined) return known
    const [longest] = this.#senders.keys()
    if (this.#senders.size >= this.#options.maxSenders && longest !== undefined) {
      this.#senders.delete(longest)
    }
    const sender = new TokenBucket(this.#clock, this.#options.each)
    this.#senders.set(host, sender)
    return sender
  }
}
