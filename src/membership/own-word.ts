/**
 * What a node says of itself: its newest word, its next one, and when that may be (M13).
 *
 * **Invariant**: each word is newer than the last, also over a change of networks: who left one may come
 * back to it, and has to be believed then.
 */
import { signRecord } from './record.ts'
import type { Clock, Timer } from '../base/clock.ts'
import type { SelfDescription } from './machine-setup.ts'
import type { MemberRecord, Signed, Signer } from './record.ts'

/** What it works with. */
export interface OwnWordSetup {
  readonly signer: Signer
  readonly incarnation: number
  readonly firstRevision?: number
  readonly clock: Clock
  readonly self: SelfDescription
  /** Shortest time between two words, ms. */
  readonly gapMs: number
  /** There is a new word. */
  readonly onWord: (word: Signed<MemberRecord>) => void
}

/** How somebody goes who says so: for now, or out of the network, which it gives its pass back to. */
export type Farewell = 'leaves' | 'resigns'

/** See the file's head. */
export class OwnWord {
  readonly #setup: OwnWordSetup
  #description: SelfDescription
  #signed: Signed<MemberRecord>
  #saidMs = Number.NEGATIVE_INFINITY
  #timer: Timer | undefined

  constructor(setup: OwnWordSetup) {
    this.#setup = setup
    this.#description = setup.self
    this.#signed = this.#sign(setup.firstRevision ?? 0)
  }

  /** The newest word. */
  get signed(): Signed<MemberRecord> {
    return this.#signed
  }

  /** The newest word was said to somebody just now. */
  said(): void {
    this.#saidMs = this.#setup.clock.nowMs()
  }

  /** Says something new: now, or `gapMs` after the last word. */
  describe(self: SelfDescription): void {
    this.#description = self
    this.#timer?.cancel()
    const { clock, gapMs } = this.#setup
    const restMs = this.#saidMs + gapMs - clock.nowMs()
    if (restMs <= 0) this.speak()
    else this.#timer = clock.after(restMs, () => this.speak())
  }

  /** Says it once more, as a newer word. */
  speak(revision = this.#signed.value.revision + 1, farewell?: Farewell): void {
    this.#signed = this.#sign(revision, farewell)
    this.#setup.onWord(this.#signed)
  }

  /** Says nothing more by itself. */
  stop(): void {
    this.#timer?.cancel()
  }

  #sign(revision: number, farewell?: Farewell): Signed<MemberRecord> {
    const { signer, incarnation } = this.#setup
    const version = { id: signer.id, incarnation, revision }
    const isLeaving = farewell !== undefined
    const word = { ...this.#description, ...version, isLeaving }
    return signRecord(farewell === 'resigns' ? { ...word, isResigning: true } : word, signer)
  }
}
