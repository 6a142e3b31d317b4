/**
 * Frames: what travels on a path. All numbers are big-endian.
 *
 *   0        1                 4                8
 *   ┌────────┬─────────────────┬────────────────┬─────────────┐
 *   │ type 8 │ payload bytes 24│  stream id 32  │ payload …   │
 *   └────────┴─────────────────┴────────────────┴─────────────┘
 *
 * A whole frame is at most 64 KiB, so that a full one fills four TLS records exactly.
 *
 * Counted frames carry the conversation: each has an implicit number and is replayed on the next path
 * until it was acknowledged. The others belong to one path and die with it.
 */

/** Bytes of a frame before its payload. */
export const headerBytes = 8
/** Largest payload of any frame. */
export const maxPayloadBytes = 65_536 - headerBytes // Measured best with TLS: four full records.
/** Largest payload of a frame other than DATA, HELLO and WELCOME. */
export const maxControlBytes = 1_024 // Guess: a reason of several sentences fits.
/** Largest payload of HELLO, WELCOME and REFUSE. */
export const maxHandshakeBytes = 16_384 // Guess: fifty addresses and a pass fit.

/** The type byte of each frame. The 0x20s are counted. */
export const frameType = {
  hello: 0x01,
  welcome: 0x02,
  refuse: 0x03,
  ping: 0x10,
  pong: 0x11,
  ack: 0x12,
  switch: 0x13,
  open: 0x20,
  data: 0x21,
  credit: 0x22,
  end: 0x23,
  reset: 0x24,
  goodbye: 0x25,
} as const

/** Tells whether frames of this type are numbered, acknowledged and replayed. */
export function isCounted(type: number): boolean {
  return type >= frameType.open && type <= frameType.goodbye
}

/** Writes a frame's header at `offset`. */
export function writeHeader(
  target: Uint8Array,
  offset: number,
  frame: { readonly type: number; readonly payloadBytes: number; readonly streamId: number },
): void {
  const { type, payloadBytes, streamId } = frame
  target[offset] = type
  target[offset + 1] = payloadBytes >>> 16
  target[offset + 2] = payloadBytes >>> 8
  target[offset + 3] = payloadBytes
  target[offset + 4] = streamId >>> 24
  target[offset + 5] = streamId >>> 16
  target[offset + 6] = streamId >>> 8
  target[offset + 7] = streamId
}

/** Makes a frame that belongs to no stream and is sent by itself. */
export function makeFrame(type: number, payload: Uint8Array): Uint8Array {
  const frame = new Uint8Array(headerBytes + payload.length)
  writeHeader(frame, 0, { type, payloadBytes: payload.length, streamId: 0 })
  frame.set(payload, headerBytes)
  return frame
}

/** Bytes of a frame whose payload is one number. */
export const numberFrameBytes = headerBytes + 8

/** Writes a frame whose payload is one number below 2^53 (ACK, SWITCH, CREDIT, PING, PONG). */
export function writeNumberFrame(
  target: Uint8Array,
  offset: number,
  frame: { readonly type: number; readonly streamId: number; readonly value: number },
): void {
  writeHeader(target, offset, { type: frame.type, payloadBytes: 8, streamId: frame.streamId })
  writeUint53(target, offset + headerBytes, frame.value)
}

/** Makes a frame whose payload is one number below 2^53, sent by itself. */
export function makeNumberFrame(type: number, value: number): Uint8Array {
  const frame = new Uint8Array(numberFrameBytes)
  writeNumberFrame(frame, 0, { type, streamId: 0, value })
  return frame
}

/** A frame of a path, and an ACK behind it: one record carries both. */
export function makeAckedFrame(type: number, value: number, acked: number): Uint8Array {
  const frames = new Uint8Array(2 * numberFrameBytes)
  writeNumberFrame(frames, 0, { type, streamId: 0, value })
  writeNumberFrame(frames, numberFrameBytes, { type: frameType.ack, streamId: 0, value: acked })
  return frames
}

/** Reads 32 bits at `offset`. */
export function readUint32(bytes: Uint8Array, offset: number): number {
  return (
    ((bytes[offset] ?? 0) * 0x100_0000 +
      (((bytes[offset + 1] ?? 0) << 16) |
        ((bytes[offset + 2] ?? 0) << 8) |
        (bytes[offset + 3] ?? 0))) >>>
    0
  )
}

/** Reads 24 bits at `offset`. */
export function readUint24(bytes: Uint8Array, offset: number): number {
  return ((bytes[offset] ?? 0) << 16) | ((bytes[offset + 1] ?? 0) << 8) | (bytes[offset + 2] ?? 0)
}

/** Reads a 64-bit number; `undefined` when it is not below 2^53. */
export function readUint53(bytes: Uint8Array, offset: number): number | undefined {
  const high = readUint32(bytes, offset)
  return high < 2 ** 21 ? high * 2 ** 32 + readUint32(bytes, offset + 4) : undefined
}

function writeUint53(target: Uint8Array, offset: number, value: number): void {
  const high = Math.floor(value / 2 ** 32)
  target[offset] = high >>> 24
  target[offset + 1] = high >>> 16
  target[offset + 2] = high >>> 8
  target[offset + 3] = high
  target[offset + 4] = value >>> 24
  target[offset + 5] = value >>> 16
  target[offset + 6] = value >>> 8
  target[offset + 7] = value
}
