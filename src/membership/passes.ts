/**
 * The passes and withdrawals of one network that a node has seen: who is a member now.
 *
 * **Invariant**: a withdrawal is never dropped, so a pass that was taken back stays so.
 */
import { readPass, readWithdrawal } from './pass.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { NetworkId, Pass, Withdrawal } from './pass.ts'
import type { Signed, Verify } from './signed.ts'

/** What a pass is worth now. */
export type PassState = 'valid' | 'expired' | 'withdrawn' | 'resigned' | 'none'

/** Withdrawals that a network can have: then it needs a new key. */
export const maxWithdrawals = 4_096 // Guess: 600 kB that every new neighbour gets.

/** See the file's head. */
export class Passes {
  readonly network: NetworkId
  readonly #verify: Verify
  readonly #unixMs: () => number
  readonly #passes = new Map<PeerId, Signed<Pass>>()
  readonly #holders = new Map<string, PeerId>()
  readonly #withdrawals = new Map<PeerId, Signed<Withdrawal>>()
  /** Passes issued until then were given back, Unix ms. */
  readonly #resigned = new Map<PeerId, number>()

  /** @param unixMs - Tells the time, by which passes expire. */
  constructor(network: NetworkId, verify: Verify, unixMs: () => number) {
    this.network = network
    this.#verify = verify
    this.#unixMs = unixMs
  }

  /** All withdrawals, as they travel. */
  get withdrawals(): readonly Uint8Array[] {
    return [...this.#withdrawals.values()].map(({ bytes }) => bytes)
  }

  /** The newest pass of a holder, valid or not. */
  get(holder: PeerId): Pass | undefined {
    return this.#passes.get(holder)?.value
  }

  /** Who has a label by a valid pass. */
  holderOf(label: string): PeerId | undefined {
    const holder = this.#holders.get(label)
    return holder !== undefined && this.stateOf(holder) === 'valid' ? holder : undefined
  }

  /** Those whose passes are valid now. */
  *members(): Iterable<Pass> {
    for (const { value } of this.#passes.values()) {
      if (this.stateOf(value.holder) === 'valid') yield value
    }
  }

  /** What the newest pass of a holder is worth now. */
  stateOf(holder: PeerId): PassState {
    const withdrawal = this.#withdrawals.get(holder)?.value
    const pass = this.#passes.get(holder)?.value
    if (pass === undefined) return withdrawal === undefined ? 'none' : 'withdrawn'
    if (withdrawal !== undefined && pass.issuedMs <= withdrawal.untilMs) return 'withdrawn'
    if (pass.issuedMs <= (this.#resigned.get(holder) ?? -1)) return 'resigned'
    return pass.expiresMs > 0 && pass.expiresMs <= this.#unixMs() ? 'expired' : 'valid'
  }

  /**
   * Takes a pass that `holder` showed; the newest issued counts.
   *
   * @returns What is wrong with it: forged, foreign, or another's. An expired one is taken.
   */
  take(holder: PeerId, bytes: Uint8Array): string | undefined {
    const known = this.#passes.get(holder)
    if (known !== undefined && areEqual(known.bytes, bytes)) return undefined
    const pass = readPass(bytes, this.#verify)
    if (typeof pass === 'string') return pass
    if (pass.network !== this.network) return 'a pass of another network'
    if (pass.holder !== holder) return "somebody else's pass"
    if (known !== undefined && pass.issuedMs <= known.value.issuedMs) return undefined
    this.#passes.set(holder, { value: pass, bytes })
    if (this.holderOf(pass.label) === undefined) this.#holders.set(pass.label, holder)
    return undefined
  }

  /**
   * A holder said itself that it gives a pass back: this one, and those that were issued before.
   *
   * @returns true when that is news.
   */
  resign(holder: PeerId, bytes: Uint8Array): boolean {
    if (this.take(holder, bytes) !== undefined) return false
    const known = this.#passes.get(holder)
    const isNewest = known !== undefined && areEqual(known.bytes, bytes)
    const pass = isNewest ? known.value : readPass(bytes, this.#verify)
    const before = this.#resigned.get(holder) ?? Number.NEGATIVE_INFINITY
    if (typeof pass === 'string' || pass.issuedMs <= before) return false
    this.#resigned.set(holder, pass.issuedMs)
    return true
  }

  /** What took the passes of a holder back, if it did. */
  withdrawalOf(holder: PeerId): Signed<Withdrawal> | undefined {
    return this.#withdrawals.get(holder)
  }

  /** Takes a withdrawal: the holder whom it shuts out, if that is news; a string in `problem` if not. */
  takeWithdrawal(
    bytes: Uint8Array,
  ): { readonly holder: PeerId } | { readonly problem: string } | undefined {
    const withdrawal = readWithdrawal(bytes, this.#verify)
    if (typeof withdrawal === 'string') return { problem: withdrawal }
    if (withdrawal.network !== this.network) return { problem: 'a withdrawal of another network' }
    const { holder, untilMs } = withdrawal
    const known = this.#withdrawals.get(holder)?.value
    if (known !== undefined && untilMs <= known.untilMs) return undefined
    this.#withdrawals.set(holder, { value: withdrawal, bytes })
    return { holder }
  }
}

function areEqual(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, index) => byte === other[index])
}
