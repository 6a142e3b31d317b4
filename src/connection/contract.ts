/**
 * What the layers above see of a stream; {@link Connection} has the implementation.
 *
 * Handlers are called synchronously while a path's bytes are being read; whatever they write in
 * response leaves in one write at the end of that turn.
 */
import type { ErrorCode, SkeinError } from '../base/errors.ts'

/** `call` goes before `bulk`: a bulk stream never stands in front of a call. */
export type Priority = 'call' | 'bulk'

/** What happens on a stream, told to whoever bound it. */
export interface StreamHandler {
  /** Bytes arrived, in order. May be empty-handed to nobody else: the array is the handler's. */
  onData(bytes: Uint8Array): void
  /** The other side sends no more; ours may go on. */
  onEnd(): void
  /** The stream takes bytes again after a `write` that returned false. */
  onDrain(): void
  /**
   * The stream is over; called exactly once, and nothing follows. No error means that both sides
   * ended; otherwise it says who gave up, or why the connection closed.
   */
  onClose(error: SkeinError | undefined): void
}

/** One ordered, flow-controlled, two-way exchange on a connection. It survives the loss of paths. */
export interface Stream {
  /** Number on its connection. */
  readonly id: number
  /** What it was opened for, such as `object/1`. */
  readonly protocol: string
  /** True once `onClose` was called. */
  readonly isClosed: boolean
  /** True where nobody waits for it: it keeps no idle connection, and makes no outage urgent. */
  isBackground: boolean
  /** Sets who is told of what happens. Data that came before is kept until then (within the credit). */
  bind(handler: StreamHandler): void
  /**
   * Sends bytes. They belong to the connection until the peer acknowledged them: do not change them.
   * After `end`, or when the stream is closed, nothing happens.
   *
   * @returns false when the caller had better wait for `onDrain`; the bytes are taken all the same.
   */
  write(bytes: Uint8Array): boolean
  /** Sends no more; the other side may go on. */
  end(): void
  /** Gives the whole stream up, both ways: the other side's `onClose` gets this code and message. */
  reset(code: ErrorCode, message: string): void
  /** Stops or goes on handing out data. While stopped the peer gets no more credit and soon waits. */
  setReading(isReading: boolean): void
}
