/**
 * Who may send next: calls before bulk, streams of one priority in turn, a frame each.
 *
 * What is not on the wire yet can still be overtaken, what is cannot: so the bytes in flight are
 * bounded, tightly while calls travel beside bulk. That bound, not the order here, decides how long a
 * call waits behind a bulk stream.
 */
import { maxPayloadBytes } from './frames.ts'
import { bulkInFlightBytes, callMemoryMs, sharedInFlightBytes } from './options.ts'
import type { Clock } from '../base/clock.ts'
import type { ConnectionStream } from './stream.ts'

/** What the line asks of its connection. */
export interface LineOwner {
  readonly clock: Clock
  /** Sent and not acknowledged. */
  readonly inFlightBytes: number
  sendData(stream: ConnectionStream, bytes: Uint8Array): void
  sendEnd(stream: ConnectionStream): void
}

/** See the file's head. */
export class SendLine {
  readonly #owner: LineOwner
  readonly #calls: ConnectionStream[] = []
  readonly #bulk: ConnectionStream[] = []
  #lastCallMs = Number.NEGATIVE_INFINITY
  #isCallSeen = false

  constructor(owner: LineOwner) {
    this.#owner = owner
  }

  /** True when something may be waiting. */
  get isEmpty(): boolean {
    return this.#calls.length === 0 && this.#bulk.length === 0
  }

  /** Notes that a call travels, in either direction. */
  sawCall(): void {
    this.#isCallSeen = true
  }

  /** Puts a stream in line, at the end, once. */
  add(stream: ConnectionStream): void {
    if (stream.isInLine) return
    stream.isInLine = true
    if (stream.priority === 'call') this.#calls.push(stream)
    else this.#bulk.push(stream)
  }

  /** Tells whether a stream may send `bytes` at once, past the line. */
  mayPass(stream: ConnectionStream, bytes: number): boolean {
    if (bytes > maxPayloadBytes || bytes > stream.sendRoom) return false
    if (stream.priority === 'bulk') {
      return this.#bulk.length === 0 && this.#owner.inFlightBytes + bytes <= this.#bulkLimit()
    }
    return this.#calls.length === 0 && this.#owner.inFlightBytes + bytes <= bulkInFlightBytes
  }

  /** Sends what may go now. */
  pump(): void {
    if (this.#calls.length > 0) this.#pumpOne(this.#calls, bulkInFlightBytes)
    if (this.#bulk.length > 0) this.#pumpOne(this.#bulk, this.#bulkLimit())
  }

  #pumpOne(line: ConnectionStream[], limitBytes: number): void {
    while (line.length > 0 && this.#owner.inFlightBytes < limitBytes) {
      const stream = line.shift()
      if (stream === undefined) return
      stream.isInLine = false
      if (stream.queuedBytes > 0 && stream.sendRoom > 0) {
        this.#owner.sendData(stream, stream.takeQueued(maxPayloadBytes))
      }
      if (stream.queuedBytes === 0 && stream.isSendable) this.#owner.sendEnd(stream)
      else if (stream.isSendable) this.add(stream)
    }
  }

  #bulkLimit(): number {
    const nowMs = this.#owner.clock.nowMs()
    if (this.#isCallSeen) {
      this.#isCallSeen = false
      this.#lastCallMs = nowMs
    }
    return nowMs - this.#lastCallMs < callMemoryMs ? sharedInFlightBytes : bulkInFlightBytes
  }
}
