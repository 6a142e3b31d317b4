/**
 * Objects with the keys of an earlier one, made at once.
 *
 * Setting property after property costs most of the time of decoding. A shape is a sequence of keys,
 * a node of a tree; each node guesses that the key that followed last time follows again, and
 * compares bytes instead of making a string. At the end stands a function that makes the object from
 * its values, compiled once the shape has been met a few times, where the engine lets us compile.
 *
 * **Invariant**: a shape never repeats a key and never holds `__proto__` or an array index, so that
 * compiling changes nothing but the time. No key becomes code but as a JSON string.
 *
 * **Invariant**: what a peer can make us hold is `maxShapes` small nodes; what it can make us spend on
 * new ones is bounded by `credit`, which only known shapes earn.
 */

/** Maps with more entries are read one by one. */
export const maxShapeKeys = 32 // Guess: records have fewer; what has more is a dictionary.

const maxShapes = 4_096 // Guess: all messages of a program; about 1 MB. When full, all is forgotten.
const compiledFrom = 12 // Guess: compiling takes about as long as making so many objects otherwise.
const maxCredit = 512
const rootCount = 64 // A power of two.

/** Makes an object of the values that stand in a list from `base` on. */
type Maker = (values: readonly unknown[], base: number) => Record<string, unknown>

const indexPattern = /^\d/

/** The keys of a map up to some place. */
export class Shape {
  readonly key: string
  /** The key's text as it stands in a message, with its head. */
  readonly bytes: Uint8Array
  readonly parent: Shape | undefined
  /** The shape that followed last. */
  next: Shape | undefined
  readonly #children = new Map<string, Shape>()
  #keys: readonly string[] | undefined
  #uses = 0
  #maker: Maker | undefined

  constructor(key: string, bytes: Uint8Array, parent: Shape | undefined) {
    this.key = key
    this.bytes = bytes
    this.parent = parent
  }

  /** The shape with one key more, if it is known. */
  child(key: string): Shape | undefined {
    const child = this.#children.get(key)
    if (child !== undefined) this.next = child
    return child
  }

  adopt(child: Shape): void {
    this.#children.set(child.key, child)
    this.next = child
  }

  holds(key: string): boolean {
    return this.parent !== undefined && (this.key === key || this.parent.holds(key))
  }

  /** All keys, in their order. */
  get keys(): readonly string[] {
    if (this.#keys !== undefined) return this.#keys
    this.#keys = this.parent === undefined ? [] : [...this.parent.keys, this.key]
    return this.#keys
  }

  /** The object with these keys and the values that stand in `values` from `base` on. */
  make(values: readonly unknown[], base: number): Record<string, unknown> {
    if (this.#maker !== undefined) return this.#maker(values, base)
    if (++this.#uses === compiledFrom) this.#maker = compile(this.keys)
    earn()
    const object: Record<string, unknown> = {}
    for (const [index, key] of this.keys.entries()) object[key] = values[base + index]
    return object
  }
}

let roots = newRoots()
let count = 0
let credit = maxCredit
let canCompile = true

/**
 * Where a map begins. There are several, so that maps that follow each other do not spoil each other's
 * guesses: chosen by any number, which should come from the map's first bytes.
 */
export function rootShape(hint: number): Shape {
  return roots[hint & (rootCount - 1)] as Shape
}

/**
 * The shape with `key` more than `parent`.
 *
 * @returns `undefined` where there is none, since it is not to be or there are too many new ones.
 */
export function shapeWith(parent: Shape, key: string, bytes: () => Uint8Array): Shape | undefined {
  const known = parent.child(key)
  if (known !== undefined) return known
  if (credit === 0 || key === '__proto__' || indexPattern.test(key) || parent.holds(key)) {
    return undefined
  }
  credit--
  if (++count > maxShapes) {
    roots = newRoots()
    count = 0
  }
  const shape = new Shape(key, bytes(), parent)
  parent.adopt(shape)
  return shape
}

function newRoots(): readonly Shape[] {
  return Array.from({ length: rootCount }, () => new Shape('', new Uint8Array(), undefined))
}

function earn(): void {
  if (credit < maxCredit) credit++
}

/** `undefined` where the page or the process forbids code from strings. */
function compile(keys: readonly string[]): Maker | undefined {
  if (!canCompile) return undefined
  const properties = keys.map((key, index) => `${JSON.stringify(key)}:values[base+${index}]`)
  try {
    // oxlint-disable-next-line typescript/no-implied-eval -- no key becomes code but as a JSON string
    return new Function('values', 'base', `return {${properties.join()}}`) as Maker
  } catch {
    canCompile = false
    return undefined
  }
}
