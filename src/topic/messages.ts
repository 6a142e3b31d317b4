/**
 * What travels on a stream of `topic/1`: CBOR maps with one key each.
 *
 *   {push: [bytes, ageMs]}     a message, and how long ago it was published
 *   {have: bytes}              "I have these": names, and how long each waited to be told
 *   {graft: bytes}             "send me these, and from now on all of their authors"
 *   {follow: bytes}            "from now on send me the messages of these authors"
 *   {prune: bytes}             "send me no more of these authors, only names"
 *   {sync: hash}               "is what you have seen the same?"
 *   {seen: [wantsReply, rows]} "this is what I have seen"
 *
 * A row is `[start of the author's ID, incarnation, [from, to, from, to, …]]`.
 */
import {
  heardFromBytes,
  heardToBytes,
  namesFromBytes,
  namesToBytes,
  prefixesFromBytes,
  prefixesToBytes,
} from './message-name.ts'
import { maxGaps, maxNames } from './options.ts'
import type { HeardName, MessageName } from './message-name.ts'

/** What somebody has seen of one author. */
export interface SeenRow {
  readonly author: string
  readonly incarnation: number
  /** First and last sequence of each run, in order. */
  readonly ranges: readonly number[]
}

/** A message that was checked. */
export type TopicWireMessage =
  | { readonly type: 'push'; readonly bytes: Uint8Array; readonly ageMs: number }
  | { readonly type: 'have'; readonly names: readonly HeardName[] }
  | { readonly type: 'graft'; readonly names: readonly MessageName[] }
  | { readonly type: 'follow' | 'prune'; readonly authors: readonly string[] }
  | { readonly type: 'sync'; readonly hash: number }
  | { readonly type: 'seen'; readonly wantsReply: boolean; readonly rows: readonly SeenRow[] }

/** Rows of one message at most. */
export const maxRows = 8_192 // 400 kB.
const maxRangeNumbers = 2 * (maxGaps + 1)
const prefixForm = /^[a-z2-7]{16}$/

/** Writes a message as the value that travels. */
export function writeWire(message: TopicWireMessage): unknown {
  switch (message.type) {
    case 'push':
      return { push: [message.bytes, message.ageMs] }
    case 'have':
      return { have: heardToBytes(message.names) }
    case 'graft':
      return { graft: namesToBytes(message.names) }
    case 'follow':
    case 'prune':
      return { [message.type]: prefixesToBytes(message.authors) }
    case 'sync':
      return { sync: message.hash }
    case 'seen': {
      const rows = message.rows.map(({ author, incarnation, ranges }) => {
        return [author, incarnation, ranges]
      })
      return { seen: [message.wantsReply, rows] }
    }
    default:
      return message satisfies never
  }
}

/** Checks a value that came; a string says what is wrong. */
export function readWire(value: unknown): TopicWireMessage | string {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'not a map'
  const entries = Object.entries(value)
  const [entry] = entries
  if (entry === undefined || entries.length !== 1) return 'not exactly one key'
  const [type, content] = entry as [string, unknown]
  switch (type) {
    case 'push':
      return readPush(content)
    case 'have': {
      const names = heardFromBytes(content, maxNames)
      return names === undefined ? 'have names messages' : { type, names }
    }
    case 'graft': {
      const names = namesFromBytes(content, maxNames)
      return names === undefined ? 'graft names messages' : { type, names }
    }
    case 'follow':
    case 'prune': {
      const authors = prefixesFromBytes(content, maxNames)
      return authors === undefined ? `${type} names authors` : { type, authors }
    }
    case 'sync':
      return isCount(content) ? { type, hash: content } : 'sync is a hash'
    case 'seen':
      return readSeen(content)
    default:
      return `unknown: ${type.slice(0, 32)}`
  }
}

function readPush(content: unknown): TopicWireMessage | string {
  if (!Array.isArray(content) || content.length !== 2) return 'push is a message and its age'
  const [bytes, ageMs] = content as unknown[]
  if (!(bytes instanceof Uint8Array) || !isCount(ageMs)) return 'push is a message and its age'
  return { type: 'push', bytes, ageMs }
}

function readSeen(content: unknown): TopicWireMessage | string {
  if (!Array.isArray(content) || content.length !== 2) return 'seen has rows'
  const [wantsReply, list] = content as unknown[]
  if (typeof wantsReply !== 'boolean' || !Array.isArray(list) || list.length > maxRows) {
    return 'seen has rows, and not too many'
  }
  const rows: SeenRow[] = []
  for (const each of list as unknown[]) {
    if (!Array.isArray(each) || each.length !== 3) return 'a row of seen has three parts'
    const [author, incarnation, ranges] = each as unknown[]
    if (typeof author !== 'string' || !prefixForm.test(author)) return 'a row names an author'
    if (!isCount(incarnation) || !isRanges(ranges)) return 'a row has runs of numbers, in order'
    rows.push({ author, incarnation, ranges })
  }
  return { type: 'seen', wantsReply, rows }
}

function isRanges(value: unknown): value is readonly number[] {
  if (!Array.isArray(value) || value.length % 2 !== 0 || value.length > maxRangeNumbers)
    return false
  let before = -1
  for (const [index, each] of (value as unknown[]).entries()) {
    if (!isCount(each) || (index % 2 === 0 ? each <= before : each < before)) return false
    before = each
  }
  return true
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}
