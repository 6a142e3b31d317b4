/**
 * One stream's state: what waits to be sent, the credit each side gave, what waits to be read.
 *
 * Credits are absolute: "you may send up to byte n of this stream", so a repeated or late one does no
 * harm. The window starts small and doubles each time the reader used one up, so a thousand idle
 * streams pin little and one busy stream runs at full speed.
 *
 *   sending    open ──end──▶ ended              both ended, or reset by either ──▶ closed
 *   receiving  open ──END──▶ ended
 */
import { SkeinError } from '../base/errors.ts'
import { UnreadBytes } from './unread-bytes.ts'
import type { ErrorCode } from '../base/errors.ts'
import type { Priority, Stream, StreamHandler } from './contract.ts'

/** What a stream asks of its connection. */
export interface StreamOwner {
  readonly maxWindowBytes: number
  readonly writeQueueBytes: number
  /** True while the connection holds all it may: writers wait. */
  readonly isFull: boolean
  /** Sends all of `bytes` now, unless something else must go first. */
  sendNow(stream: ConnectionStream, bytes: Uint8Array): boolean
  /** Sends from the stream's queue as soon as it may, then its END if it was ended. */
  enqueue(stream: ConnectionStream): void
  /** Lets the peer send up to byte `offset` of the stream. */
  sendCredit(stream: ConnectionStream, offset: number): void
  sendReset(stream: ConnectionStream, code: ErrorCode, message: string): void
  /** Calls the stream's `onDrain` when there is room again. */
  awaitRoom(stream: ConnectionStream): void
  /** Counts bytes that are queued on streams. */
  countQueued(bytes: number): void
  /** Somebody began to wait for the stream, or nobody does any more. */
  noteNeed(stream: ConnectionStream): void
  /** The stream is over: its number can be forgotten. */
  forget(stream: ConnectionStream): void
}

/** A stream's place on its connection. */
export interface StreamSetup {
  readonly id: number
  readonly protocol: string
  readonly priority: Priority
  readonly owner: StreamOwner
  /** Credit that the peer gives from the start, and that we give. */
  readonly sendCredit: number
  readonly receiveWindow: number
}

const minCreditStepBytes = 65_536 // Measured: smaller steps cost a frame each and gain nothing.

/** See the file's head. */
export class ConnectionStream implements Stream {
  readonly id: number
  readonly protocol: string
  readonly priority: Priority
  isClosed = false
  /** True while the connection has it in line for sending. */
  isInLine = false
  /** True once `end` was called. */
  isEnded = false
  /** Bytes that wait to be numbered and sent. */
  queuedBytes = 0

  readonly #owner: StreamOwner
  #isBackground = false
  #handler: StreamHandler | undefined
  #sentOffset = 0
  #sendCredit: number
  #queue: Uint8Array[] = []
  #isEndSent = false

  #receivedOffset = 0
  #grantedOffset: number
  #window: number
  /** Made on demand: most streams are read as they come. */
  #unread: UnreadBytes | undefined
  #isReading = true
  #isDelivering = false
  #isPeerEnded = false
  #isEndDelivered = false

  constructor(setup: StreamSetup) {
    this.id = setup.id
    this.protocol = setup.protocol
    this.priority = setup.priority
    this.#owner = setup.owner
    this.#sendCredit = setup.sendCredit
    this.#grantedOffset = setup.receiveWindow
    this.#window = setup.receiveWindow
  }

  get isBackground(): boolean {
    return this.#isBackground
  }

  set isBackground(isBackground: boolean) {
    if (isBackground === this.#isBackground) return
    this.#isBackground = isBackground
    if (!this.isClosed) this.#owner.noteNeed(this)
  }

  bind(handler: StreamHandler): void {
    this.#handler = handler
    this.#deliver()
  }

  write(bytes: Uint8Array): boolean {
    if (this.isClosed || this.isEnded || bytes.length === 0) return true
    if (this.queuedBytes > 0 || !this.#owner.sendNow(this, bytes)) {
      this.#queue.push(bytes)
      this.queuedBytes += bytes.length
      this.#owner.countQueued(bytes.length)
      this.#owner.enqueue(this)
    }
    const hasRoom = this.queuedBytes <= this.#owner.writeQueueBytes && !this.#owner.isFull
    if (!hasRoom) this.#owner.awaitRoom(this)
    return hasRoom
  }

  end(): void {
    if (this.isClosed || this.isEnded) return
    this.isEnded = true
    this.#owner.enqueue(this)
  }

  reset(code: ErrorCode, message: string): void {
    if (this.isClosed) return
    this.#owner.sendReset(this, code, message)
    this.close(new SkeinError(code, message))
  }

  setReading(isReading: boolean): void {
    this.#isReading = isReading
    if (isReading) this.#deliver()
  }

  /** Whether anything of it was sent. */
  get hasSent(): boolean {
    return this.#sentOffset > 0
  }

  /** Credit left for sending, bytes. */
  get sendRoom(): number {
    return this.#sendCredit - this.#sentOffset
  }

  /** True when something could be sent now: bytes within the credit, or the END behind the last. */
  get isSendable(): boolean {
    if (this.queuedBytes > 0) return this.sendRoom > 0
    return this.isEnded && !this.#isEndSent && !this.isClosed
  }

  /** Takes at most `maxBytes` from the queue, within the credit; they count as sent. */
  takeQueued(maxBytes: number): Uint8Array {
    const first = this.#queue[0] ?? new Uint8Array()
    const length = Math.min(first.length, maxBytes, this.sendRoom)
    if (length === first.length) this.#queue.shift()
    else this.#queue[0] = first.subarray(length)
    this.queuedBytes -= length
    this.#owner.countQueued(-length)
    this.#sentOffset += length
    return first.subarray(0, length)
  }

  /** Counts bytes that went round the queue. */
  countSent(bytes: number): void {
    this.#sentOffset += bytes
  }

  /** The END left. */
  markEndSent(): void {
    this.#isEndSent = true
    this.#closeIfBothEnded()
  }

  /** The peer lets us send up to byte `offset`. */
  receiveCredit(offset: number): void {
    if (offset > this.#sendCredit) this.#sendCredit = offset
    if (this.isSendable) this.#owner.enqueue(this)
  }

  /** Tells whether the peer may send `bytes` more. */
  hasCredit(bytes: number): boolean {
    return this.#receivedOffset + bytes <= this.#grantedOffset
  }

  /** Bytes came, in order, within the credit. */
  receive(bytes: Uint8Array): void {
    this.#receivedOffset += bytes.length
    if (this.#handler === undefined || !this.#isReading || this.#isDelivering) {
      this.#unread ??= new UnreadBytes()
      this.#unread.push(bytes)
      return
    }
    this.#isDelivering = true
    this.#handler.onData(bytes)
    this.#isDelivering = false
    this.#grantCredit()
  }

  /** The peer sends no more. */
  receiveEnd(): void {
    this.#isPeerEnded = true
    this.#deliver()
  }

  /** Room came back for a writer that was told to wait. */
  drained(): void {
    if (!this.isClosed) this.#handler?.onDrain()
  }

  /** Ends the stream here: the handler is told, once, after all that it could still read. */
  close(error: SkeinError | undefined): void {
    if (this.isClosed) return
    this.isClosed = true
    this.#owner.countQueued(-this.queuedBytes)
    this.queuedBytes = 0
    this.#queue = []
    this.#unread = undefined
    this.#owner.forget(this)
    this.#handler?.onClose(error)
    if (this.#handler === undefined) this.#closeReason = error
  }

  #closeReason: SkeinError | undefined

  #deliver(): void {
    const handler = this.#handler
    if (handler === undefined || this.#isDelivering) return
    if (this.isClosed) {
      // It was over before anybody listened.
      handler.onClose(this.#closeReason)
      return
    }
    this.#isDelivering = true
    while (this.#isReading && !this.isClosed) {
      const bytes = this.#unread?.shift()
      if (bytes === undefined) break
      handler.onData(bytes)
    }
    this.#isDelivering = false
    if (this.isClosed || !this.#isReading) return
    this.#grantCredit()
    if (this.#isPeerEnded && !this.#isEndDelivered) {
      this.#isEndDelivered = true
      handler.onEnd()
      this.#closeIfBothEnded()
    }
  }

  /** Gives credit back in large steps, and a larger window to a reader that keeps up. */
  #grantCredit(): void {
    if (this.isClosed || this.#isPeerEnded) return
    const consumed = this.#receivedOffset - (this.#unread?.byteLength ?? 0)
    const room = this.#grantedOffset - consumed
    const step = Math.max(minCreditStepBytes, this.#window / 4)
    if (this.#window - room < step) return
    if (consumed >= this.#window) {
      this.#window = Math.min(this.#window * 2, this.#owner.maxWindowBytes)
    }
    this.#grantedOffset = consumed + this.#window
    this.#owner.sendCredit(this, this.#grantedOffset)
  }

  #closeIfBothEnded(): void {
    if (this.#isEndSent && this.#isEndDelivered) this.close(undefined)
  }
}
