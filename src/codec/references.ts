/**
 * What the codec asks of whoever makes references: how a value that does not travel as data is
 * described, and what such a description becomes at the other side. The codec knows no more of them.
 */

/** Writes and reads what travels as a reference. One object does both, usually a connection's table. */
export interface References {
  /**
   * Says how a value travels that is no data: a function, a promise, an async iterable, a stream, an
   * AbortSignal, an agent, a proxy.
   *
   * Asked, in this order and before anything of the value is read:
   * - every function, and so every proxy whose target is a function;
   * - every object whose prototype is none of plain data (`Object.prototype`, `null`,
   *   `Array.prototype`) and none of the kinds of docs/spec/values.md (`Map`, `Date`, `Uint8Array`,
   *   …; a subclass of one is asked about); also before the registry of classes and before errors;
   * - plain objects that have `Symbol.asyncIterator`;
   * - all other plain objects and arrays only where {@link References.describesPlain} says so.
   *
   * The only thing done to an object first is `Object.getPrototypeOf`. A proxy must therefore have
   * a function as its target, or a target whose prototype is no plain one; then nothing probes it.
   *
   * Called at most once for each value in an encoding, however often the value stands in it: the
   * second place refers to the first, and `revive` is called once. It is called while encoding, so it
   * must not throw for what it does not know. If the encoding fails later (a limit, a value that
   * cannot travel), what was described before did not leave: `encode` throws, and the caller takes
   * back what it counted.
   *
   * @returns What describes it, of any kind that a value may have, but without `value` in it;
   *   `undefined` for what is no reference. Then a function is refused, and an object is treated as
   *   the instance of a class.
   */
  describe(value: object): unknown

  /**
   * Makes what a description stands for; called while decoding, once for each reference in the value.
   * What was revived before a later violation is not in anybody's hands: the caller takes it back.
   *
   * @param description - What the peer sent: decoded within limits, and not to be trusted.
   * @throws {SkeinError} A description nobody could have given out; its message becomes the
   *   violation. Anything else that is thrown is a bug, and is thrown on.
   */
  revive(description: unknown): unknown

  /**
   * Whether {@link describe} is asked about plain objects and arrays too, because some of them are
   * agents. Read at the start of each encoding; costs a call for each object. Default false.
   */
  readonly describesPlain?: boolean
}
