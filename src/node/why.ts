/** Why a peer is connected as it is, or is not: what this node knows of it, for its owner. */
import { displayAddress } from '../base/address.ts'
import { formatDuration } from '../base/duration.ts'
import { sanitizeText } from '../base/text.ts'
import { shortPeerId } from '../base/peer-id.ts'
import { formatRtt } from '../map/rtt.ts'
import type { Clock } from '../base/clock.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { ConnectionManager } from '../connection/manager.ts'
import type { MemberState } from '../membership/snapshot.ts'
import type { Network } from './network.ts'
import type { PathInfo, PeerInfo } from './peer.ts'
import type { People } from './people.ts'

/** Something that failed, and how long ago. */
export interface PastFailure {
  /** Where; absent where a connection ended. */
  readonly address?: string
  readonly code: string
  readonly message: string
  readonly agoSeconds: number
}

/** What is known of the relation to a peer. */
export interface Explanation {
  readonly id: PeerId
  readonly name: string
  readonly state: PeerInfo['state']
  readonly paths: readonly PathInfo[]
  /** Why the path in use is in use. */
  readonly pathReason: string
  /** What the network believes of it; absent of who is no member. */
  readonly member?: MemberState
  /** Where it can be dialled. */
  readonly addresses: readonly string[]
  /** What the last dial of each address came to, where nobody answered. */
  readonly failures: readonly PastFailure[]
  /** How the last connection ended, where there is none. */
  readonly ending?: PastFailure
  /** Why this node would not let it in; absent where it would. */
  readonly refusal?: string
  /** What is wrong with this node's own membership. */
  readonly notice?: string
}

/** What it is explained from. */
export interface WhySource {
  readonly manager: ConnectionManager
  readonly network: Network
  readonly people: People
  readonly clock: Clock
  readonly info: (id: PeerId) => PeerInfo | undefined
  readonly notice: () => string | undefined
}

/** Collects what is known. Frozen. */
export function explainPeer(id: PeerId, source: WhySource): Explanation {
  const { manager, network, people, clock, info, notice } = source
  const peer = manager.peer(id)
  const described = info(id)
  const addresses = peer?.addresses ?? network.membership.addressesOf(id)
  const ago = (atMs: number): number => Math.round((clock.nowMs() - atMs) / 1_000)
  const failures = manager.failures.of(addresses).map(({ address, code, message, atMs }) => {
    return { address: displayAddress(address), code, message, agoSeconds: ago(atMs) }
  })
  const isLocal = peer?.connection?.isLocal ?? false
  const candidate = { id, isLocal, claimedLabel: '', address: '', pass: peer?.shownPass }
  const refusal = people.refusal(candidate)
  const member = network.membership.stateOf(id)
  const { ending } = peer ?? {}
  const wrong = notice()
  return Object.freeze({
    ...{ id, name: people.directory.name(id), state: described?.state ?? 'closed' },
    ...{ paths: described?.paths ?? [], pathReason: described?.pathReason ?? 'no path yet' },
    ...(member !== undefined && { member }),
    addresses: addresses.map(displayAddress),
    failures: peer?.connection?.state === 'open' ? [] : failures,
    ...(ending !== undefined &&
      peer?.connection === undefined && { ending: endingOf(ending, ago) }),
    ...(refusal !== undefined && { refusal: `${refusal.rule}: ${refusal.message}` }),
    ...(wrong !== undefined && { notice: wrong }),
  })
}

/** The same for people. */
export function formatExplanation(facts: Explanation): string {
  const { name, id, state, paths, pathReason, member, addresses, failures, ending } = facts
  const who = `${name} (${shortPeerId(id)})`
  const said: Readonly<Record<PeerInfo['state'], string>> = {
    open: `${who} is connected`,
    suspended: `${who} is out of reach; its connection waits for a path`,
    closed: `${who} is not connected`,
  }
  const rows: (readonly [string, string])[] = paths.map(({ kind, address, rttMicros }, at) => {
    const use = at === 0 ? `in use: ${pathReason}` : 'stands by'
    return ['path', `${kind} ${address}, ${formatRtt(rttMicros)}, ${use}`] as const
  })
  if (member !== undefined) rows.push(['member', member])
  if (ending !== undefined) rows.push(['ended', formatFailure(ending)])
  for (const failure of failures) rows.push(['dial', formatFailure(failure)])
  if (state === 'closed' && failures.length === 0) {
    const where = addresses.join(', ')
    rows.push(['dial', where === '' ? 'no address of it is known' : `not tried of late: ${where}`])
  }
  if (facts.refusal !== undefined) rows.push(['here', `it would not be let in: ${facts.refusal}`])
  const [fact, ...advice] = facts.notice?.split('; ') ?? []
  if (fact !== undefined) rows.push(['we', fact], ...advice.map((text) => ['', text] as const))
  return [
    said[state],
    ...rows.map(([key, text]) => `  ${key.padEnd(6)}  ${sanitizeText(text)}`),
  ].join('\n')
}

function endingOf(
  {
    error,
    atMs,
  }: { readonly error: { readonly code: string; readonly message: string }; readonly atMs: number },
  ago: (atMs: number) => number,
): PastFailure {
  return { code: error.code, message: error.message, agoSeconds: ago(atMs) }
}

function formatFailure({ address, message, agoSeconds }: PastFailure): string {
  const where = address === undefined ? '' : `${address}, `
  return `${where}${formatDuration(agoSeconds)} ago: ${message}`
}
