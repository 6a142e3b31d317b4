/** Within which bounds each limit can be set, by a program as by a configuration. */
import type { NodeLimits } from './options.ts'

/** The least and the largest value of a limit; all are whole numbers. */
export interface LimitBounds {
  readonly min: number
  readonly max: number
}

const mebibyte = 2 ** 20

/** See the file's head. */
export const limitBounds = {
  maxInbound: { min: 0, max: 1_000_000 },
  maxOutbound: { min: 0, max: 1_000_000 },
  maxHalfOpen: { min: 1, max: 65_536 },
  handshakeTimeoutMs: { min: 10, max: 600_000 },
  dialTimeoutMs: { min: 10, max: 600_000 },
  keepAliveMs: { min: 100, max: 3_600_000 },
  silenceMs: { min: 300, max: 86_400_000 },
  reconnectMinMs: { min: 10, max: 3_600_000 },
  reconnectMaxMs: { min: 10, max: 86_400_000 },
  maxStreams: { min: 1, max: 1_000_000 },
  initialWindowBytes: { min: 1_024, max: 1_024 * mebibyte },
  maxWindowBytes: { min: 1_024, max: 1_024 * mebibyte },
  writeQueueBytes: { min: 1_024, max: 1_024 * mebibyte },
  resumeWindowMs: { min: 0, max: 86_400_000 },
  resumeBufferBytes: { min: 65_536, max: 4_096 * mebibyte },
  idleMs: { min: 1_000, max: 86_400_000 },
  resumeTotalBytes: { min: 65_536, max: 65_536 * mebibyte },
  commandsPerPeer: { min: 1, max: 65_536 },
  commandsPerNode: { min: 1, max: 65_536 },
  objectCallsPerPeer: { min: 1, max: 1_000_000 },
  objectIterationsPerPeer: { min: 1, max: 1_000_000 },
  objectReferencesPerPeer: { min: 1, max: 16_777_216 },
  objectValueBytes: { min: 65_536, max: 1_024 * mebibyte },
  objectValueDepth: { min: 1, max: 500 },
  objectUnsentBytes: { min: 65_536, max: 4_096 * mebibyte },
  objectIncomingBytes: { min: 65_536, max: 4_096 * mebibyte },
  objectWindowBytes: { min: 1_024, max: 1_024 * mebibyte },
  objectLeaseMs: { min: 0, max: 86_400_000 },
} satisfies Record<keyof NodeLimits, LimitBounds>
