/**
 * Takes the bytes of one path apart into frames and hands them to the connection, which decides by
 * the frame's number whether it is news.
 *
 * DATA is handed on in the parts in which it comes (TLS gives at most 16 KiB at a time); every other
 * frame is handed on whole. A path that was switched to early holds its counted frames back until those
 * before them have come: on a path that is there, on one whose WELCOME is still under way, or on this
 * one, after another SWITCH. Which of these it will be the receiver cannot know, so it drops nothing.
 *
 * **Invariant**: nothing is allocated for a frame before its type and length were checked.
 */
import {
  frameType,
  headerBytes,
  isCounted,
  maxControlBytes,
  maxPayloadBytes,
  readUint24,
  readUint32,
} from './frames.ts'

/** A part of a DATA frame. */
export interface DataPart {
  /** Number of the frame on its connection. */
  readonly number: number
  readonly streamId: number
  readonly bytes: Uint8Array
  /** Where the part stands in the frame's payload. */
  readonly offset: number
  readonly payloadBytes: number
}

/** Who gets the frames of a path. The strings returned are violations: reading stops there. */
export interface FrameSink {
  /** Number of the next counted frame that is news. */
  readonly receivedNumber: number
  /** A DATA frame, or a part of one, whose number is `receivedNumber` or below. */
  onDataPart(part: DataPart): string | undefined
  /** Any other whole frame; counted ones have a number of `receivedNumber` or below. */
  onFrame(frame: Frame, reader: FrameReader): string | undefined
}

/** A whole frame other than DATA. */
export interface Frame {
  readonly type: number
  readonly streamId: number
  readonly payload: Uint8Array
  /** Number on its connection, for counted frames. */
  readonly number: number
}

const maxHeldBytes = 8 * 2 ** 20 // Twice what may be in flight.

/** See the file's head. */
export class FrameReader {
  /** Number of the next counted frame on this path. */
  number: number

  readonly #sink: FrameSink
  readonly #header = new Uint8Array(headerBytes)
  #headerLength = 0
  /** Header of the frame whose payload is being read. */
  #type = 0
  #streamId = 0
  #payloadBytes = 0
  #payloadOffset = 0
  #isInPayload = false
  #payload: Uint8Array | undefined
  /** What came early; those before `#heldAt` were handed on. */
  #held: (DataPart | Frame)[] = []
  #heldAt = 0
  #heldBytes = 0

  constructor(sink: FrameSink, number: number) {
    this.#sink = sink
    this.number = number
  }

  /** True while counted frames wait for those before them. */
  get isHolding(): boolean {
    return this.#held.length > this.#heldAt
  }

  /** The peer goes on at `number` on this path. What is held from before that stays good. */
  renumber(number: number): void {
    const kept = this.isHolding ? this.#held.slice(this.#heldAt) : []
    this.#dropHeld()
    for (const item of kept) {
      if (item.number >= number) continue
      this.#held.push(item)
      this.#heldBytes += wireBytes(item)
    }
    this.number = number
  }

  /** Hands on what was held back, as far as it is due now. */
  readHeld(): string | undefined {
    while (this.isHolding) {
      const first = this.#held[this.#heldAt]
      if (first === undefined) break
      if (first.number > this.#sink.receivedNumber) return undefined
      this.#heldAt++
      this.#heldBytes -= wireBytes(first)
      const isPart = 'payloadBytes' in first
      const violation = isPart ? this.#sink.onDataPart(first) : this.#sink.onFrame(first, this)
      if (violation !== undefined) return violation
    }
    this.#dropHeld()
    return undefined
  }

  /**
   * Reads what a path brought.
   *
   * @returns The rule that the peer broke, or `undefined`.
   */
  read(bytes: Uint8Array): string | undefined {
    let offset = 0
    while (offset < bytes.length) {
      if (!this.#isInPayload) {
        const bodyAt = this.#readHeader(bytes, offset)
        if (bodyAt < 0) return undefined
        const violation = this.#checkHeader()
        if (violation !== undefined) return violation
        offset = bodyAt
        if (this.#payloadBytes > 0 && offset === bytes.length) return undefined
      }
      const take = Math.min(this.#payloadBytes - this.#payloadOffset, bytes.length - offset)
      const violation = this.#takePayload(bytes.subarray(offset, offset + take))
      if (violation !== undefined) return violation
      offset += take
    }
    return undefined
  }

  /** Reads a header at `offset`; returns where its payload starts, or -1 when it is not whole yet. */
  #readHeader(bytes: Uint8Array, offset: number): number {
    let source = bytes
    let at = offset
    let end = offset + headerBytes
    if (this.#headerLength > 0 || end > bytes.length) {
      const part = bytes.subarray(offset, offset + headerBytes - this.#headerLength)
      this.#header.set(part, this.#headerLength)
      this.#headerLength += part.length
      if (this.#headerLength < headerBytes) return -1
      this.#headerLength = 0
      source = this.#header
      at = 0
      end = offset + part.length
    }
    this.#type = source[at] ?? 0
    this.#payloadBytes = readUint24(source, at + 1)
    this.#streamId = readUint32(source, at + 4)
    this.#payloadOffset = 0
    this.#payload = undefined
    this.#isInPayload = true
    return end
  }

  #checkHeader(): string | undefined {
    const type = this.#type
    const isKnown = isCounted(type) || (type >= frameType.ping && type <= frameType.switch)
    if (!isKnown) return `C3: no frame of type ${type} belongs here`
    const limit = type === frameType.data ? maxPayloadBytes : maxControlBytes
    if (this.#payloadBytes > limit) return `C4: a frame of ${this.#payloadBytes} bytes`
    if (type === frameType.data && this.#payloadBytes === 0) return 'C4: DATA without bytes'
    return undefined
  }

  /** Tells whether frames before `number` are missing. */
  #isAhead(number: number): boolean {
    return this.isHolding || number > this.#sink.receivedNumber
  }

  /** Puts a frame aside until those before it have come. */
  #hold(item: DataPart | Frame): string | undefined {
    this.#held.push(item)
    this.#heldBytes += wireBytes(item)
    return this.#heldBytes > maxHeldBytes
      ? 'C16: too many bytes ahead of what is missing'
      : undefined
  }

  #dropHeld(): void {
    this.#held = []
    this.#heldAt = 0
    this.#heldBytes = 0
  }

  #takePayload(part: Uint8Array): string | undefined {
    const offset = this.#payloadOffset
    const payloadBytes = this.#payloadBytes
    this.#payloadOffset += part.length
    const isWhole = this.#payloadOffset === payloadBytes
    if (isWhole) this.#isInPayload = false
    if (this.#type === frameType.data) {
      const { number } = this
      if (isWhole) this.number = number + 1
      const data = { number, streamId: this.#streamId, bytes: part, offset, payloadBytes }
      if (this.#isAhead(number)) return this.#hold(data)
      return this.#sink.onDataPart(data)
    }
    const payload = this.#gather(part, offset)
    return isWhole ? this.#giveFrame(payload) : undefined
  }

  /** The payload so far: the part itself where it is all. */
  #gather(part: Uint8Array, offset: number): Uint8Array {
    if (part.length === this.#payloadBytes) return part
    this.#payload ??= new Uint8Array(this.#payloadBytes)
    this.#payload.set(part, offset)
    return this.#payload
  }

  #giveFrame(payload: Uint8Array): string | undefined {
    const { number } = this
    const frame = { type: this.#type, streamId: this.#streamId, payload, number }
    if (!isCounted(this.#type)) return this.#sink.onFrame(frame, this)
    this.number = number + 1
    if (this.#isAhead(number)) return this.#hold(frame)
    return this.#sink.onFrame(frame, this)
  }
}

/** What a frame, or a part of one, took on its path. */
function wireBytes(item: DataPart | Frame): number {
  return headerBytes + ('payloadBytes' in item ? item.bytes.length : item.payload.length)
}
