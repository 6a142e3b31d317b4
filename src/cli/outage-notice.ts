/** Tells a person at a terminal why nothing comes while the peer that they asked is out of reach. */
import { fetchList } from './fetch-list.ts'
import type { PeerInfo } from '../node/peer.ts'
import type { Context } from './context.ts'
import type { ControlClient } from './control-client.node.ts'

const lookMs = 2_000 // Guess: longer than a short command takes, shorter than a person worries.

/**
 * Says when the peer is out of reach, and when it is back, until the returned function is called. In a
 * pipe it says nothing.
 *
 * @param to - What the peer is called, as behind `@`.
 */
export function noticeOutages(node: ControlClient, to: string, context: Context): () => void {
  if (!context.isTerminal) return () => undefined
  let isOut = false
  const look = async (): Promise<void> => {
    const peer = await findPeer(node, to)
    if (peer === undefined || (peer.state === 'suspended') === isOut) return
    isOut = !isOut
    const news = isOut ? 'cannot be reached at the moment; waiting (Ctrl-C ends it)' : 'is back'
    context.err(`skein: ${peer.name} ${news}\n`)
  }
  // It is the command that says what fails.
  const timer = setInterval(() => void look().catch(() => undefined), lookMs)
  return () => clearInterval(timer)
}

async function findPeer(node: ControlClient, to: string): Promise<PeerInfo | undefined> {
  const [[target], peers] = await Promise.all([
    fetchList<{ readonly id: string }>(node, ['resolve', to]),
    fetchList<PeerInfo>(node, ['peers', '--json']),
  ])
  return peers.find(({ id }) => id === target?.id)
}
