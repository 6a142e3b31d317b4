/**
 * What becomes of a command whose connection is lost: had nothing of it left, it cannot have run, and is
 * asked for once more where the peer is merely another process now.
 *
 *   suspended ──asked──▶ held ──path joins──▶ left       it may have run
 *                         └── connection over ──▶ never left: again, once, if the peer restarted
 */
import { formatDuration } from '../base/duration.ts'
import { SkeinError, toSkeinError } from '../base/errors.ts'
import type { Clock } from '../base/clock.ts'
import type { Connection } from '../connection/connection.ts'
import type { NodeInfo } from '../membership/snapshot.ts'

/** The connection is over, and the request never left. */
class NeverLeft extends SkeinError {}

const losses = new Set(['PEER_RESTARTED', 'CONNECTION_EXPIRED', 'CONNECTION_CLOSED'])

/** Tells, whenever it is called, whether what is asked from now on can have left. */
export function watchLeaving(connection: Connection): () => boolean {
  const { canSend, attachedPaths } = connection
  return () => canSend || connection.attachedPaths !== attachedPaths
}

/** The failure of a command whose connection is over, in words that say whether it ran. */
export function lossOf(thrown: unknown, canHaveLeft: boolean): SkeinError {
  const error = toSkeinError(thrown)
  const { code, message } = error
  if (!losses.has(code)) return error
  if (canHaveLeft)
    return new SkeinError(code, `${message}; it may have run there`, { cause: error })
  return new NeverLeft(code, `${message}; it did not run, try again`, { cause: error })
}

/** Why nobody expects a member back, to stand behind its name; `undefined` where it is expected. */
export function absenceText(member: NodeInfo | undefined): string | undefined {
  if (member?.state !== 'gone' && member?.state !== 'left') return undefined
  const age = formatDuration(Math.round(member.ageMs / 1_000))
  const what = member.state === 'gone' ? 'is gone' : 'has left the network'
  return `${what}, last heard of ${age} ago`
}

/** What differs from attempt to attempt. */
interface Attempt {
  readonly stdin?: AsyncIterable<Uint8Array> | undefined
  readonly timeoutMs?: number | undefined
}

/** Runs a command on a peer that is out of reach now: once more where the first request never left. */
export async function runWhenBack<T>(
  { stdin, timeoutMs }: Attempt,
  clock: Clock,
  run: (attempt: Attempt) => Promise<T>,
): Promise<T> {
  const startMs = clock.nowMs()
  const kept = stdin === undefined ? undefined : new KeptInput(stdin)
  try {
    return await run({ stdin: kept, timeoutMs })
  } catch (thrown) {
    const isAgain = thrown instanceof NeverLeft && thrown.code === 'PEER_RESTARTED'
    if (!isAgain || kept?.isRead === true) throw thrown
    const restMs = timeoutMs === undefined ? undefined : timeoutMs - (clock.nowMs() - startMs)
    return await run({ stdin: kept, timeoutMs: restMs && Math.max(1, Math.round(restMs)) })
  } finally {
    kept?.close()
  }
}

/** Input that is still there for the next attempt where the first one read nothing. */
class KeptInput implements AsyncIterable<Uint8Array> {
  readonly #stdin: AsyncIterable<Uint8Array>
  #iterator: AsyncIterator<Uint8Array> | undefined

  constructor(stdin: AsyncIterable<Uint8Array>) {
    this.#stdin = stdin
  }

  get isRead(): boolean {
    return this.#iterator !== undefined
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return {
      next: () => {
        this.#iterator ??= this.#stdin[Symbol.asyncIterator]()
        return this.#iterator.next()
      },
      return: async () => {
        await this.#iterator?.return?.()
        return { done: true, value: undefined }
      },
    }
  }

  /** Nobody reads it any more: says so to where it comes from. */
  close(): void {
    if (this.isRead) return
    try {
      const closing = this.#stdin[Symbol.asyncIterator]().return?.()
      closing?.catch(ignore)
    } catch (thrown) {
      ignore(thrown)
    }
  }
}

function ignore(_thrown: unknown): void {
  // Whoever had the input is not interested any more.
}
