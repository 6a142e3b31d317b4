/**
 * What CBOR can say and JavaScript has no value for. Decoded so that nothing well-formed is lost;
 * the encoder does not take them.
 */

/** A tag that this codec does not interpret, with its content (RFC 8949 §3.4). Frozen. */
export class Tagged {
  /** A bigint above 2^53 - 1. */
  readonly tag: number | bigint
  readonly value: unknown

  constructor(tag: number | bigint, value: unknown) {
    this.tag = tag
    this.value = value
    Object.freeze(this)
  }
}

/** A simple value other than false, true, null and undefined (RFC 8949 §3.3). Frozen. */
export class Simple {
  /** 0–19 or 32–255. */
  readonly value: number

  constructor(value: number) {
    this.value = value
    Object.freeze(this)
  }
}
