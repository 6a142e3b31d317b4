/**
 * Classes whose instances travel. Both sides register a class under one name; what arrives under a
 * name that is not registered is a violation, and nothing of it is made.
 */

/** A class, whatever its constructor takes. */
// oxlint-disable-next-line typescript/no-explicit-any -- constructors take anything
export type AnyClass<T extends object = object> = abstract new (...args: any[]) => T

/** How instances become state and state becomes instances. */
export interface ClassOptions<T extends object> {
  /** What both sides call it, 1–64 letters, digits and `_ $ . - / :`. Default: the class's own name. */
  readonly name?: string
  /** What is sent of an instance; any value. Default: its own enumerable properties. */
  toState?(instance: T): unknown
  /**
   * Makes an instance of what was sent; check it, since it comes from a peer. What it throws makes
   * the whole value a violation. Default: an object of the class, whose constructor does not run,
   * with the properties that were sent.
   */
  fromState?(state: unknown): T
}

/** Which classes travel, and how. */
export declare class ClassRegistry {
  /** @returns itself, so that calls can be chained. */
  register<T extends object>(constructor: AnyClass<T>, options?: ClassOptions<T>): this
}
