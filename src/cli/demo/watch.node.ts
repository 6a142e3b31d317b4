/** Follows a node through one lasting control connection: asks again and again who its peers are. */
import { setTimeout as pause } from 'node:timers/promises'
import { SkeinError, toSkeinError } from '../../base/errors.ts'
import { ControlClient } from '../control-client.node.ts'
import { findNode } from '../find-node.node.ts'
import { pageCommand } from '../web.ts'
import type { NodeInfo } from '../../membership/snapshot.ts'
import type { PeerInfo } from '../../node/peer.ts'

/** What a node says. */
export interface NodeNews {
  readonly id: string
  readonly peers: readonly PeerInfo[]
  readonly nodes: readonly NodeInfo[]
  /** The link of the page that it serves. */
  readonly page?: string
}

/** What a watcher tells, and how often it looks. */
export interface WatchSetup {
  readonly profile: string
  /** Whether it serves a page. */
  readonly hasPage: boolean
  /** Ends it; when the process ended, say. */
  readonly signal: AbortSignal
  /** Time to the next look, ms. */
  readonly intervalMs: () => number
  /** The node answers. */
  readonly onNews: (news: NodeNews) => void
  /** It does not answer. */
  readonly onSilence: () => void
}

const retryMs = 40 // Guess: short beside the 0.3 s that a node takes to start.
const patienceMs = 2_000 // Guess: a node on this machine answers within a few ms, or hangs.

/** Watches until the signal; connects again whenever the connection is lost. Never throws. */
export async function watchNode(setup: WatchSetup): Promise<void> {
  const { signal, onSilence } = setup
  while (!signal.aborted) {
    try {
      const client = await ControlClient.connect(findNode(setup.profile))
      try {
        await lookAgainAndAgain(client, setup)
      } finally {
        client.close()
      }
    } catch (thrown) {
      if (!(thrown instanceof SkeinError)) throw thrown
      if (signal.aborted) return
      if (thrown.code === 'TIMED_OUT') onSilence()
      await wait(retryMs, signal) // It has not started yet, or has just ended.
    }
  }
}

async function lookAgainAndAgain(client: ControlClient, setup: WatchSetup): Promise<void> {
  const { signal, intervalMs, onNews, hasPage } = setup
  const id = (await askNode(client, ['id'], { signal })).trim()
  const page = hasPage ? { page: (await askNode(client, [pageCommand], { signal })).trim() } : {}
  while (!signal.aborted) {
    const [peers, nodes] = await Promise.all([
      askList<PeerInfo>(client, ['peers', '--json'], signal),
      askList<NodeInfo>(client, ['nodes', '--json'], signal),
    ])
    if (!signal.aborted) onNews({ id, peers, nodes, ...page })
    await wait(intervalMs(), signal)
  }
}

async function askList<T>(
  client: ControlClient,
  argv: readonly string[],
  signal: AbortSignal,
): Promise<readonly T[]> {
  const text = await askNode(client, argv, { signal })
  const lines = text.split('\n').filter((line) => line !== '')
  return lines.map((line) => JSON.parse(line) as T)
}

/** Who is asked, when it is not the node itself, and until when. */
export interface AskOptions {
  readonly signal: AbortSignal
  readonly to?: string
  readonly timeoutMs?: number
}

/**
 * Runs a command on a node, or through it on a peer, and returns what it printed.
 *
 * @throws {SkeinError} As `ControlClient.run`; `INVALID` it ended with an exit code other than 0.
 */
export async function askNode(
  client: ControlClient,
  argv: readonly string[],
  { signal, to, timeoutMs = patienceMs }: AskOptions,
): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  const add = (chunk: Uint8Array): void => {
    text += decoder.decode(chunk, { stream: true })
  }
  const request = { argv, timeoutMs, ...(to === undefined ? {} : { to }) }
  const exit = await client.run(request, { signal, onOut: add, onErr: add })
  if (exit !== 0) throw new SkeinError('INVALID', `${text.trim()} (exit code ${exit})`)
  return text
}

/** Waits, or until the signal. */
async function wait(timeMs: number, signal: AbortSignal): Promise<void> {
  await pause(timeMs, undefined, { signal }).catch((thrown: unknown) => {
    if (!signal.aborted) throw toSkeinError(thrown)
  })
}
