/**
 * What travels on a stream of `membership/1`: CBOR maps with one key each.
 *
 *   {records: [bytes…]}       words of members: what changed, or what was asked for
 *   {links: [bytes…]}         round-trip times of members
 *   {suspicions: [bytes…]}    who should reach somebody and cannot
 *   {withdrawals: [bytes…]}   whose passes were taken back
 *   {news: [kind, names]}     "there is this": 12 bytes a word: start of the key, end of the signature
 *   {ask: [kind, names]}      "send me these"
 *   {hashes: [aspect, bytes]} "is your view the same?"  32 bits a bucket
 *   {parts: [aspect, [bucket…], bytes]}  "not in these"  32 bits a part, 64 parts a bucket
 *   {have: [[part…], [[id, incarnation, revision, links incarnation, links revision, suspected]…]]}
 *   {want: [id…]}             "send me these members"
 */
import { isPeerId } from '../base/peer-id.ts'
import { bucketCount, partsPerBucket } from './part-hashes.ts'
import { namesFromBytes, namesToBytes } from './word-names.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { WordName } from './member-index.ts'
import type { Aspect } from './part-hashes.ts'

/**
 * A row of what one side has: ID, incarnation, revision, those of the links (0 for none), and 1 where
 * somebody suspects it.
 */
export type HaveRow = readonly [PeerId, number, number, number, number, number]

/** What can be signed and spread; also the key of the message that carries it. */
export type WordKind = 'records' | 'links' | 'suspicions'

/** A message that was checked. */
export type MembershipMessage =
  | { readonly type: WordKind; readonly items: readonly Uint8Array[] }
  | { readonly type: 'withdrawals'; readonly items: readonly Uint8Array[] }
  | { readonly type: 'news' | 'ask'; readonly kind: WordKind; readonly names: readonly WordName[] }
  | { readonly type: 'hashes'; readonly aspect: Aspect; readonly hashes: Int32Array }
  | {
      readonly type: 'parts'
      readonly aspect: Aspect
      readonly buckets: readonly number[]
      readonly hashes: Int32Array
    }
  | {
      readonly type: 'have'
      readonly parts: readonly number[]
      readonly rows: readonly HaveRow[]
    }
  | { readonly type: 'want'; readonly ids: readonly PeerId[] }

/** Words, names, rows or IDs of one message at most. */
export const maxItems = 512 // Half a megabyte of records; a sender cuts its list.
const partCount = bucketCount * partsPerBucket
const kinds: readonly WordKind[] = ['records', 'links', 'suspicions']
const aspects: readonly Aspect[] = ['words', 'links']

/** Writes a message as the value that travels. */
export function writeMessage(message: MembershipMessage): unknown {
  switch (message.type) {
    case 'records':
    case 'links':
    case 'suspicions':
    case 'withdrawals':
      return { [message.type]: message.items }
    case 'news':
    case 'ask':
      return { [message.type]: [kinds.indexOf(message.kind), namesToBytes(message.names)] }
    case 'hashes':
      return { hashes: [aspects.indexOf(message.aspect), toBytes(message.hashes)] }
    case 'parts': {
      const { aspect, buckets, hashes } = message
      return { parts: [aspects.indexOf(aspect), buckets, toBytes(hashes)] }
    }
    case 'have':
      return { have: [message.parts, message.rows] }
    case 'want':
      return { want: message.ids }
    default:
      return message satisfies never
  }
}

/** Checks a value that came; a string says what is wrong. */
export function readMessage(value: unknown): MembershipMessage | string {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'not a map'
  const entries = Object.entries(value)
  const [entry] = entries
  if (entry === undefined || entries.length !== 1) return 'not exactly one key'
  const [type, content] = entry as [string, unknown]
  if (!Array.isArray(content) || content.length > maxItems) return `${type} is no list, or too long`
  switch (type) {
    case 'records':
    case 'links':
    case 'suspicions':
    case 'withdrawals':
      return content.every(isBytes) ? { type, items: content } : `${type} are byte strings`
    case 'news':
    case 'ask':
      return readNames(type, content)
    case 'hashes':
      return readHashes(content)
    case 'parts':
      return readParts(content)
    case 'have':
      return readHave(content)
    case 'want':
      return content.every(isPeerId) ? { type, ids: content } : 'want is a list of IDs'
    default:
      return `unknown: ${type.slice(0, 32)}`
  }
}

function readNames(type: 'news' | 'ask', content: readonly unknown[]): MembershipMessage | string {
  const [which, bytes] = content
  const kind = kinds[which as number]
  const names = namesFromBytes(bytes, maxItems)
  if (kind === undefined || names === undefined) return `${type} names words`
  return { type, kind, names }
}

function readHashes(content: readonly unknown[]): MembershipMessage | string {
  const [which, bytes] = content
  const aspect = aspects[which as number]
  const hashes = fromBytes(bytes, bucketCount)
  if (aspect === undefined || hashes === undefined) return 'hashes are one a bucket'
  return { type: 'hashes', aspect, hashes }
}

function readParts(content: readonly unknown[]): MembershipMessage | string {
  const [which, buckets, bytes] = content
  const aspect = aspects[which as number]
  if (aspect === undefined || !isListOf(buckets, bucketCount)) return 'parts name buckets'
  const hashes = fromBytes(bytes, buckets.length * partsPerBucket)
  if (hashes === undefined) return 'parts have 64 hashes a bucket'
  return { type: 'parts', aspect, buckets, hashes }
}

function readHave(content: readonly unknown[]): MembershipMessage | string {
  const [parts, rows] = content
  if (!isListOf(parts, partCount)) return 'have names parts'
  if (!Array.isArray(rows) || rows.length > maxItems || !rows.every(isRow)) return 'have lists rows'
  return { type: 'have', parts, rows }
}

/** A list of different places, in order, each below `count`. */
function isListOf(value: unknown, count: number): value is readonly number[] {
  if (!Array.isArray(value) || value.length > count) return false
  let before = -1
  for (const each of value as unknown[]) {
    if (!Number.isInteger(each) || (each as number) <= before || (each as number) >= count)
      return false
    before = each as number
  }
  return true
}

function isRow(value: unknown): value is HaveRow {
  if (!Array.isArray(value) || value.length !== 6) return false
  const [id, ...versions] = value as unknown[]
  return isPeerId(id) && versions.every((version) => Number.isSafeInteger(version))
}

function isBytes(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array
}

function toBytes(hashes: Int32Array): Uint8Array {
  const bytes = new Uint8Array(4 * hashes.length)
  const view = new DataView(bytes.buffer)
  for (const [at, hash] of hashes.entries()) view.setInt32(4 * at, hash)
  return bytes
}

function fromBytes(bytes: unknown, count: number): Int32Array | undefined {
  if (!isBytes(bytes) || bytes.length !== 4 * count) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  return Int32Array.from({ length: count }, (_, at) => view.getInt32(4 * at))
}
