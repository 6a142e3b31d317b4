/** Checks the fields of a reference's description, which a peer sent. */
import { peerIdFromKey } from '../base/peer-id.ts'
import type { PeerId } from '../base/peer-id.ts'
import { violation } from './frame-reader.ts'
import { referenceKinds, tokenBytes } from './messages.ts'
import type { ReferenceKind } from './messages.ts'
import { maxNameLength } from './options.ts'

/** A number of an object. @throws {SkeinError} `VIOLATION`. */
export function asNumber(value: unknown): number {
  if (Number.isSafeInteger(value) && (value as number) > 0) return value as number
  throw violation('O20: a reference without a number')
}

/** A token. @throws {SkeinError} `VIOLATION`. */
export function asToken(value: unknown): Uint8Array {
  if (value instanceof Uint8Array && value.length === tokenBytes) return value.slice()
  throw violation('O20: a reference without a token')
}

/** The name of an object. @throws {SkeinError} `VIOLATION`. */
export function asName(value: unknown): string {
  if (typeof value === 'string' && value.length > 0 && value.length <= maxNameLength) return value
  throw violation('O20: a reference with a name that is none')
}

/** What a reference points to. @throws {SkeinError} `VIOLATION`. */
export function asKind(value: unknown): ReferenceKind {
  const kind = typeof value === 'number' ? referenceKinds[value] : undefined
  if (kind === undefined) throw violation('O20: a reference of an unknown type')
  return kind
}

/** Whose an object is. @throws {SkeinError} `VIOLATION`. */
export function asPeer(value: unknown): PeerId {
  if (value instanceof Uint8Array && value.length === 32) return peerIdFromKey(value)
  throw violation('O20: a reference to nobody')
}
