import { SkeinError, toSkeinError } from '../base/errors.ts'
import type { PeerEntry } from './peer-entry.ts'

/** What came of several dials to one peer. */
export interface DialOutcome {
  /** Who answered first. */
  readonly reached: PeerEntry | undefined
  /** Why the others failed, or were taken back. */
  readonly failures: readonly SkeinError[]
}

/** Dials all addresses at once; the first to answer wins, and the others are taken back. */
export async function dialFirst(
  addresses: readonly string[],
  dial: (address: string, others: AbortSignal) => Promise<PeerEntry>,
): Promise<DialOutcome> {
  const others = new AbortController()
  const failures: SkeinError[] = []
  const dials = addresses.map(async (address) => {
    try {
      return await dial(address, others.signal)
    } catch (thrown) {
      failures.push(toSkeinError(thrown, 'DIAL_FAILED'))
      throw thrown
    }
  })
  const reached = await Promise.any(dials).catch(() => undefined)
  others.abort(new SkeinError('CANCELLED', 'another dial was answered first'))
  return { reached, failures }
}

/** One error for all: a refusal of the peer itself says most; else the only one, or all texts. */
export function mergeFailures(failures: readonly SkeinError[]): SkeinError {
  const byText = new Map(failures.map((error) => [error.message, error]))
  const [only, ...more] = byText.values()
  if (only !== undefined && more.length === 0) return only
  const refusal = failures.find(({ code }) => code === 'DENIED')
  const texts = [...byText.keys()].join('; ')
  const code = refusal?.code ?? 'DIAL_FAILED'
  return new SkeinError(code, `no address of the peer could be used: ${texts}`)
}
