/**
 * Typed arrays as byte strings with a tag that says what they are (RFC 8746 §2.1):
 *
 *   0b010_f_s_e_ll   f float, s signed, e little endian, ll log2 of an element's bytes (floats: - 1)
 *
 * Bytes stay in the order of the machine that writes; who reads turns them round if need be. Where
 * the order and the alignment are right, the array shows the bytes of the message.
 */
import { halfToNumber } from './half-float.ts'

interface ArrayType {
  readonly name: string
  readonly elementBytes: number
  make(buffer: ArrayBuffer, byteOffset: number, length: number): ArrayBufferView
}

const isLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1
const littleEndian = 0b100
const halfTag = 80

/** Of a `Uint8Array`, which needs none: it is what a byte string is. */
export const bytesTag = 64

type Constructor = new (buffer: ArrayBuffer, byteOffset: number, length: number) => ArrayBufferView

function arrayType(name: string, elementBytes: number, constructor: Constructor): ArrayType {
  return { name, elementBytes, make: (...args) => new constructor(...args) }
}

/** By tag; of the two orders the big-endian one. */
const types: ReadonlyMap<number, ArrayType> = new Map([
  [64, arrayType('Uint8Array', 1, Uint8Array)],
  [65, arrayType('Uint16Array', 2, Uint16Array)],
  [66, arrayType('Uint32Array', 4, Uint32Array)],
  [67, arrayType('BigUint64Array', 8, BigUint64Array)],
  [68, arrayType('Uint8ClampedArray', 1, Uint8ClampedArray)],
  [72, arrayType('Int8Array', 1, Int8Array)],
  [73, arrayType('Int16Array', 2, Int16Array)],
  [74, arrayType('Int32Array', 4, Int32Array)],
  [75, arrayType('BigInt64Array', 8, BigInt64Array)],
  [81, arrayType('Float32Array', 4, Float32Array)],
  [82, arrayType('Float64Array', 8, Float64Array)],
])

const tagsByName: ReadonlyMap<string, number> = new Map([
  ...Array.from(types, ([tag, { name, elementBytes }]) => {
    return [name, elementBytes > 1 ? tag + nativeOrder() : tag] as const
  }),
  ['Float16Array', halfTag + nativeOrder()], // Where the engine has it.
])

const toStringTag = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype),
  Symbol.toStringTag,
)

/** The tag of a typed array, also of a subclass; `undefined` for a `DataView`. */
export function tagOfView(view: ArrayBufferView): number | undefined {
  const name: unknown = toStringTag?.get?.call(view)
  return typeof name === 'string' ? tagsByName.get(name) : undefined
}

/** Whether `tag` says what kind of elements bytes are, and there is such an array. */
export function isViewTag(tag: number): boolean {
  return tag >= 64 && tag <= 86 && typeOf(tag) !== undefined
}

/**
 * The array that bytes with a tag are: a view of them where that is possible, else of a copy. Halves
 * (tags 80 and 84) become a `Float32Array`, which holds each of them exactly.
 *
 * @returns `undefined` where the bytes are no whole number of elements.
 */
export function bytesToView(
  tag: number,
  bytes: Uint8Array<ArrayBuffer>,
): ArrayBufferView | undefined {
  const type = typeOf(tag)
  if (type === undefined || bytes.length % type.elementBytes !== 0) return undefined
  const isNative = type.elementBytes === 1 || (tag & littleEndian) === nativeOrder()
  if (type === half) return halvesToFloats(bytes, (tag & littleEndian) !== 0)
  const isAligned = bytes.byteOffset % type.elementBytes === 0
  const memory = isNative && isAligned ? bytes : bytes.slice()
  if (!isNative) reverseElements(memory, type.elementBytes)
  return type.make(memory.buffer, memory.byteOffset, memory.length / type.elementBytes)
}

const half = arrayType('Float16Array', 2, Uint16Array)

function typeOf(tag: number): ArrayType | undefined {
  if (tag === 68) return types.get(tag) // Of one byte: the order says that it is clamped.
  if (tag === 76) return undefined // Reserved.
  const bigEndian = tag & ~littleEndian
  return bigEndian === halfTag ? half : types.get(bigEndian)
}

function nativeOrder(): number {
  return isLittleEndian ? littleEndian : 0
}

function halvesToFloats(bytes: Uint8Array, isLittle: boolean): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return Float32Array.from({ length: bytes.length / 2 }, (_, index) =>
    halfToNumber(view.getUint16(2 * index, isLittle)),
  )
}

function reverseElements(bytes: Uint8Array, elementBytes: number): void {
  for (let at = 0; at < bytes.length; at += elementBytes) {
    bytes.subarray(at, at + elementBytes).reverse()
  }
}
