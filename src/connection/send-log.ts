/**
 * The counted frames that the peer has not acknowledged, kept as they were sent, ready for replay.
 *
 *   acked            sent              next
 *     │ entry │ entry │ slab: frames of this turn │
 *     └── retained ───┴──── leave at flush ───────┘
 *
 * Small frames are copied into a slab and leave in one write a turn; a large payload is kept and sent
 * by reference. An entry is what one write carried. Each run in the slab has room for an ACK before
 * it, so that an acknowledgement rides along without a write or a copy of its own.
 *
 * Why not an entry a frame: at 200 000 calls a second that is most of the garbage. For the same reason
 * small writes to one stream that follow each other within a turn become one DATA frame: the last frame
 * grows as long as it has not left (measured, bench: calls with 512 in flight gain 10 to 15 %).
 *
 * **Invariant**: frame `n` of a connection is the same bytes on every path that ever carries it.
 */
import { assert } from '../base/assert.ts'
import {
  frameType,
  headerBytes,
  maxPayloadBytes,
  numberFrameBytes,
  readUint24,
  writeHeader,
  writeNumberFrame,
} from './frames.ts'
import type { Path } from '../transport/contract.ts'

const slabBytes = 65_536 // Measured with TLS: four records a write.
const firstSlabBytes = 4_096 // Guess: after a rest most often one short message comes.
const maxForgottenEntries = 256 // Guess: moving the rest costs less than what it frees.
const copyLimitBytes = 4_096 // Prototype: above it a reference beats a copy.

interface Entry {
  readonly firstNumber: number
  /** Number after the last frame of the entry. */
  readonly endNumber: number
  readonly slab: Uint8Array
  readonly start: number
  readonly end: number
  /** Payload of the entry's last frame where it was too large to copy. */
  readonly payload: Uint8Array | undefined
}

/** See the file's head. */
export class SendLog {
  /** Number of the next frame. */
  nextNumber = 0
  /** All frames before this number were acknowledged. */
  ackedNumber = 0
  /** Bytes of frames that were not acknowledged, those of this turn included. */
  retainedBytes = 0

  #entries: Entry[] = []
  #head = 0
  /** Number of the first frame that waits for the flush. */
  #pendingNumber = 0
  #slab: Uint8Array | undefined
  #isRested = true
  #start = numberFrameBytes
  #end = numberFrameBytes
  /** Where the frame that waits last starts in the slab, if it is DATA and may grow; else -1. */
  #growingAt = -1
  #growingStreamId = 0

  /** Number after the last frame that left. */
  get sentNumber(): number {
    return this.#entries.at(-1)?.endNumber ?? this.ackedNumber
  }

  /** True when frames wait for {@link flush}. */
  get hasPending(): boolean {
    return this.#end > this.#start
  }

  /** Adds a frame whose payload is one number. See {@link append} for the path. */
  appendNumber(
    frame: { readonly type: number; readonly streamId: number; readonly value: number },
    path: Path | undefined,
  ): void {
    const slab = this.#room(numberFrameBytes, path)
    this.#growingAt = -1
    writeNumberFrame(slab, this.#end, frame)
    this.#end += numberFrameBytes
    this.retainedBytes += numberFrameBytes
    this.nextNumber++
  }

  /**
   * Adds a frame, or bytes to the last one where both are DATA of one stream.
   *
   * @param path - Where to send at once what no longer fits this turn's slab; `undefined` keeps it.
   */
  append(
    frame: { readonly type: number; readonly streamId: number },
    payload: Uint8Array,
    path: Path | undefined,
  ): void {
    const payloadBytes = payload.length
    const isCopied = payloadBytes <= copyLimitBytes
    const isData = frame.type === frameType.data
    if (isData && isCopied && this.#grow(frame.streamId, payload)) return
    const slab = this.#room(headerBytes + (isCopied ? payloadBytes : 0), path)
    const end = this.#end
    writeHeader(slab, end, { type: frame.type, payloadBytes, streamId: frame.streamId })
    this.retainedBytes += headerBytes + payloadBytes
    this.nextNumber++
    this.#growingAt = -1
    if (isCopied) {
      slab.set(payload, end + headerBytes)
      this.#end = end + headerBytes + payloadBytes
      if (!isData) return
      this.#growingAt = end
      this.#growingStreamId = frame.streamId
    } else {
      this.#end = end + headerBytes
      this.#leave(path, payload)
    }
  }

  /**
   * Sends the frames of this turn in one write, with an ACK in front where one is due.
   *
   * @param path - Where to; `undefined` keeps them for replay.
   * @param received - The number to acknowledge; below zero where none is due.
   */
  flush(path: Path | undefined, received: number): void {
    if (!this.hasPending) return
    if (path === undefined || received < 0) return this.#leave(path, undefined)
    const slab = this.#slab
    assert(slab !== undefined, 'pending frames stand in a slab')
    const from = this.#start - numberFrameBytes
    writeNumberFrame(slab, from, { type: frameType.ack, streamId: 0, value: received })
    path.write(slab.subarray(from, this.#end))
    this.#retain(undefined)
  }

  /**
   * Forgets all frames before `number`.
   *
   * @returns false when frames before `number` were never sent: the peer is lying.
   */
  acknowledge(number: number): boolean {
    if (number > this.sentNumber) return false
    if (number <= this.ackedNumber) return true
    this.ackedNumber = number
    for (;;) {
      const entry = this.#entries[this.#head]
      if (entry === undefined || entry.endNumber > number) break
      this.retainedBytes -= entry.end - entry.start + (entry.payload?.length ?? 0)
      this.#head++
    }
    if (this.#head === this.#entries.length) this.#startOver()
    else if (this.#head >= maxForgottenEntries) {
      this.#entries = this.#entries.slice(this.#head)
      this.#head = 0
    }
    return true
  }

  /**
   * Sends all frames from `number` on again, on a new path. None of them may be acknowledged yet.
   * Frames that wait for {@link flush} leave with them.
   */
  replay(path: Path, number: number): void {
    this.flush(undefined, -1)
    this.leaveSlab()
    for (let index = this.#head; index < this.#entries.length; index++) {
      const entry = this.#entries[index]
      assert(entry !== undefined, 'the index is within the entries')
      if (entry.endNumber <= number) continue
      const start = skipFrames(entry, number - entry.firstNumber)
      path.write(entry.slab.subarray(start, entry.end), entry.payload)
    }
  }

  /**
   * Writes no more into today's slab: a path that is being left may still hold a reference to it, and
   * would send what is written there later.
   */
  leaveSlab(): void {
    assert(!this.hasPending, 'the turn was flushed before the path changes')
    this.#slab = undefined
  }

  /** Frees the slab when nothing is in it; it comes back on demand. */
  rest(): void {
    if (this.retainedBytes > 0) return
    this.#slab = undefined
    this.#isRested = true
  }

  /** Forgets everything: the connection is over. */
  clear(): void {
    this.#entries = []
    this.#head = 0
    this.#slab = undefined
    this.#start = this.#end = numberFrameBytes
    this.#growingAt = -1
    this.retainedBytes = 0
  }

  #startOver(): void {
    this.#entries = []
    this.#head = 0
    // The peer has it all, so no path still needs the bytes: the slab is written from its start again.
    if (!this.hasPending) this.#start = this.#end = numberFrameBytes
  }

  /** Adds to the frame that waits last; false where that is another stream's, or would grow too large. */
  #grow(streamId: number, more: Uint8Array): boolean {
    const slab = this.#slab
    const at = this.#growingAt
    if (at < 0 || slab === undefined || streamId !== this.#growingStreamId) return false
    const end = this.#end + more.length
    const payloadBytes = end - at - headerBytes
    if (end > slab.length || payloadBytes > maxPayloadBytes) return false
    slab.set(more, this.#end)
    this.#end = end
    this.retainedBytes += more.length
    writeHeader(slab, at, { type: frameType.data, payloadBytes, streamId })
    return true
  }

  /** Makes sure that `bytes` fit behind what is pending. */
  #room(bytes: number, path: Path | undefined): Uint8Array {
    if (this.#slab !== undefined && this.#end + bytes <= this.#slab.length) return this.#slab
    if (this.hasPending) this.#leave(path, undefined)
    const isLittle = this.#isRested && numberFrameBytes + bytes <= firstSlabBytes
    this.#isRested = false
    this.#slab = new Uint8Array(isLittle ? firstSlabBytes : slabBytes)
    this.#start = this.#end = numberFrameBytes
    return this.#slab
  }

  #leave(path: Path | undefined, payload: Uint8Array | undefined): void {
    const slab = this.#slab
    assert(slab !== undefined, 'pending frames stand in a slab')
    path?.write(slab.subarray(this.#start, this.#end), payload)
    this.#retain(payload)
  }

  #retain(payload: Uint8Array | undefined): void {
    const slab = this.#slab
    assert(slab !== undefined, 'pending frames stand in a slab')
    const { nextNumber: endNumber } = this
    const firstNumber = this.#pendingNumber
    this.#pendingNumber = endNumber
    this.#entries.push({
      firstNumber,
      endNumber,
      slab,
      start: this.#start,
      end: this.#end,
      payload,
    })
    this.#end += numberFrameBytes
    this.#start = this.#end
    this.#growingAt = -1
    if (this.#end > slab.length) this.#slab = undefined
  }
}

/** Where the frame `count` behind the entry's first one starts in its slab. */
function skipFrames(entry: Entry, count: number): number {
  let offset = entry.start
  for (let skipped = 0; skipped < count; skipped++) {
    offset += headerBytes + readUint24(entry.slab, offset + 1)
  }
  return offset
}
