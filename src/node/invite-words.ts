/** What a person is told when an invitation has founded a network. */
import { shortPeerId } from '../base/peer-id.ts'
import type { Invited } from './enrolment.ts'

/** Who was left outside by it, and what to do; `undefined` where nobody was. */
export function formatOutsiders({ network, outsiders = 0 }: Invited): string | undefined {
  if (outsiders === 0) return undefined
  const [who, each] =
    outsiders === 1
      ? ['1 connected peer is no member', 'it']
      : [`${outsiders} connected peers are no members`, 'each of them']
  return [
    `This made network ${shortPeerId(network)}, and this node its first member. ${who}:`,
    `they and this node list each other no more (skein peers still does). Invite ${each}, too:`,
    'skein invite LABEL; or undo it: skein leave',
  ].join('\n')
}
