/**
 * The limits that can be set. Each bounds what a peer can make this node hold or wait for. Those of a
 * connection carry the names of its options and take their defaults from there.
 */
import { defaultConnectionOptions } from '../../connection/options.ts'
import { wholeNumber } from './kinds.ts'
import { type Setting, setting } from './setting.ts'

const mebibyte = 2 ** 20

interface Limit {
  readonly fallback: number
  readonly min: number
  readonly max: number
  readonly doc: string
}

const limits = {
  maxInbound: {
    fallback: 1_024, // Guess: more idle connections than a mesh of equals needs.
    min: 0,
    max: 1_000_000,
    doc: 'Connections that others opened; one more is refused',
  },
  maxOutbound: {
    fallback: 256, // Guess: as maxInbound, but this node chooses them.
    min: 0,
    max: 1_000_000,
    doc: 'Connections that this node opens and keeps',
  },
  maxHalfOpen: {
    fallback: 64, // Guess: a handshake takes 10 ms of a core, more would only wait.
    min: 1,
    max: 65_536,
    doc: 'Inbound sockets that have not proved their key; one more is closed at once',
  },
  handshakeTimeoutMs: {
    fallback: 5_000, // Guess: three round trips at 600 ms with two losses.
    min: 10,
    max: 600_000,
    doc: 'How long an inbound socket has to prove its key and say hello',
  },
  dialTimeoutMs: {
    fallback: 5_000, // As handshakeTimeoutMs: both sides wait equally long.
    min: 10,
    max: 600_000,
    doc: 'How long one dial may take until the peer has answered',
  },
  keepAliveMs: {
    fallback: defaultConnectionOptions.keepAliveMs,
    min: 100,
    max: 3_600_000,
    doc: 'How often a path is asked for a sign of life, which also measures its round-trip time',
  },
  silenceMs: {
    fallback: defaultConnectionOptions.silenceMs,
    min: 300,
    max: 86_400_000,
    doc: 'A path that is silent for longer is given up; its connection dials a new one',
  },
  reconnectMinMs: {
    fallback: 250, // Guess: a restarting peer is back before anybody notices.
    min: 10,
    max: 3_600_000,
    doc: 'The first pause before a lost or failed peer is dialled again; it doubles each time',
  },
  reconnectMaxMs: {
    fallback: 30_000, // Guess: a peer that comes back after a night is found within half a minute.
    min: 10,
    max: 86_400_000,
    doc: 'The longest pause between two dials of one peer; dialling never stops',
  },
  maxStreams: {
    fallback: defaultConnectionOptions.maxStreams,
    min: 1,
    max: 1_000_000,
    doc: 'Open streams on one connection; one more is reset',
  },
  initialWindowBytes: {
    fallback: defaultConnectionOptions.initialWindowBytes,
    min: 1_024,
    max: 1_024 * mebibyte,
    doc: 'How much of a new stream a peer may send before this node has read it',
  },
  maxWindowBytes: {
    fallback: defaultConnectionOptions.maxWindowBytes,
    min: 1_024,
    max: 1_024 * mebibyte,
    doc: 'What that grows to while the stream is read as fast as it comes',
  },
  writeQueueBytes: {
    fallback: defaultConnectionOptions.writeQueueBytes,
    min: 1_024,
    max: 1_024 * mebibyte,
    doc: 'Bytes that wait on one stream before its writer is asked to wait',
  },
  resumeWindowMs: {
    fallback: defaultConnectionOptions.resumeWindowMs,
    min: 0,
    max: 86_400_000,
    doc: 'How long a connection may be without a path before it expires',
  },
  resumeBufferBytes: {
    fallback: defaultConnectionOptions.resumeBufferBytes,
    min: 65_536,
    max: 4_096 * mebibyte,
    doc: 'Unacknowledged bytes that one connection holds; then its writers wait',
  },
  resumeTotalBytes: {
    fallback: 256 * mebibyte, // DESIGN §4.7
    min: 65_536,
    max: 65_536 * mebibyte,
    doc: 'Unacknowledged bytes of all connections; then the largest suspended one is closed',
  },
  commandsPerPeer: {
    fallback: 64, // Guess: nobody types so fast, and a script gets a clear refusal.
    min: 1,
    max: 65_536,
    doc: 'Commands that one peer may have running here at a time; one more is refused',
  },
  commandsPerNode: {
    fallback: 256, // Guess: four peers at their limit.
    min: 1,
    max: 65_536,
    doc: 'Commands that may run here at a time for all peers together; one more is refused',
  },
} satisfies Record<string, Limit>

/** A limit's name, without `limits.`. */
export type LimitName = keyof typeof limits

/** All limits with their values; the unit is the end of each name. */
export type Limits = { readonly [Name in LimitName]: number }

/** The names of all limits, in the order of the guide. */
export const limitNames = Object.keys(limits) as readonly LimitName[]

/** The rows of the limits in the table of settings. */
export const limitSettings = Object.fromEntries(
  Object.entries(limits).map(([name, { fallback, doc, min, max }]) => [
    `limits.${name}`,
    setting(wholeNumber(min, max), { fallback, doc }),
  ]),
) as Record<`limits.${LimitName}`, Setting<number>>
