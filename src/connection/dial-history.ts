/** What the last dial of each address came to, for whoever asks why a peer is not there. */
import type { Clock } from '../base/clock.ts'
import type { ErrorCode, SkeinError } from '../base/errors.ts'

/** A dial that came to nothing. */
export interface DialFailure {
  readonly address: string
  readonly code: ErrorCode
  readonly message: string
  /** When, ms of the clock. */
  readonly atMs: number
}

const maxAddresses = 1_024 // Guess: sixteen each of as many peers as an owner asks about; then the oldest goes.
const noFailures = new Set<ErrorCode>(['CANCELLED', 'NODE_CLOSED'])

/** See the file's head. */
export class DialHistory {
  readonly #clock: Clock
  readonly #failures = new Map<string, DialFailure>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** A dial failed; one that was taken back says nothing of the address. */
  failed(address: string, { code, message }: SkeinError): void {
    if (noFailures.has(code)) return
    this.#failures.delete(address)
    this.#failures.set(address, { address, code, message, atMs: this.#clock.nowMs() })
    const [oldest] = this.#failures.keys()
    if (this.#failures.size > maxAddresses && oldest !== undefined) this.#failures.delete(oldest)
  }

  /** Somebody answered there. */
  answered(address: string): void {
    this.#failures.delete(address)
  }

  /** The failures at these addresses, the newest first. */
  of(addresses: readonly string[]): readonly DialFailure[] {
    const found = addresses.flatMap((address) => this.#failures.get(address) ?? [])
    return found.toSorted((a, b) => b.atMs - a.atMs)
  }
}
