/** An allowance that refills: so much at once, so much a second for long. */
export class Bucket {
  #left: number
  #filledMs: number
  readonly #atOnce: number
  readonly #perSecond: number

  constructor(
    { atOnce, perSecond }: { readonly atOnce: number; readonly perSecond: number },
    nowMs: number,
  ) {
    this.#atOnce = atOnce
    this.#perSecond = perSecond
    this.#left = atOnce
    this.#filledMs = nowMs
  }

  /** What may be taken now. */
  left(nowMs: number): number {
    const passed = Math.max(0, nowMs - this.#filledMs) / 1_000
    this.#filledMs = nowMs
    this.#left = Math.min(this.#atOnce, this.#left + passed * this.#perSecond)
    return this.#left
  }

  /** Takes some; it may come to owe. */
  take(amount: number): void {
    this.#left -= amount
  }

  /** How long until `amount` may be taken, ms; 0 for now. */
  waitMs(amount: number, nowMs: number): number {
    const missing = Math.min(amount, this.#atOnce) - this.left(nowMs)
    return missing <= 0 ? 0 : Math.ceil((missing / this.#perSecond) * 1_000)
  }
}
