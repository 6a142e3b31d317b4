/**
 * The limits that can be set. Each bounds what a peer can make this node hold or wait for. They carry
 * the names of the node's own options and take their defaults from there.
 */
import { defaultNodeLimits, type NodeLimits } from '../../node/options.ts'
import { wholeNumber } from './kinds.ts'
import { type Setting, setting } from './setting.ts'

const mebibyte = 2 ** 20

interface Limit {
  readonly min: number
  readonly max: number
  readonly doc: string
}

const limits = {
  maxInbound: {
    min: 0,
    max: 1_000_000,
    doc: 'Connections that others opened; one more is refused',
  },
  maxOutbound: {
    min: 0,
    max: 1_000_000,
    doc: 'Connections that this node opens and keeps',
  },
  maxHalfOpen: {
    min: 1,
    max: 65_536,
    doc: 'Inbound sockets that have not proved their key; one more is closed at once',
  },
  handshakeTimeoutMs: {
    min: 10,
    max: 600_000,
    doc: 'How long an inbound socket has to prove its key and say hello',
  },
  dialTimeoutMs: {
    min: 10,
    max: 600_000,
    doc: 'How long one dial may take until the peer has answered',
  },
  keepAliveMs: {
    min: 100,
    max: 3_600_000,
    doc: 'How often a path is asked for a sign of life, which also measures its round-trip time',
  },
  silenceMs: {
    min: 300,
    max: 86_400_000,
    doc: 'A path that is silent for longer is given up; its connection dials a new one',
  },
  reconnectMinMs: {
    min: 10,
    max: 3_600_000,
    doc: 'The first pause before a lost or failed peer is dialled again; it doubles each time',
  },
  reconnectMaxMs: {
    min: 10,
    max: 86_400_000,
    doc: 'The longest pause between two dials of one peer; dialling never stops',
  },
  maxStreams: {
    min: 1,
    max: 1_000_000,
    doc: 'Open streams on one connection; one more is reset',
  },
  initialWindowBytes: {
    min: 1_024,
    max: 1_024 * mebibyte,
    doc: 'How much of a new stream a peer may send before this node has read it',
  },
  maxWindowBytes: {
    min: 1_024,
    max: 1_024 * mebibyte,
    doc: 'What that grows to while the stream is read as fast as it comes',
  },
  writeQueueBytes: {
    min: 1_024,
    max: 1_024 * mebibyte,
    doc: 'Bytes that wait on one stream before its writer is asked to wait',
  },
  resumeWindowMs: {
    min: 0,
    max: 86_400_000,
    doc: 'How long a connection may be without a path before it expires',
  },
  resumeBufferBytes: {
    min: 65_536,
    max: 4_096 * mebibyte,
    doc: 'Unacknowledged bytes that one connection holds; then its writers wait',
  },
  idleMs: {
    min: 1_000,
    max: 86_400_000,
    doc: 'A connection that was made on demand closes after so long without a stream',
  },
  resumeTotalBytes: {
    min: 65_536,
    max: 65_536 * mebibyte,
    doc: 'Unacknowledged bytes of all connections; then the largest suspended one is closed',
  },
  commandsPerPeer: {
    min: 1,
    max: 65_536,
    doc: 'Commands that one peer may have running here at a time; one more is refused',
  },
  commandsPerNode: {
    min: 1,
    max: 65_536,
    doc: 'Commands that may run here at a time for all peers together; one more is refused',
  },
  objectCallsPerPeer: {
    min: 1,
    max: 1_000_000,
    doc: 'Calls and iterations of one peer on objects here at a time; one more fails',
  },
  objectIterationsPerPeer: {
    min: 1,
    max: 1_000_000,
    doc: 'Iterations among them',
  },
  objectReferencesPerPeer: {
    min: 1,
    max: 16_777_216,
    doc: 'References that one peer holds of this node, and this node of it; one more fails',
  },
  objectValueBytes: {
    min: 65_536,
    max: 1_024 * mebibyte,
    doc: "One call's arguments, one result or one item",
  },
  objectValueDepth: {
    min: 1,
    max: 500,
    doc: 'Containers inside each other in one of these',
  },
  objectUnsentBytes: {
    min: 65_536,
    max: 4_096 * mebibyte,
    doc: 'Results that wait for one peer to read them; then they fail, and at twice as much all ends',
  },
  objectIncomingBytes: {
    min: 65_536,
    max: 4_096 * mebibyte,
    doc: 'Large values that one peer sends at a time; the others wait there',
  },
  objectWindowBytes: {
    min: 1_024,
    max: 1_024 * mebibyte,
    doc: 'Items that an iteration may send ahead of its reader',
  },
  objectLeaseMs: {
    min: 0,
    max: 86_400_000,
    doc: 'How long an object lives on for a peer whose connection ended, or whom it was handed to',
  },
} satisfies Record<keyof NodeLimits, Limit>

/** A limit's name, without `limits.`. */
export type LimitName = keyof NodeLimits

/** The names of all limits, in the order of the guide. */
export const limitNames = Object.keys(limits) as readonly LimitName[]

/** The rows of the limits in the table of settings. */
export const limitSettings = Object.fromEntries(
  limitNames.map((name) => {
    const { doc, min, max } = limits[name]
    return [
      `limits.${name}`,
      setting(wholeNumber(min, max), { fallback: defaultNodeLimits[name], doc }),
    ]
  }),
) as Record<`limits.${LimitName}`, Setting<number>>
