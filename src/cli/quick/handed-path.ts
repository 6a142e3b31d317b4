/**
 * A path on which a conversation has begun already: what was said is not said again, and what came is
 * heard first. So the layers, loaded while the node works, stand where they would stand had they begun it.
 *
 * **Invariant**: what is left out of what is written was compared with what was sent.
 */
import { assert } from '../../base/assert.ts'
import { frameType, headerBytes, isCounted, readUint24 } from '../../connection/frames.ts'
import type { Path, PathHandler } from '../../transport/contract.ts'

/** What was said and heard. */
export interface Begun {
  /** Frames of the conversation that were sent behind HELLO. */
  readonly frames: Uint8Array
  readonly received: readonly Uint8Array[]
}

/** See the file's head. */
export class HandedPath implements Path, PathHandler {
  readonly #path: Path
  /** What was sent and has not been written again. */
  #said: Uint8Array
  /** What came and was not handed on. */
  #heard: Uint8Array
  #handler: PathHandler | undefined
  #handlers = 0
  #isAnswered = false

  constructor(path: Path, { frames, received }: Begun) {
    this.#path = path
    this.#said = frames
    this.#heard = Buffer.concat(received)
    path.bind(this)
  }

  get kind(): string {
    return this.#path.kind
  }

  get remoteAddress(): string {
    return this.#path.remoteAddress
  }

  get remoteId(): undefined {
    return undefined
  }

  get isLocal(): boolean {
    return this.#path.isLocal
  }

  get bufferedBytes(): number {
    return this.#path.bufferedBytes
  }

  /** The first handler hears the answer to HELLO and nothing else, the next one all that comes behind. */
  bind(handler: PathHandler): void {
    this.#handler = handler
    this.#handlers++
    // From the event loop, as all that comes on a path.
    setImmediate(() => this.#handOn())
  }

  onData(bytes: Uint8Array): void {
    this.#heard = this.#heard.length === 0 ? bytes : Buffer.concat([this.#heard, bytes])
    this.#handOn()
  }

  onDrain(): void {
    this.#handler?.onDrain()
  }

  onClose(reason: string): void {
    this.#handOn()
    if (this.#heard.length > 0) this.#handler?.onData(this.#heard)
    this.#heard = new Uint8Array()
    this.#handler?.onClose(reason)
  }

  #handOn(): void {
    const isFirst = this.#handlers === 1
    const part = isFirst ? this.#takeAnswer() : this.#heard
    if (part.length === 0) return
    this.#heard = this.#heard.subarray(part.length)
    this.#handler?.onData(part)
  }

  /** The whole frame that answers HELLO, once. */
  #takeAnswer(): Uint8Array {
    const heard = this.#heard
    const end = heard.length < headerBytes ? Infinity : headerBytes + readUint24(heard, 1)
    if (this.#isAnswered || heard.length < end) return new Uint8Array()
    this.#isAnswered = true
    return heard.subarray(0, end)
  }

  write(bytes: Uint8Array, more?: Uint8Array): boolean {
    if (this.#said.length === 0) return this.#path.write(bytes, more)
    assert(more === undefined, 'what was said was short')
    let isRoom = true
    for (let at = 0; at < bytes.length;) {
      const end = at + headerBytes + readUint24(bytes, at + 1)
      const frame = bytes.subarray(at, end)
      if (!this.#wasSaid(frame)) isRoom = this.#path.write(frame)
      at = end
    }
    return isRoom
  }

  #wasSaid(frame: Uint8Array): boolean {
    const type = frame[0] ?? 0
    if (type === frameType.hello) return true
    if (!isCounted(type) || this.#said.length === 0) return false
    const said = this.#said.subarray(0, frame.length)
    assert(Buffer.compare(said, frame) === 0, 'the same request becomes the same frames')
    this.#said = this.#said.subarray(frame.length)
    return true
  }

  setReading(isReading: boolean): void {
    this.#path.setReading(isReading)
  }

  close(): void {
    this.#path.close()
  }

  destroy(reason: string): void {
    this.#path.destroy(reason)
  }
}
