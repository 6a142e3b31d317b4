/**
 * What one person sends another to let a node into a network: a line of text that says where the
 * inviter is, who it must be, and a secret that works once.
 *
 *   skein1 base32(version, network key, inviter's key, secret, expiry, addresses, checksum)
 *
 * The secret never travels: the joiner proves that it knows it, with a code that is worth nothing to
 * anybody but this joiner, towards this inviter (HMAC-SHA-256, RFC 2104, over both keys).
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { decodeBase32, encodeBase32 } from '../base/base32.ts'
import { displayAddress, parseHostPort } from '../base/address.ts'
import { SkeinError } from '../base/errors.ts'
import { keyFromPeerId, peerIdFromKey } from '../base/peer-id.ts'
import { readAddress } from './options.ts'
import { plainTicket, ticketPrefix, ticketProblem } from './ticket-form.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { NetworkId } from '../membership/pass.ts'

/** What a ticket says. */
export interface Ticket {
  readonly network: NetworkId
  /** Who gives the pass; another key at its addresses is an error. */
  readonly inviter: PeerId
  /** Where the inviter can be dialled, as URLs. */
  readonly addresses: readonly string[]
  readonly secret: Uint8Array
  /** Unix time, s. */
  readonly expires: number
}

/** What proves that somebody holds a ticket. */
export interface TicketProof {
  readonly ticketId: Uint8Array
  readonly code: Uint8Array
}

/** Bytes of a ticket's secret. */
export const secretBytes = 16 // 128 bits: nobody guesses them.

const formatVersion = 1
const keyBytes = 32
const expiryBytes = 4
const checksumBytes = 4 // A slip of the pen goes unnoticed once in 4 billion.
const headBytes = 1 + 2 * keyBytes + secretBytes + expiryBytes
const ticketIdBytes = 8
const maxAddresses = 3 // Guess: home, office and IPv6; more make the QR code too wide.

/** Writes a ticket as the line that people send. */
export function writeTicket(ticket: Ticket): string {
  const addresses = ticket.addresses.slice(0, maxAddresses).map(shorten).join(' ')
  const tail = new TextEncoder().encode(addresses)
  const bytes = new Uint8Array(headBytes + tail.length + checksumBytes)
  bytes[0] = formatVersion
  bytes.set(keyFromPeerId(ticket.network), 1)
  bytes.set(keyFromPeerId(ticket.inviter), 1 + keyBytes)
  bytes.set(ticket.secret, 1 + 2 * keyBytes)
  new DataView(bytes.buffer).setUint32(headBytes - expiryBytes, ticket.expires)
  bytes.set(tail, headBytes)
  bytes.set(checksum(bytes.subarray(0, -checksumBytes)), bytes.length - checksumBytes)
  return ticketPrefix + encodeBase32(bytes)
}

/**
 * Reads a ticket; blanks, line breaks and capitals do not matter.
 *
 * @throws {SkeinError} `INVALID` it is none, or was altered.
 */
export function readTicket(text: string): Ticket {
  const problem = ticketProblem(text)
  if (problem !== undefined) throw new SkeinError('INVALID', problem)
  const bytes = decodeBase32(plainTicket(text).slice(ticketPrefix.length))
  if (bytes === undefined || bytes.length < headBytes + checksumBytes) throw damaged()
  const [body, sum] = [bytes.subarray(0, -checksumBytes), bytes.subarray(-checksumBytes)]
  if (!timingSafeEqual(checksum(body), sum)) throw damaged()
  if (body[0] !== formatVersion) {
    throw new SkeinError('INVALID', 'the ticket is of a newer version of skein: update this one')
  }
  const addresses = new TextDecoder().decode(body.subarray(headBytes)).split(' ')
  return {
    network: peerIdFromKey(body.slice(1, 1 + keyBytes)),
    inviter: peerIdFromKey(body.slice(1 + keyBytes, 1 + 2 * keyBytes)),
    secret: body.slice(1 + 2 * keyBytes, headBytes - expiryBytes),
    expires: new DataView(body.buffer, body.byteOffset).getUint32(headBytes - expiryBytes),
    addresses: addresses.filter((address) => address !== '').map(readAddress),
  }
}

/** What a ticket is called in its inviter's books: it tells nothing of the secret. */
export function ticketIdOf(secret: Uint8Array): Uint8Array {
  const digest = createHash('sha256').update('skein ticket id').update(secret).digest()
  return new Uint8Array(digest.subarray(0, ticketIdBytes))
}

/** Proves, as `joiner`, to `inviter` that the secret is known. */
export function proveTicket(secret: Uint8Array, joiner: PeerId, inviter: PeerId): TicketProof {
  const code = createHmac('sha256', secret)
    .update('skein ticket')
    .update(keyFromPeerId(joiner))
    .update(keyFromPeerId(inviter))
    .digest()
  return { ticketId: ticketIdOf(secret), code: new Uint8Array(code) }
}

/** Checks what {@link proveTicket} made, in constant time. */
export function isProof(code: Uint8Array, expected: TicketProof): boolean {
  return code.length === expected.code.length && timingSafeEqual(code, expected.code)
}

function checksum(bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(bytes).digest().subarray(0, checksumBytes)
}

function shorten(address: string): string {
  return parseHostPort(address) === undefined ? address : displayAddress(address)
}

function damaged(): SkeinError {
  const text = 'the ticket is incomplete or was altered: copy the whole line, or ask for a new one'
  return new SkeinError('INVALID', text)
}
