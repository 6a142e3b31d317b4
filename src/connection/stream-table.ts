/**
 * The streams of one connection: opens them, hands frames to them, and sends what they have in turn.
 *
 * Stream numbers of the side with the lower peer ID are even, the other side's odd. A number is used
 * once; frames for a number that is over are ignored, those for one that never was are a violation.
 */
import { decode, encode } from '../codec/index.ts'
import { SkeinError, isErrorCode } from '../base/errors.ts'
import { frameType, readUint53 } from './frames.ts'
import { SendLine } from './send-line.ts'
import { ConnectionStream } from './stream.ts'
import type { ErrorCode } from '../base/errors.ts'
import type { Clock } from '../base/clock.ts'
import type { Priority, Stream } from './contract.ts'
import type { DataPart, Frame } from './frame-reader.ts'
import type { ConnectionOptions } from './options.ts'
import type { LineOwner } from './send-line.ts'
import type { SendLog } from './send-log.ts'
import type { StreamOwner } from './stream.ts'

/** What the streams ask of their connection. */
export interface FrameOutlet {
  readonly clock: Clock
  readonly options: ConnectionOptions
  readonly isLower: boolean
  /** Credit that the peer gives each stream from its start. */
  readonly peerWindowBytes: number
  readonly canSend: boolean
  readonly inFlightBytes: number
  append(type: number, streamId: number, payload: Uint8Array): void
  appendNumber(type: number, streamId: number, value: number): void
  /** Sends what was appended and what is in line, at the end of this turn. */
  wake(): void
  /** Somebody began to wait for the peer. */
  onNeed(): void
  /** Offers a stream that the peer opened; false when nobody serves its protocol. */
  accept(stream: Stream): boolean
}

const maxProtocolBytes = 64
const maxReasonLength = 500
const maxStreamId = 2 ** 32 - 4

/** See the file's head. */
export class StreamTable implements StreamOwner, LineOwner {
  readonly clock: Clock
  /** Bytes that wait on streams and were not numbered yet. */
  queuedBytes = 0

  readonly #outlet: FrameOutlet
  readonly #line = new SendLine(this)
  readonly #streams = new Map<number, ConnectionStream>()
  readonly #waiting = new Set<ConnectionStream>()
  #nextId: number
  #highestPeerId = -1
  #peerStreams = 0
  readonly #log: Pick<SendLog, 'nextNumber' | 'ackedNumber'>
  /** Number after the last frame of a stream that was not in the background and is, or is over. */
  #owedNumber = 0

  constructor(outlet: FrameOutlet, log: Pick<SendLog, 'nextNumber' | 'ackedNumber'>) {
    this.#outlet = outlet
    this.#log = log
    this.clock = outlet.clock
    this.#nextId = outlet.isLower ? 0 : 1
  }

  /** Streams that are open and not in the background. */
  get neededCount(): number {
    let count = 0
    for (const { isBackground } of this.#streams.values()) if (!isBackground) count++
    return count
  }

  /** Whether such a stream is open, or the peer has not acknowledged the last words of one. */
  get isNeeded(): boolean {
    return this.neededCount > 0 || this.#owedNumber > this.#log.ackedNumber
  }

  get maxWindowBytes(): number {
    return this.#outlet.options.maxWindowBytes
  }

  get writeQueueBytes(): number {
    return this.#outlet.options.writeQueueBytes
  }

  get inFlightBytes(): number {
    return this.#outlet.inFlightBytes
  }

  get isFull(): boolean {
    return this.inFlightBytes + this.queuedBytes >= this.#outlet.options.resumeBufferBytes
  }

  /** Opens a stream. */
  open(protocol: string, priority: Priority): Stream {
    const name = new TextEncoder().encode(protocol)
    if (name.length === 0 || name.length > maxProtocolBytes) {
      throw new SkeinError('INVALID', `a protocol name has 1 to ${maxProtocolBytes} bytes`)
    }
    if (this.#nextId > maxStreamId) {
      throw new SkeinError('LIMIT_EXCEEDED', 'all stream numbers of the connection were used')
    }
    const id = this.#nextId
    this.#nextId += 2
    const stream = this.#add(id, protocol, priority)
    const payload = new Uint8Array(1 + name.length)
    payload[0] = priority === 'call' ? 0 : 1
    payload.set(name, 1)
    this.#outlet.append(frameType.open, id, payload)
    this.#outlet.wake()
    this.#outlet.onNeed()
    return stream
  }

  /** Sends what is in line, as far as it may go now. */
  pump(): void {
    if (this.#outlet.canSend && !this.#line.isEmpty) this.#line.pump()
    if (this.#waiting.size > 0 && !this.isFull) this.#wakeWriters()
  }

  /** Closes every stream with the same error. */
  closeAll(error: SkeinError): void {
    for (const stream of this.#streams.values()) stream.close(error)
  }

  /** Takes a part of a DATA frame that is news. */
  onData(part: DataPart, skip: number): string | undefined {
    const stream = this.#streams.get(part.streamId)
    if (stream === undefined) return this.#checkKnown(part.streamId)
    if (stream.priority === 'call') this.#line.sawCall()
    if (part.offset + skip === 0 && !stream.hasCredit(part.payloadBytes)) {
      return `C9: stream ${part.streamId} sent beyond its credit`
    }
    stream.receive(skip === 0 ? part.bytes : part.bytes.subarray(skip))
    return undefined
  }

  /** Takes any other counted frame of a stream. */
  onFrame(frame: Frame): string | undefined {
    if (frame.type === frameType.open) return this.#onOpen(frame)
    const stream = this.#streams.get(frame.streamId)
    if (stream === undefined) return this.#checkKnown(frame.streamId)
    switch (frame.type) {
      case frameType.credit: {
        const offset = readUint53(frame.payload, 0)
        if (frame.payload.length !== 8 || offset === undefined) return 'C9: a malformed CREDIT'
        stream.receiveCredit(offset)
        return undefined
      }
      case frameType.end:
        stream.receiveEnd()
        return undefined
      default:
        return this.#onReset(stream, frame.payload)
    }
  }

  sendNow(stream: ConnectionStream, bytes: Uint8Array): boolean {
    if (!this.#outlet.canSend || !this.#line.mayPass(stream, bytes.length)) return false
    stream.countSent(bytes.length)
    this.sendData(stream, bytes)
    this.#outlet.wake()
    return true
  }

  sendData(stream: ConnectionStream, bytes: Uint8Array): void {
    if (stream.priority === 'call') this.#line.sawCall()
    this.#outlet.append(frameType.data, stream.id, bytes)
  }

  sendEnd(stream: ConnectionStream): void {
    this.#outlet.append(frameType.end, stream.id, noBytes)
    stream.markEndSent()
  }

  sendCredit(stream: ConnectionStream, offset: number): void {
    this.#outlet.appendNumber(frameType.credit, stream.id, offset)
    this.#outlet.wake()
  }

  sendReset(stream: ConnectionStream, code: ErrorCode, message: string): void {
    this.#sendResetOf(stream.id, code, message)
  }

  enqueue(stream: ConnectionStream): void {
    this.#line.add(stream)
    this.#outlet.wake()
  }

  awaitRoom(stream: ConnectionStream): void {
    this.#waiting.add(stream)
  }

  countQueued(bytes: number): void {
    this.queuedBytes += bytes
  }

  forget(stream: ConnectionStream): void {
    this.#waiting.delete(stream)
    if (!this.#streams.delete(stream.id)) return
    if (!stream.isBackground) this.#owedNumber = this.#log.nextNumber
    if (this.#isPeers(stream.id)) this.#peerStreams--
  }

  noteNeed(stream: ConnectionStream): void {
    if (!stream.isBackground) this.#outlet.onNeed()
    else if (stream.hasSent) this.#owedNumber = this.#log.nextNumber
  }

  #wakeWriters(): void {
    for (const stream of this.#waiting) {
      if (stream.queuedBytes > this.writeQueueBytes / 2) continue
      this.#waiting.delete(stream)
      stream.drained()
    }
  }

  #onOpen({ streamId, payload }: Frame): string | undefined {
    if (!this.#isPeers(streamId)) return `C8: OPEN of stream ${streamId}, which is ours to number`
    if (streamId <= this.#highestPeerId) return `C8: OPEN of stream ${streamId}, which was used`
    if (payload.length < 2 || payload.length > 1 + maxProtocolBytes) return 'C8: a malformed OPEN'
    this.#highestPeerId = streamId
    const protocol = new TextDecoder().decode(payload.subarray(1))
    if (this.#peerStreams >= this.#outlet.options.maxStreams) {
      const limit = this.#outlet.options.maxStreams
      this.#sendResetOf(streamId, 'LIMIT_EXCEEDED', `at most ${limit} streams at a time`)
      return undefined
    }
    this.#peerStreams++
    const stream = this.#add(streamId, protocol, payload[0] === 0 ? 'call' : 'bulk')
    if (!this.#outlet.accept(stream) && !stream.isClosed) {
      stream.reset('PROTOCOL_UNKNOWN', `nobody here speaks ${JSON.stringify(protocol)}`)
    }
    return undefined
  }

  #onReset(stream: ConnectionStream, payload: Uint8Array): string | undefined {
    const reason = readReason(payload)
    if (reason === undefined) return 'C12: a malformed RESET'
    stream.close(new SkeinError(reason.code, reason.message))
    return undefined
  }

  #sendResetOf(id: number, code: ErrorCode, message: string): void {
    this.#outlet.append(frameType.reset, id, writeReason(code, message))
    this.#outlet.wake()
  }

  #add(id: number, protocol: string, priority: Priority): ConnectionStream {
    const stream = new ConnectionStream({
      id,
      protocol,
      priority,
      owner: this,
      sendCredit: this.#outlet.peerWindowBytes,
      receiveWindow: this.#outlet.options.initialWindowBytes,
    })
    this.#streams.set(id, stream)
    return stream
  }

  #isPeers(id: number): boolean {
    return (id % 2 === 0) !== this.#outlet.isLower
  }

  /** Frames may be under way to a stream that is over; one that never was is made up. */
  #checkKnown(id: number): string | undefined {
    const wasOpen = this.#isPeers(id) ? id <= this.#highestPeerId : id < this.#nextId
    return wasOpen ? undefined : `C8: a frame for stream ${id}, which was never opened`
  }
}

const noBytes = new Uint8Array()

/** Writes why something ended: a CBOR map of code and message. */
export function writeReason(code: string, message: string): Uint8Array {
  return encode({ code, message: message.slice(0, maxReasonLength).toWellFormed() })
}

/** Reads {@link writeReason}; a code of a later version is read as `STREAM_RESET`. */
export function readReason(
  payload: Uint8Array,
): { readonly code: ErrorCode; readonly message: string } | undefined {
  const decoded = decode(payload)
  if (!decoded.ok || typeof decoded.value !== 'object' || decoded.value === null) return undefined
  const { code, message } = decoded.value as { code?: unknown; message?: unknown }
  if (typeof code !== 'string' || typeof message !== 'string') return undefined
  return { code: isErrorCode(code) ? code : 'STREAM_RESET', message }
}
