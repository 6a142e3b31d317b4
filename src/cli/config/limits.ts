/**
 * The limits that can be set. Each bounds what a peer can make this node hold or wait for. They carry
 * the names of the node's own options and take their defaults from there.
 */
import { limitBounds } from '../../node/limit-bounds.ts'
import { defaultNodeLimits, type NodeLimits } from '../../node/options.ts'
import { wholeNumber } from './kinds.ts'
import { type Setting, setting } from './setting.ts'

/** What each bounds, for the guide. */
const docs = {
  maxInbound: 'Connections that others opened; one more is refused',
  maxOutbound: 'Connections that this node opens and keeps',
  maxHalfOpen: 'Inbound sockets that have not proved their key; one more is closed at once',
  handshakeTimeoutMs: 'How long an inbound socket has to prove its key and say hello',
  dialTimeoutMs: 'How long one dial may take until the peer has answered',
  keepAliveMs:
    'How often a path is asked for a sign of life, which also measures its round-trip time',
  silenceMs: 'A path that is silent for longer is given up; its connection dials a new one',
  reconnectMinMs:
    'The first pause before a lost or failed peer is dialled again; it doubles each time',
  reconnectMaxMs: 'The longest pause between two dials of one peer; dialling never stops',
  maxStreams: 'Open streams on one connection; one more is reset',
  initialWindowBytes: 'How much of a new stream a peer may send before this node has read it',
  maxWindowBytes: 'What that grows to while the stream is read as fast as it comes',
  writeQueueBytes: 'Bytes that wait on one stream before its writer is asked to wait',
  resumeWindowMs: 'How long a connection may be without a path before it expires',
  resumeBufferBytes: 'Unacknowledged bytes that one connection holds; then its writers wait',
  idleMs: 'A connection that was made on demand closes after so long without a stream',
  resumeTotalBytes:
    'Unacknowledged bytes of all connections; then the largest suspended one is closed',
  commandsPerPeer: 'Commands that one peer may have running here at a time; one more is refused',
  commandsPerNode:
    'Commands that may run here at a time for all peers together; one more is refused',
  objectCallsPerPeer: 'Calls and iterations of one peer on objects here at a time; one more fails',
  objectIterationsPerPeer: 'Iterations among them',
  objectReferencesPerPeer:
    'References that one peer holds of this node, and this node of it; one more fails',
  objectValueBytes: "One call's arguments, one result or one item",
  objectValueDepth: 'Containers inside each other in one of these',
  objectUnsentBytes:
    'Results that wait for one peer to read them; then they fail, and at twice as much all ends',
  objectIncomingBytes: 'Large values that one peer sends at a time; the others wait there',
  objectWindowBytes: 'Items that an iteration may send ahead of its reader',
  objectLeaseMs:
    'How long an object lives on for a peer whose connection ended, or whom it was handed to',
} satisfies Record<keyof NodeLimits, string>

/** A limit's name, without `limits.`. */
export type LimitName = keyof NodeLimits

/** The names of all limits, in the order of the guide. */
export const limitNames = Object.keys(docs) as readonly LimitName[]

/** The rows of the limits in the table of settings. */
export const limitSettings = Object.fromEntries(
  limitNames.map((name) => {
    const { min, max } = limitBounds[name]
    return [
      `limits.${name}`,
      setting(wholeNumber(min, max), { fallback: defaultNodeLimits[name], doc: docs[name] }),
    ]
  }),
) as Record<`limits.${LimitName}`, Setting<number>>
