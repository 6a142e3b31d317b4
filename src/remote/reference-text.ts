/**
 * References as text: `skein:PEER/NAME` for what is exposed, `skein:PEER/KIND/NUMBER/TOKEN` for the
 * rest.
 */
import { decodeBase32, encodeBase32 } from '../base/base32.ts'
import { SkeinError } from '../base/errors.ts'
import { isPeerId } from '../base/peer-id.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { ThirdReference } from './marshal.ts'
import { referenceKinds, tokenBytes } from './messages.ts'
import type { ReferenceKind } from './messages.ts'

const scheme = 'skein:'

/** Writes a reference. @throws {SkeinError} `INVALID` it has neither a name nor a token yet. */
export function formatReference(reference: {
  readonly peer: PeerId
  readonly kind: ReferenceKind
  readonly name?: string | undefined
  readonly number?: number | undefined
  readonly token?: Uint8Array | undefined
}): string {
  const { peer, kind, name, number, token } = reference
  if (name !== undefined) return `${scheme}${peer}/${name}`
  if (number !== undefined && token !== undefined) {
    return `${scheme}${peer}/${kind}/${number}/${encodeBase32(token)}`
  }
  throw new SkeinError('INVALID', 'the reference has no text: its owner was not asked for it yet')
}

/** Reads {@link formatReference}. @throws {SkeinError} `INVALID` it is no such text. */
export function parseReference(text: string): ThirdReference {
  const [peer, first = '', numberText = '', tokenText = '', ...more] = text
    .slice(scheme.length)
    .split('/')
  const isOurs = text.startsWith(scheme) && isPeerId(peer) && more.length === 0
  if (isOurs && numberText === '' && first !== '') return { peer, kind: 'object', name: first }
  const kind = referenceKinds.find((each) => each === first)
  const number = Number(numberText)
  const token = decodeBase32(tokenText)
  const isWhole = Number.isSafeInteger(number) && number > 0 && token?.length === tokenBytes
  if (isOurs && kind !== undefined && isWhole) return { peer, kind, number, token }
  throw new SkeinError('INVALID', 'no reference; one looks like skein:PEER/NAME')
}
