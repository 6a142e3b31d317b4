/**
 * The first exchange on a path: one frame from each side, within a deadline.
 *
 *   dialler  ── HELLO ──▶  accepter
 *            ◀─ WELCOME ─            the path carries an epoch now
 *            ◀─ REFUSE ──            the path ends
 *
 * Why the dialler waits for WELCOME and not for TLS to finish: a dialler that is refused sees its TLS
 * handshake succeed first.
 */
import { afterAwake } from '../base/clock.ts'
import { SkeinError } from '../base/errors.ts'
import { frameType } from './frames.ts'
import { readAnswer, readHello, takeHandshakeFrame, writeHello } from './messages.ts'
import type { Clock } from '../base/clock.ts'
import type { Path, PathHandler } from '../transport/contract.ts'
import type { Hello, Refusal, Welcome } from './messages.ts'

/** Time for the whole exchange, and who may end it early. */
export interface HandshakeOptions {
  readonly clock: Clock
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
  /** The other side said no. */
  readonly onRefused?: (refusal: Refusal) => void
}

/** What came, and what the path brings until somebody else binds it. */
export interface Received<T> {
  readonly message: T
  readonly rest: Rest
}

/**
 * Holds what a path brings between the handshake and its connection: more can come in the same turn,
 * before the promise of the handshake is seen to resolve.
 */
export class Rest {
  #parts: Uint8Array[] = []
  #closeReason: string | undefined

  add(bytes: Uint8Array): void {
    if (bytes.length > 0) this.#parts.push(bytes)
  }

  end(reason: string): void {
    this.#closeReason = reason
  }

  /** Hands all of it on. The path must be bound to `handler` in the same turn. */
  giveTo(handler: PathHandler): void {
    for (const part of this.#parts) handler.onData(part)
    if (this.#closeReason !== undefined) handler.onClose(this.#closeReason)
  }
}

/**
 * Says HELLO and waits for WELCOME. On failure the path is destroyed.
 *
 * @throws {SkeinError} The code of a REFUSE; `HANDSHAKE_FAILED` no sense or no path; `TIMED_OUT`.
 */
export async function sayHello(
  path: Path,
  hello: Hello,
  options: HandshakeOptions,
): Promise<Received<Welcome>> {
  const answer = receiveFrame(path, [frameType.welcome, frameType.refuse], options)
  path.write(writeHello(hello))
  const { type, payload, rest } = await answer
  const read = readAnswer(type, payload)
  if (typeof read === 'string') {
    path.destroy(read)
    throw new SkeinError('HANDSHAKE_FAILED', `${path.remoteAddress} answered nonsense (${read})`)
  }
  if (read.type === 'refuse') {
    const { code, rule, message } = read.refusal
    path.destroy('refused')
    options.onRefused?.(read.refusal)
    throw new SkeinError(code, `refused by ${rule}: ${message}`, { cause: read.refusal })
  }
  return { message: read.welcome, rest }
}

/**
 * Waits for HELLO. On failure the path is destroyed; the answer is the caller's.
 *
 * @throws {SkeinError} `VIOLATION` no sense; `HANDSHAKE_FAILED` the path ended; `TIMED_OUT`.
 */
export async function awaitHello(path: Path, options: HandshakeOptions): Promise<Received<Hello>> {
  const { payload, rest } = await receiveFrame(path, [frameType.hello], options)
  const hello = readHello(payload)
  if (typeof hello === 'string') {
    path.destroy(hello)
    throw new SkeinError('VIOLATION', `${path.remoteAddress} sent a malformed HELLO (${hello})`)
  }
  return { message: hello, rest }
}

interface HandshakeFrame {
  readonly type: number
  readonly payload: Uint8Array
  readonly rest: Rest
}

/** Collects bytes until one frame of an allowed type is whole, and what comes behind it. */
function receiveFrame(
  path: Path,
  allowed: readonly number[],
  { clock, timeoutMs, signal }: HandshakeOptions,
): Promise<HandshakeFrame> {
  return new Promise((resolve, reject) => {
    let bytes: Uint8Array = new Uint8Array()
    let rest: Rest | undefined
    const finish = (): void => {
      timer.cancel()
      signal?.removeEventListener('abort', onAbort)
    }
    const fail = (error: SkeinError): void => {
      finish()
      path.destroy(error.message)
      reject(error)
    }
    const onAbort = (): void => {
      fail(new SkeinError('CANCELLED', `the dial of ${path.remoteAddress} was given up`))
    }
    const timer = afterAwake(clock, timeoutMs, () => {
      const where = path.remoteAddress
      fail(new SkeinError('TIMED_OUT', `${where} did not finish the handshake in ${timeoutMs} ms`))
    })
    signal?.addEventListener('abort', onAbort, { once: true })
    const handler: PathHandler = {
      onData(part) {
        if (rest !== undefined) {
          rest.add(part)
          return
        }
        bytes = bytes.length === 0 ? part : join(bytes, part)
        const frame = takeHandshakeFrame(bytes, allowed)
        if (frame === undefined) return
        if (typeof frame === 'string') {
          fail(new SkeinError('VIOLATION', `${path.remoteAddress} broke a rule (${frame})`))
          return
        }
        finish()
        rest = new Rest()
        rest.add(frame.rest)
        resolve({ ...frame, rest })
      },
      onDrain() {
        // One frame each way: nothing waits.
      },
      onClose(reason) {
        if (rest !== undefined) {
          rest.end(reason)
          return
        }
        finish()
        const where = path.remoteAddress
        reject(new SkeinError('HANDSHAKE_FAILED', `${where} ended the handshake: ${reason}`))
      },
    }
    path.bind(handler)
    if (signal?.aborted === true) onAbort()
  })
}

function join(first: Uint8Array, second: Uint8Array): Uint8Array {
  const joined = new Uint8Array(first.length + second.length)
  joined.set(first)
  joined.set(second, first.length)
  return joined
}
