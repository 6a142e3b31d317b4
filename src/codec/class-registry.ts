/**
 * Classes whose instances travel. Both sides register a class under one name; what arrives under a
 * name that is not registered is a violation, and nothing of it is made.
 */
import { SkeinError } from '../base/errors.ts'
import { builtinNames } from './builtin-names.ts'

/** A class, whatever its constructor takes. */
// oxlint-disable-next-line typescript/no-explicit-any -- constructors take anything
export type AnyClass<T extends object = object> = abstract new (...args: any[]) => T

/** How instances become state and state becomes instances. */
export interface ClassOptions<T extends object> {
  /** What both sides call it, 1–64 letters, digits and `_ $ . - / :`. Default: the class's own name. */
  readonly name?: string
  /** What is sent of an instance; any value. Default: its own enumerable properties. */
  readonly toState?: (instance: T) => unknown
  /**
   * Makes an instance of what was sent; check it, since it comes from a peer. What it throws makes
   * the whole value a violation. An instance that is made so cannot stand within its own state.
   * Default: an object of the class, whose constructor does not run, with the properties that were
   * sent.
   */
  readonly fromState?: (state: unknown) => T
}

/** A class with how it travels. */
export interface RegisteredClass {
  readonly name: string
  readonly prototype: object
  readonly toState: ((instance: object) => unknown) | undefined
  readonly fromState: ((state: unknown) => object) | undefined
}

const namePattern = /^[\p{L}\p{N}_$./:-]{1,64}$/u

/** Which classes travel, and how; one registry may serve any number of codecs. */
export class ClassRegistry {
  readonly #byPrototype = new Map<object | null, RegisteredClass>()
  readonly #byName = new Map<string, RegisteredClass>()

  /**
   * Lets instances of a class travel; not those of its subclasses, which are classes of their own.
   *
   * @returns itself, so that calls can be chained.
   * @throws {SkeinError} `INVALID` the name or the class is taken, or the name is malformed.
   * @example
   * new ClassRegistry().register(Point, {
   *   toState: ({ x, y }) => [x, y],
   *   fromState: (state) => Point.parse(state),
   * })
   */
  register<T extends object>(constructor: AnyClass<T>, options: ClassOptions<T> = {}): this {
    const name = options.name ?? constructor.name
    const prototype = constructor.prototype as object
    const refuse = (reason: string): never => {
      throw new SkeinError('INVALID', `cannot register the class ${name}: ${reason}`)
    }
    if (!namePattern.test(name)) refuse('a name is 1–64 letters, digits and _ $ . - / :')
    if (builtinNames.has(name)) refuse('the name is that of a kind that always travels')
    if (this.#byName.has(name)) refuse('another one has the name')
    if (this.#byPrototype.has(prototype)) refuse('it is registered under another name')
    const { toState, fromState } = options
    const registered = {
      name,
      prototype,
      toState: toState && ((instance: object) => toState(instance as T)),
      fromState,
    }
    this.#byName.set(name, registered)
    this.#byPrototype.set(prototype, registered)
    return this
  }

  /** How an instance with this prototype travels. */
  ofPrototype(prototype: object | null): RegisteredClass | undefined {
    return this.#byPrototype.get(prototype)
  }

  /** What a name that arrived stands for. */
  ofName(name: string): RegisteredClass | undefined {
    return this.#byName.get(name)
  }
}
