/**
 * A path on a Node socket: TLS, TCP or a Unix socket; what `tls` and `local` have in common.
 *
 * Reading goes round the `Readable` machinery: `push` is replaced on the socket, so a chunk goes from
 * the socket's own read straight to the handler (measured: see docs/spec/transport.md). What the
 * replaced `push` returns is what Node's sockets obey: false stops reading. The end (`null`) still
 * goes the usual way, so `end`, the closing of the other half and `close` are Node's.
 *
 * **Invariants**: a chunk that comes before `bind`, or while reading is stopped, is kept and handed
 * over first, and a clean end waits behind it. `onClose` comes once, from the event loop, never from
 * inside `destroy`, and no `onData` follows `close` or `destroy`.
 */
import type { Socket } from 'node:net'
import { Readable } from 'node:stream'
import type { PeerId } from '../base/peer-id.ts'
import type { Path, PathHandler, PathTraffic } from './contract.ts'
import { closeReason } from './socket-failure.node.ts'

const closeTimeoutMs = 3_000 // Guess: a far side that took nothing and did not end is not going to.
const keptBytesMax = 64 * 1_024 // Then the socket stops reading: TCP holds the rest back.
const highWaterBytes = 256 * 1_024 // Measured: below it bulk waits for the loop, above it no gain.

/** What is known of a socket when it becomes a path. */
export interface SocketPathOptions {
  readonly kind: string
  readonly remoteAddress: string
  readonly remoteId?: PeerId | undefined
  readonly isLocal: boolean
  /** Where its bytes are counted: one for all paths of a transport. */
  readonly traffic?: PathTraffic
}

const pathOf = Symbol('path')
interface PathSocket extends Socket {
  [pathOf]?: SocketPath
}

/** Makes a path of a connected socket, which belongs to it from then on. */
export class SocketPath implements Path {
  readonly kind: string
  readonly remoteAddress: string
  readonly remoteId: PeerId | undefined
  readonly isLocal: boolean
  readonly #socket: PathSocket
  readonly #traffic: PathTraffic
  #handler: PathHandler | undefined
  #kept: Uint8Array[] | undefined // Made on demand: most paths never keep anything.
  #keptBytes = 0
  #isReading = true
  #isStopped = false // The socket was told to stop reading.
  #isFlushing = false
  #isWaitingForDrain = false
  #isEnding = false // Told to close or destroy: nothing more is handed over.
  #isOver = false // The socket is closed.
  #isTold = false // The handler was told so.
  #reason: string | undefined
  #closeTimer: NodeJS.Timeout | undefined

  constructor(socket: Socket, options: SocketPathOptions) {
    this.kind = options.kind
    this.remoteAddress = options.remoteAddress
    this.remoteId = options.remoteId
    this.isLocal = options.isLocal
    this.#socket = socket
    this.#traffic = options.traffic ?? { sentBytes: 0, receivedBytes: 0 }
    this.#socket[pathOf] = this
    for (let chunk = readOne(socket); chunk !== null; chunk = readOne(socket)) this.#keep(chunk)
    socket.push = pushToPath
    // Shared functions, not closures: they cost an idle path nothing.
    socket.on('drain', onDrain).on('end', onEnd).on('error', onError).on('close', onClose)
  }

  get bufferedBytes(): number {
    return this.#socket.writableLength
  }

  bind(handler: PathHandler): void {
    this.#handler = handler
    this.#flushSoon()
  }

  write(bytes: Uint8Array, more?: Uint8Array): boolean {
    const socket = this.#socket
    if (this.#isEnding || this.#isOver) return false
    this.#traffic.sentBytes += bytes.length
    if (more === undefined) socket.write(bytes)
    else {
      this.#traffic.sentBytes += more.length
      socket.cork()
      socket.write(bytes)
      socket.write(more)
      socket.uncork()
    }
    if (socket.writableLength < highWaterBytes) return true
    this.#isWaitingForDrain = true
    return false
  }

  setReading(isReading: boolean): void {
    this.#isReading = isReading
    if (isReading) this.#flushSoon()
  }

  close(): void {
    if (this.#isEnding || this.#isOver) return this.#endEarly()
    this.#reason ??= 'closed'
    this.#endEarly()
    this.#socket.end()
    this.#resume() // What still comes is dropped, but the far side's end must be seen.
    this.#giveUpUnlessSending(this.#socket.writableLength)
  }

  destroy(reason: string): void {
    this.#reason ??= reason
    this.#endEarly()
    this.#socket.destroy()
  }

  /** Takes a chunk from the socket; false tells it to stop reading. */
  receive(chunk: Uint8Array): boolean {
    if (this.#isEnding) return true
    this.#traffic.receivedBytes += chunk.length
    if (this.#handler === undefined || !this.#isReading || this.#kept !== undefined) {
      this.#keep(chunk)
      this.#isStopped = this.#keptBytes >= keptBytesMax || !this.#isReading
    } else {
      this.#handler.onData(chunk)
      this.#isStopped = !this.#isReading && !this.#isEnding
    }
    return !this.#isStopped
  }

  /** Passes on that the socket has sent everything. */
  drained(): void {
    if (!this.#isWaitingForDrain || this.#isEnding) return
    this.#isWaitingForDrain = false
    this.#handler?.onDrain()
  }

  /** Remembers why the path broke; the first reason is the one that counts. */
  failed(reason: string): void {
    if (this.#reason !== undefined) return
    this.#reason = reason
    // A reader that has stopped must hear at once that the path broke: another one can be found.
    if (this.#handler !== undefined) this.#kept = undefined
  }

  /** The far side sent its last byte, and reads no more: a path ends both ways at once. */
  ended(): void {
    this.#reason ??= 'ended by peer'
    this.#socket.destroy()
  }

  /** Takes note that the socket is gone. */
  over(): void {
    clearTimeout(this.#closeTimer)
    this.#isOver = true
    this.#tellClose()
  }

  #keep(chunk: Uint8Array): void {
    this.#kept ??= []
    this.#kept.push(chunk)
    this.#keptBytes += chunk.length
  }

  #flushSoon(): void {
    if (this.#kept === undefined && !this.#isStopped && !this.#isOver) return
    if (this.#isFlushing) return
    this.#isFlushing = true
    queueMicrotask(() => this.#flush())
  }

  #flush(): void {
    this.#isFlushing = false
    let done = 0
    const kept = this.#kept ?? []
    while (done < kept.length && this.#handler !== undefined && this.#isReading) {
      const chunk = kept[done++]
      if (chunk === undefined) break
      this.#keptBytes -= chunk.length
      this.#handler.onData(chunk)
      if (this.#kept !== kept) break // Ended or failed in the meantime.
    }
    if (this.#kept === kept) this.#kept = done < kept.length ? kept.slice(done) : undefined
    if (this.#kept === undefined && this.#isReading) this.#resume()
    if (this.#isOver) this.#tellClose()
  }

  #resume(): void {
    if (!this.#isStopped) return
    this.#isStopped = false
    this.#socket._read(0) // Node's own way to start reading again; does nothing on a closed socket.
  }

  #giveUpUnlessSending(bufferedBefore: number): void {
    const check = (): void => {
      const { writableLength } = this.#socket
      if (writableLength < bufferedBefore) this.#giveUpUnlessSending(writableLength)
      else this.#socket.destroy()
    }
    this.#closeTimer = setTimeout(check, closeTimeoutMs).unref()
  }

  #endEarly(): void {
    this.#isEnding = true
    this.#kept = undefined
    // A socket that closed cleanly before its data was read out has nobody left to say so.
    if (this.#isOver) this.#flushSoon()
  }

  #tellClose(): void {
    const handler = this.#handler
    if (handler === undefined || this.#kept !== undefined || this.#isTold) return
    this.#isTold = true
    this.#isEnding = true
    handler.onClose(this.#reason ?? 'ended by peer')
  }
}

/** Stands in for `push` of a socket that has become a path. */
function pushToPath(
  this: PathSocket,
  chunk: Uint8Array | null,
  encoding?: BufferEncoding,
): boolean {
  const path = this[pathOf]
  if (chunk !== null && path !== undefined) return path.receive(chunk)
  return Readable.prototype.push.call(this, chunk, encoding)
}

function onDrain(this: PathSocket): void {
  this[pathOf]?.drained()
}

function onEnd(this: PathSocket): void {
  this[pathOf]?.ended()
}

function onError(this: PathSocket, error: NodeJS.ErrnoException): void {
  this[pathOf]?.failed(closeReason(error))
}

function onClose(this: PathSocket): void {
  this[pathOf]?.over()
}

function readOne(socket: Socket): Uint8Array | null {
  return socket.read() as Uint8Array | null
}
