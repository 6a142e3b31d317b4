/**
 * Why a value cannot be encoded, on its way up to `encode`, which adds the path and makes it a
 * `SkeinError`. A refusal over a `limit` may have a cycle as its reason.
 */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly kind: 'value' | 'limit'

  constructor(reason: string, kind: 'value' | 'limit') {
    super(reason)
    this.kind = kind
  }
}
