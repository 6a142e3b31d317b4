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
export class HandedPath implements Path {
  readonly #path: Path
  /** What was sent and has not been written again. */
  #said: Uint8Array
  /** What came and was not handed on. */
  #heard: Uint8Array
  #isWelcomed = false

  constructor(path: Path, { frames, received }: Begun) {
    this.#path = path
    this.#said = frames
    this.#heard = Buffer.concat(received)
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

  /** The first who is told hears the answer to HELLO, the next one what came behind it. */
  bind(handler: PathHandler): void {
    const heard = this.#heard
    const end = heard.length < headerBytes ? 0 : headerBytes + readUint24(heard, 1)
    const part = this.#isWelcomed ? heard : heard.subarray(0, end)
    this.#heard = heard.subarray(part.length)
    this.#isWelcomed ||= part.length > 0
    if (part.length === 0) return this.#path.bind(handler)
    // From the event loop, as all that comes on a path.
    setImmediate(() => {
      handler.onData(part)
      if (this.#heard.length === 0) this.#path.bind(handler)
    })
  }

  write(bytes: Uint8Array, more?: Uint8Array): boolean {
    if (this.#said.length === 0) return this.#path.write(bytes, more)
    assert(more === undefined, 'what was said was short')
    let isRoom = true
    for (let at = 0; at < bytes.length; ) {
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
