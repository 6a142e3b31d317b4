/**
 * Fuzzing of the codec from a seed: what it encodes comes back, and what an enemy makes of that is
 * either a violation or a value, in time, in memory, and without harm to anything else.
 */
import { assert } from '../base/assert.ts'
import { SkeinError } from '../base/errors.ts'
import { randomInt, seededRandom } from '../base/random.ts'
import type { Random } from '../base/random.ts'
import { decode } from './decode.ts'
import { estimateBytes } from './estimate-bytes.test-kit.ts'
import { fuzzClasses, fuzzReferences, randomValue } from './random-value.test-kit.ts'
import { ValueCodec } from './value-codec.ts'

/** What a run saw. */
export interface FuzzReport {
  /** Values that went there and back. */
  values: number
  /** Inputs that were decoded. */
  inputs: number
  /** Of these, those that were a value. */
  accepted: number
  /** Different violations, by their first words. */
  readonly violations: Set<string>
  /** The most bytes of memory that a byte of input became. */
  worstGrowth: number
  /** The longest time for one input. */
  worstMs: number
}

/** How much memory an input may become: so much a byte, and a little for the smallest. */
const growthLimit = 64 // Four times the worst that was found; what V8 really takes is in the test of V35.
const smallBytes = 64
const timeLimitMs = 2_000 // Generous: a busy machine stops a process for long.
const mutations = 24

export function emptyReport(): FuzzReport {
  return {
    values: 0,
    inputs: 0,
    accepted: 0,
    violations: new Set(),
    worstGrowth: 0,
    worstMs: 0,
  }
}

/** One round: a value there and back, then inputs made of it. @throws what went wrong. */
export function fuzzRound(seed: number, report: FuzzReport, nowMs: () => number): void {
  const random = seededRandom(seed)
  const codec = new ValueCodec({ classes: fuzzClasses, references: fuzzReferences })
  const bytes = encodeOrRefuse(codec, randomValue(random))
  if (bytes === undefined) return
  report.values++
  const again = codec.decode(bytes)
  assert(again.ok, `what is encoded is decoded: ${again.ok ? '' : again.violation}`)
  assert(sameBytes(codec.encode(again.value), bytes), 'what comes back encodes to the same bytes')
  for (let index = 0; index < mutations; index++) {
    const input = mutate(random, bytes)
    const startMs = nowMs()
    tryInput(codec, input, report)
    const ms = nowMs() - startMs
    report.worstMs = Math.max(report.worstMs, ms)
    assert(ms < timeLimitMs, `an input takes ${ms} ms`)
  }
  assertUnpolluted()
}

function encodeOrRefuse(codec: ValueCodec, value: unknown): Uint8Array | undefined {
  try {
    return codec.encode(value)
  } catch (thrown) {
    // A Flight that stands within itself cannot be made at the other side.
    const isKnown =
      thrown instanceof SkeinError && thrown.message.endsWith('the state that it is made of')
    if (isKnown) return undefined
    throw thrown
  }
}

function tryInput(codec: ValueCodec, input: Uint8Array, report: FuzzReport): void {
  report.inputs++
  decode(input) // Plain data: never throws.
  const decoded = codec.decode(input)
  if (!decoded.ok) {
    assert(/, at byte \d+$/.test(decoded.violation), 'a violation names a byte')
    report.violations.add(kindOf(decoded.violation))
    return
  }
  report.accepted++
  const growth = estimateBytes(decoded.value) / (input.length + smallBytes)
  report.worstGrowth = Math.max(report.worstGrowth, growth)
  assert(growth <= growthLimit, `a byte of input becomes ${growth} bytes of memory`)
  const settled = encodeOrRefuse(codec, decoded.value)
  if (settled === undefined) return
  const again = codec.decode(settled)
  assert(again.ok, `what was decoded is encoded and decoded: ${again.ok ? '' : again.violation}`)
  assert(sameBytes(codec.encode(again.value), settled), 'and settles')
}

/** A violation without what differs between inputs. */
function kindOf(violation: string): string {
  return violation.replace(/instance of \S+,/, 'instance of X,').replaceAll(/\d+/g, 'N')
}

/** An input that is near to a valid one. */
function mutate(random: Random, bytes: Uint8Array): Uint8Array {
  let input = Uint8Array.from(bytes)
  for (let left = 1 + randomInt(random, 3); left > 0; left--) {
    const at = randomInt(random, input.length + 1)
    const to = Math.min(input.length, at + randomInt(random, 12))
    const splice = (middle: Iterable<number> = []): Uint8Array<ArrayBuffer> =>
      Uint8Array.from([...input.subarray(0, at), ...middle, ...input.subarray(to)])
    switch (randomInt(random, 9)) {
      case 0:
        input[at] = randomInt(random, 256)
        break
      case 1:
        input[at] = (input[at] ?? 0) ^ (1 << randomInt(random, 8))
        break
      case 2:
        input = input.slice(0, at)
        break
      case 3:
        input = splice()
        break
      case 4:
        input = splice(random.bytes(randomInt(random, 8)))
        break
      case 5:
        input = splice(heads[randomInt(random, heads.length)])
        break
      case 6: {
        const head = heads[randomInt(random, heads.length)] ?? []
        const times = random.next() < 0.02 ? 20_000 : 300 // Deep, and too deep for any stack.
        input = splice(Array.from({ length: times }, () => head).flat())
        break
      }
      default:
        input = splice([...input.subarray(at, to), ...input.subarray(at, to)])
    }
  }
  return input
}

/** Beginnings that have meaning. */
const heads: readonly (readonly number[])[] = [
  ...[28, 29, 31, 32, 35, 64, 68, 69, 79, 80, 84, 86, 87].map((tag) => [0xd8, tag]),
  [0xd8, 28, 0x80],
  [0xd8, 29, 0],
  [0xd8, 27, 0x82],
  [0xd8, 27, 0x82, 0x65, 0x45, 0x72, 0x72, 0x6f, 0x72, 0x60],
  ...[258, 259, 273, 1001].map((tag) => [0xd9, tag >>> 8, tag & 0xff]),
  [0xd9, 0xa1, 0x05],
  [0xc0],
  [0xc1],
  [0xc2],
  [0xc3],
  [0x9f],
  [0xbf],
  [0x5f],
  [0x7f],
  [0xff],
  [0x9b, 0xff, 0xff, 0xff, 0xff],
  [0xbb, 0, 0, 0, 1],
  [0x5a, 0x7f, 0xff, 0xff, 0xff],
  [0x69, 0x5f, 0x5f, 0x70, 0x72, 0x6f, 0x74, 0x6f, 0x5f, 0x5f], // "__proto__"
]

function sameBytes(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, at) => byte === right[at])
}

const sealed = [Object, Array, Map, Set, Date, Error, RegExp, Function, Uint8Array].map(
  ({ prototype }) => ({ prototype: prototype as object, keys: Reflect.ownKeys(prototype).length }),
)

function assertUnpolluted(): void {
  for (const { prototype, keys } of sealed) {
    assert(Reflect.ownKeys(prototype).length === keys, 'no prototype gains or loses a property')
  }
}
