/** The demo without a terminal: the table once, one command, and a time of good behaviour. */
import { SkeinError, messageOf } from '../../base/errors.ts'
import { sanitizeText } from '../../base/text.ts'
import { ControlClient } from '../control-client.node.ts'
import { findNode } from '../find-node.node.ts'
import { formatTable } from './table.ts'
import { askNode } from './watch.node.ts'
import type { PeerInfo } from '../../node/peer.ts'
import type { Context } from '../context.ts'
import type { Fleet } from './fleet.ts'

/** What it prints to, and when it ends. */
export interface OnceSetup {
  readonly context: Context
  /** Aborts when somebody wants it to end before its time. */
  readonly interrupted: AbortSignal
  /** Aborts when its time is over. */
  readonly over: AbortSignal
}

const linksPatienceMs = 20_000 // Guess: ten times what a machine under load needs.
const commandTimeoutMs = 10_000 // As long as a caller bears silence (D8).
const [asker, asked, command] = ['bob', 'alice', 'add']
const tableWidth = 120 // Wide enough for everything; a pipe has no width of its own.

/**
 * Waits for the links, prints the table and a peer's answer, and then watches until the time is over.
 *
 * @throws {SkeinError} `NODE_CLOSED` a node ended; `DIAL_FAILED` a link did not come up; the command's.
 */
export async function showOnce(fleet: Fleet, setup: OnceSetup): Promise<void> {
  const { context, interrupted, over } = setup
  const changes = new Changes(fleet)
  const patience = AbortSignal.timeout(linksPatienceMs)
  const stop = AbortSignal.any([interrupted, patience])
  await changes.until(() => fleet.missingLinks.length === 0, stop)
  if (interrupted.aborted) throw interruption()
  const table = formatTable(fleet.state, { width: tableWidth, hasColor: false })
  context.out(`${table.join('\n')}\n`)
  const { page } = fleet.state
  if (page !== undefined) context.out(`The live page: ${page}\n`)
  const missing = fleet.missingLinks
  if (missing.length > 0) {
    const text = `not connected after ${linksPatienceMs / 1_000} s: ${missing.join(', ')}`
    throw new SkeinError('DIAL_FAILED', `${text}; see: skein -p ${missing[0]?.split('–')[0]} logs`)
  }
  const death = changes.until(never, interrupted)
  const answer = await Promise.race([askPeer(interrupted), death])
  if (answer === undefined) throw interruption()
  context.out(`${answer}\n`)
  await changes.until(never, AbortSignal.any([interrupted, over]))
}

/** Runs the command through one node on another, and says what the prompt would say. */
async function askPeer(signal: AbortSignal): Promise<string> {
  const node = await ControlClient.connect(findNode(asker))
  try {
    const lines = (await askNode(node, ['peers', '--json'], { signal })).trim().split('\n')
    const peers = lines.map((line) => JSON.parse(line) as PeerInfo)
    const address = peers.find(({ name }) => name === asked)?.address ?? asked
    const where = `from ${sanitizeText(address)} for command '${command}'`
    try {
      const options = { signal, to: asked, timeoutMs: commandTimeoutMs }
      const text = await askNode(node, [command], options)
      return `Result ${where}: ${sanitizeText(text.trimEnd())}`
    } catch (thrown) {
      const code = thrown instanceof SkeinError ? thrown.code : 'INTERNAL'
      throw new SkeinError(code, `Error ${where}: ${messageOf(thrown)}`, { cause: thrown })
    }
  } finally {
    node.close()
  }
}

/** Waits for things to become so in a fleet whose nodes all live. */
class Changes {
  readonly #fleet: Fleet

  constructor(fleet: Fleet) {
    this.#fleet = fleet
  }

  /**
   * Resolves when `isSo` holds, or at the signal.
   *
   * @throws {SkeinError} `NODE_CLOSED` a node ended.
   */
  until(isSo: () => boolean, signal: AbortSignal): Promise<undefined> {
    const fleet = this.#fleet
    const watching = new Promise<undefined>((resolve, reject) => {
      const check = (): void => {
        const [gone] = fleet.gone
        if (gone !== undefined) {
          const last = fleet.state.events.findLast(({ text }) => text.startsWith(`${gone} `))
          reject(new SkeinError('NODE_CLOSED', last?.text ?? `${gone} ended`))
        } else if (signal.aborted || isSo()) resolve(undefined)
      }
      fleet.onChange = check
      signal.addEventListener('abort', check, { once: true })
      check()
    })
    return Promise.race([watching, fleet.failed])
  }
}

function never(): boolean {
  return false
}

function interruption(): SkeinError {
  return new SkeinError('CANCELLED', 'interrupted before the answer was there')
}
