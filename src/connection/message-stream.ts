/**
 * Values instead of bytes on a stream: each message is a 32-bit big-endian length and that many bytes
 * of CBOR.
 *
 * **Invariant**: a message longer than `maxMessageBytes` is refused when its length is read, before
 * anything is allocated for it.
 */
import { decode, encode } from '../codec/index.ts'
import { SkeinError } from '../base/errors.ts'
import type { Stream, StreamHandler } from './contract.ts'

/** What happens on a message stream. See {@link StreamHandler} for the order and the guarantees. */
export interface MessageHandler {
  /** A value arrived; it is decoded within limits but its shape is not checked. */
  onMessage(value: unknown): void
  /** The other side sends no more messages. */
  onEnd(): void
  /** The stream takes messages again after a `send` that returned false. */
  onDrain(): void
  /** The stream is over, called exactly once. */
  onClose(error: SkeinError | undefined): void
}

const prefixBytes = 4
const defaultMaxMessageBytes = 4 * 2 ** 20 // Guess: a command with its output chunk stays far below.

/** A stream of CBOR values. Malformed input resets the stream with `VIOLATION`. */
export class MessageStream implements StreamHandler {
  readonly stream: Stream
  /** Bytes of all messages so far, with what frames them. */
  sentBytes = 0
  receivedBytes = 0
  readonly #maxMessageBytes: number
  #handler: MessageHandler | undefined
  #header = new Uint8Array(prefixBytes)
  #headerLength = 0
  #body: Uint8Array | undefined
  #bodyLength = 0

  /** Takes the stream over: nothing else may bind it. Messages flow once {@link bind} was called. */
  constructor(stream: Stream, options: { readonly maxMessageBytes?: number } = {}) {
    this.stream = stream
    this.#maxMessageBytes = options.maxMessageBytes ?? defaultMaxMessageBytes
  }

  /** Sets who is told of messages, and starts them. */
  bind(handler: MessageHandler): void {
    const isFirst = this.#handler === undefined
    this.#handler = handler
    if (isFirst) this.stream.bind(this)
  }

  /**
   * Sends a value.
   *
   * @returns false when the caller had better wait for `onDrain`; the value is taken all the same.
   * @throws {SkeinError} `LIMIT_EXCEEDED` it is longer than a message may be; `INVALID` it holds what
   *   CBOR cannot carry.
   */
  send(value: unknown): boolean {
    const body = encode(value)
    if (body.length > this.#maxMessageBytes) {
      throw new SkeinError(
        'LIMIT_EXCEEDED',
        `a message of ${body.length} bytes; at most ${this.#maxMessageBytes} fit`,
      )
    }
    const bytes = new Uint8Array(prefixBytes + body.length)
    new DataView(bytes.buffer).setUint32(0, body.length)
    bytes.set(body, prefixBytes)
    this.sentBytes += bytes.length
    return this.stream.write(bytes)
  }

  onData(bytes: Uint8Array): void {
    this.receivedBytes += bytes.length
    let offset = 0
    while (offset < bytes.length && !this.stream.isClosed) {
      if (this.#body === undefined) {
        offset = this.#readHeader(bytes, offset)
        continue
      }
      const wanted = this.#body.length - this.#bodyLength
      const part = bytes.subarray(offset, offset + wanted)
      this.#body.set(part, this.#bodyLength)
      this.#bodyLength += part.length
      offset += part.length
      this.#deliverWhole()
    }
  }

  onEnd(): void {
    if (this.#headerLength > 0 || this.#body !== undefined) {
      this.stream.reset('VIOLATION', 'the stream ended in the middle of a message')
      return
    }
    this.#handler?.onEnd()
  }

  onDrain(): void {
    this.#handler?.onDrain()
  }

  onClose(error: SkeinError | undefined): void {
    this.#handler?.onClose(error)
  }

  /** Reads length bytes at `offset`; returns where the body starts or the input ends. */
  #readHeader(bytes: Uint8Array, offset: number): number {
    const part = bytes.subarray(offset, offset + prefixBytes - this.#headerLength)
    this.#header.set(part, this.#headerLength)
    this.#headerLength += part.length
    if (this.#headerLength === prefixBytes) {
      const length = new DataView(this.#header.buffer).getUint32(0)
      if (length > this.#maxMessageBytes) {
        const limit = this.#maxMessageBytes
        this.stream.reset('VIOLATION', `a message of ${length} bytes; at most ${limit} are taken`)
        return bytes.length
      }
      this.#headerLength = 0
      this.#body = new Uint8Array(length)
      this.#bodyLength = 0
      this.#deliverWhole()
    }
    return offset + part.length
  }

  #deliverWhole(): void {
    const body = this.#body
    if (body === undefined || this.#bodyLength < body.length) return
    this.#body = undefined
    const decoded = decode(body)
    if (decoded.ok) this.#handler?.onMessage(decoded.value)
    else this.stream.reset('VIOLATION', `a message is not valid CBOR: ${decoded.violation}`)
  }
}
