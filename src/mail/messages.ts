/**
 * What travels on a stream of `mail/1`: questions `[number, kind, content]` of the side that opened it,
 * and their answers `[number, content]`, or `[number, null, code, text]` where it cannot be done now.
 *
 *   offer     {to, groups}    "I have these for that recipient"      → {want: groups, receipts, laterMs}
 *   put       {items}         envelopes: to store for the other side, or to hold → {results, receipts}
 *   receipts  {items}         "these have arrived, or were read"     → {}
 *   collect   {}              "I am back: what do you hold for me?"  → {}
 *   wall      {hash}          "is your wall the same?"               → {} or {groups, sinceMs}
 *   fetch     {groups}        "send me these posts"                  → {items}
 *   posts     {items}         posts that you lack                    → {}
 *
 * A group is `[author's key, epoch, ranges of counters]`.
 */
import { isErrorCode } from '../base/errors.ts'
import { keyFromPeerId } from '../base/peer-id.ts'
import { isMap, readKey } from '../codec/signed.ts'
import { isOrdinal } from './signed.ts'
import { isRanges } from './ranges.ts'
import { maxRanges } from './receipt.ts'
import type { ErrorCode } from '../base/errors.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { Ranges } from './ranges.ts'

/** Messages of one author. */
export interface Group {
  readonly author: PeerId
  readonly epoch: number
  readonly counters: Ranges
}

/** A question that was checked. */
export type MailRequest =
  | { readonly kind: 'offer'; readonly to: PeerId; readonly groups: readonly Group[] }
  | { readonly kind: 'put' | 'receipts' | 'posts'; readonly items: readonly Uint8Array[] }
  | { readonly kind: 'collect' }
  | { readonly kind: 'wall'; readonly hash: string }
  | { readonly kind: 'fetch'; readonly groups: readonly Group[] }

/**
 * What became of an envelope. `later`: no room, or too many at once; `refused`: the recipient, or the
 * holder, takes nothing of this author; `invalid`: it is wrong and will never be taken.
 */
export type PutResult = 'stored' | 'later' | 'refused' | 'invalid'

/** An answer that was checked; what was not asked for is empty. */
export interface MailAnswer {
  readonly want: readonly Group[]
  readonly receipts: readonly Uint8Array[]
  /** Ask again after this, ms; 0 where there is nothing to wait for. */
  readonly laterMs: number
  readonly results: readonly PutResult[]
  /** What was wrong with the first that was not stored. */
  readonly reason: string
  /** What the other wall has; absent where it is the same. */
  readonly groups: readonly Group[] | undefined
  readonly sinceMs: number
  readonly items: readonly Uint8Array[]
}

/** Why a question could not be answered. */
export interface MailRefusal {
  readonly code: ErrorCode
  readonly message: string
}

/** Envelopes, receipts or posts of one message at most. */
export const maxItems = 256
/** Groups of one message at most. */
export const maxGroups = 1_024
/** Bytes of one message at most: a batch of envelopes and one of a megabyte. */
export const maxMessageBytes = 2.5 * 2 ** 20
/** Bytes of items that a sender puts into one message, if they are more than one. */
export const batchBytes = 2 ** 20

/** An answer that says nothing. */
export const emptyAnswer: MailAnswer = {
  want: [],
  receipts: [],
  laterMs: 0,
  results: [],
  reason: '',
  groups: undefined,
  sinceMs: 0,
  items: [],
}

const putResults: readonly PutResult[] = ['stored', 'later', 'refused', 'invalid']
const maxReasonLength = 200
const maxLaterMs = 600_000
const hashPattern = /^[0-9a-f]{16}$/

/** Writes a question as the value that travels. */
export function writeRequest(number: number, request: MailRequest): unknown {
  switch (request.kind) {
    case 'offer': {
      const { kind, to, groups } = request
      return [number, kind, { to: keyFromPeerId(to), groups: groups.map(writeGroup) }]
    }
    case 'put':
    case 'receipts':
    case 'posts':
      return [number, request.kind, { items: request.items }]
    case 'collect':
      return [number, request.kind, {}]
    case 'wall':
      return [number, request.kind, { hash: request.hash }]
    case 'fetch':
      return [number, request.kind, { groups: request.groups.map(writeGroup) }]
    default:
      return request satisfies never
  }
}

/** Checks a question that came; a string says what is wrong. */
export function readRequest(value: unknown): readonly [number, MailRequest] | string {
  if (!Array.isArray(value) || value.length !== 3) return 'no question'
  const [number, kind, content] = value as unknown[]
  if (!isOrdinal(number) || !isMap(content)) return 'no question'
  const request = readKind(kind, content)
  return typeof request === 'string' ? request : [number, request]
}

function readKind(kind: unknown, content: Readonly<Record<string, unknown>>): MailRequest | string {
  switch (kind) {
    case 'offer': {
      const [to, groups] = [readKey(content['to']), readGroups(content['groups'])]
      if (to === undefined || groups === undefined) return 'a malformed offer'
      return { kind, to, groups }
    }
    case 'put':
    case 'receipts':
    case 'posts': {
      const { items } = content
      return isItems(items) ? { kind, items } : `malformed ${kind}`
    }
    case 'collect':
      return { kind }
    case 'wall': {
      const { hash } = content
      return typeof hash === 'string' && hashPattern.test(hash) ? { kind, hash } : 'a hash of none'
    }
    case 'fetch': {
      const groups = readGroups(content['groups'])
      return groups === undefined ? 'a malformed fetch' : { kind, groups }
    }
    default:
      return 'an unknown question'
  }
}

/** Writes an answer as the value that travels. */
export function writeAnswer(number: number, answer: Partial<MailAnswer> | MailRefusal): unknown {
  if ('code' in answer) return [number, null, answer.code, answer.message.slice(0, maxReasonLength)]
  const { want, groups, results, ...rest } = answer
  const content = {
    ...rest,
    ...(want !== undefined && { want: want.map(writeGroup) }),
    ...(groups !== undefined && { groups: groups.map(writeGroup) }),
    ...(results !== undefined && { results: results.map((each) => putResults.indexOf(each)) }),
  }
  return [number, content]
}

/** Checks an answer that came; a string says what is wrong. */
export function readAnswer(value: unknown): readonly [number, MailAnswer | MailRefusal] | string {
  if (!Array.isArray(value)) return 'no answer'
  const [number, content, code, message] = value as unknown[]
  if (!isOrdinal(number)) return 'no answer'
  if (content === null) {
    if (typeof message !== 'string') return 'no answer'
    const text = message.slice(0, maxReasonLength)
    return [number, { code: isErrorCode(code) ? code : 'INTERNAL', message: text }]
  }
  if (!isMap(content)) return 'no answer'
  const answer = readContent(content)
  return typeof answer === 'string' ? answer : [number, answer]
}

function readContent(content: Readonly<Record<string, unknown>>): MailAnswer | string {
  const { receipts = [], laterMs = 0, results = [], items = [], sinceMs = 0 } = content
  const { reason = '' } = content
  const want = readGroups(content['want'] ?? [])
  const groups = content['groups'] === undefined ? undefined : readGroups(content['groups'])
  if (want === undefined || (content['groups'] !== undefined && groups === undefined))
    return 'malformed groups'
  if (!isItems(receipts) || !isItems(items)) return 'malformed items'
  if (!isCount(laterMs) || !isCount(sinceMs) || typeof reason !== 'string') return 'no answer'
  if (!Array.isArray(results) || results.length > maxItems) return 'malformed results'
  const read = results.map((each: unknown) => putResults[each as number] ?? 'invalid')
  return {
    want,
    receipts,
    laterMs: Math.min(laterMs, maxLaterMs),
    results: read,
    reason: reason.slice(0, maxReasonLength),
    groups,
    sinceMs,
    items,
  }
}

function writeGroup({ author, epoch, counters }: Group): unknown {
  return [keyFromPeerId(author), epoch, counters]
}

function readGroups(value: unknown): readonly Group[] | undefined {
  if (!Array.isArray(value) || value.length > maxGroups) return undefined
  const groups = value.map(readGroup)
  return groups.every((group) => group !== undefined) ? groups : undefined
}

function readGroup(value: unknown): Group | undefined {
  if (!Array.isArray(value) || value.length !== 3) return undefined
  const [key, epoch, counters] = value as unknown[]
  const author = readKey(key)
  if (author === undefined || !isOrdinal(epoch) || !isRanges(counters, maxRanges)) return undefined
  return { author, epoch, counters }
}

function isItems(value: unknown): value is readonly Uint8Array[] {
  if (!Array.isArray(value) || value.length > maxItems) return false
  return (value as unknown[]).every((each) => each instanceof Uint8Array)
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}
