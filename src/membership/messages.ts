/**
 * What travels on a stream of `membership/1`: CBOR maps with one key each.
 *
 *   {records: [bytes…]}      words of members: what changed, or what was asked for
 *   {links: [bytes…]}        round-trip times of members
 *   {suspicions: [bytes…]}   who should reach somebody and cannot
 *   {withdrawals: [bytes…]}  whose passes were taken back
 *   {hashes: [number…]}      "is your view the same?"  a hash a bucket
 *   {have: [[bucket…], [[id, incarnation, revision, links incarnation, links revision, suspected]…]]}
 *   {want: [id…]}            "send me these"
 */
import { isPeerId } from '../base/peer-id.ts'
import type { PeerId } from '../base/peer-id.ts'

/**
 * A row of what one side has: ID, incarnation, revision, those of the links (0 for none), and 1 where
 * somebody suspects it.
 */
export type HaveRow = readonly [PeerId, number, number, number, number, number]

/** A message that was checked. */
export type MembershipMessage =
  | { readonly type: 'records'; readonly items: readonly Uint8Array[] }
  | { readonly type: 'links'; readonly items: readonly Uint8Array[] }
  | { readonly type: 'suspicions'; readonly items: readonly Uint8Array[] }
  | { readonly type: 'withdrawals'; readonly items: readonly Uint8Array[] }
  | { readonly type: 'hashes'; readonly hashes: readonly number[] }
  | {
      readonly type: 'have'
      readonly buckets: readonly number[]
      readonly rows: readonly HaveRow[]
    }
  | { readonly type: 'want'; readonly ids: readonly PeerId[] }

const maxItems = 512 // Half a megabyte of records; a sender cuts its list.
const bucketCount = 64

/** Writes a message as the value that travels. */
export function writeMessage(message: MembershipMessage): unknown {
  switch (message.type) {
    case 'records':
    case 'links':
    case 'suspicions':
    case 'withdrawals':
      return { [message.type]: message.items }
    case 'hashes':
      return { hashes: message.hashes }
    case 'have':
      return { have: [message.buckets, message.rows] }
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
    case 'hashes':
      return content.length === bucketCount && content.every(Number.isInteger)
        ? { type, hashes: content as number[] }
        : 'hashes are 64 numbers'
    case 'have':
      return readHave(content)
    case 'want':
      return content.every(isPeerId) ? { type, ids: content } : 'want is a list of IDs'
    default:
      return `unknown: ${type.slice(0, 32)}`
  }
}

function readHave(content: readonly unknown[]): MembershipMessage | string {
  const [buckets, rows] = content
  const areBuckets = Array.isArray(buckets) && buckets.length <= bucketCount
  if (!areBuckets || !buckets.every(isBucket)) return 'have names buckets'
  if (!Array.isArray(rows) || rows.length > maxItems || !rows.every(isRow)) return 'have lists rows'
  return { type: 'have', buckets, rows }
}

function isBucket(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) < bucketCount
}

function isRow(value: unknown): value is HaveRow {
  if (!Array.isArray(value) || value.length !== 6) return false
  const [id, ...versions] = value as unknown[]
  return isPeerId(id) && versions.every((version) => Number.isSafeInteger(version))
}

function isBytes(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array
}
