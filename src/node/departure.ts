/**
 * Leaving a network: what a running node does, in this order, so that it is either in or out whenever it
 * dies.
 *
 *   reach    somebody who can be told, where nobody is connected
 *   forget   on the disk: from here on this node is out
 *   tell     the last word, which gives the pass back, to every neighbour; they pass it on
 *   part     from those who were connected by the pass alone
 *   return   to those who stay connected: they hear that this node has no pass, and list it as one of none
 */
import { shortPeerId } from '../base/peer-id.ts'
import { messageOf } from '../base/errors.ts'
import { showPass } from './join.ts'
import { pause } from './pause.ts'
import type { EnrolmentSetup } from './enrolment-setup.ts'
import type { Standing } from './standing.ts'

/** What is lost when a node leaves its network. */
export interface LeavePreview {
  /** The network's ID; absent where there is none to leave. */
  readonly network?: string
  /** What this node is called in it. */
  readonly label: string
  readonly standing: Standing
  /** Other members that run. */
  readonly memberCount: number
  /** Whether this node has the network's key: nobody else can invite, or take a pass back. */
  readonly holdsKey: boolean
  /** Tickets that were not used yet: they end with it. */
  readonly openTickets: number
}

/** A network that was left. */
export interface Departure {
  /** The network's ID; absent where there was none to leave. */
  readonly network?: string
  /** Whether the network had put this node out before. */
  readonly wasOut: boolean
  /** Members that were told; they tell the others. */
  readonly told: number
  /** Where the network's key is kept, by the one that had it. */
  readonly keyFile?: string
}

/** What leaving comes to where there is no network. */
export const nothingToLeave: Departure = Object.freeze({ wasOut: false, told: 0 })

const reachPatienceMs = 2_000 // Guess: a dial takes 20 ms; who waits for it is a person.
const lookMs = 20 // Guess: a stream of membership takes one round trip.
const reachAtMost = 3 // Guess: as many as hold a message.

/** Leaves; `onOut` is called as soon as it has. @throws {SkeinError} `STORAGE_FAILED` the node is a member as before. */
export async function depart(
  setup: EnrolmentSetup,
  { forgetsKey, onOut }: { readonly forgetsKey: boolean; readonly onOut: () => void },
): Promise<Departure> {
  const { affiliation, network, manager, log } = setup
  if (affiliation.network === undefined) return nothingToLeave
  const wasOut = affiliation.stateOf(setup.id) !== 'valid'
  await reachSomebody(setup)
  const left = await affiliation.leave(forgetsKey)
  if (left === undefined) return nothingToLeave
  const told = network.resign()
  manager.dropDials('this node left its network')
  partFromStrangers(setup)
  beginAnew(setup)
  onOut()
  log.info({ told }, `left network ${shortPeerId(left.network)}`)
  await affiliation.tidy().catch((thrown: unknown) => {
    log.warn({}, `${messageOf(thrown)}; the next start removes what is left of the network`)
  })
  network.keepOnlyKnown()
  const { network: id, keyFile } = left
  return Object.freeze({ network: id, wasOut, told, ...(keyFile !== undefined && { keyFile }) })
}

/** Where no member is connected that could pass our last word on, tries to connect to one. */
async function reachSomebody({
  affiliation,
  network,
  manager,
  clock,
  id,
}: EnrolmentSetup): Promise<void> {
  const isMember = affiliation.stateOf(id) === 'valid'
  if (!isMember || network.hasOpenNeighbour()) return
  const given = new AbortController()
  const dials = network
    .aliveIds()
    .slice(0, reachAtMost)
    .map(async (member) => {
      await manager.reach(member, given.signal)
      while (!network.hasOpenNeighbour() && !given.signal.aborted) {
        await pause(clock, lookMs, given.signal)
      }
    })
  if (dials.length === 0) return
  // Nobody may be there at all: then nobody is told, which the caller says.
  await Promise.any([...dials, pause(clock, reachPatienceMs, given.signal)]).catch(() => undefined)
  given.abort()
}

/** Who stays connected learns that this node is of no network; with who is of none, either, it shares a view. */
function beginAnew({ manager, network }: EnrolmentSetup): void {
  for (const peer of manager.peers) {
    const { connection } = peer
    if (connection === undefined || connection.state === 'closed') continue
    // First this: the streams that follow are refused to a member of a network.
    showPass(connection)
    network.follow(peer)
  }
}

/** Closes the connections to those whom this node would not let in without the network. */
export function partFromStrangers({ manager, people }: EnrolmentSetup): void {
  for (const { id, connection, isHeld, isOutbound } of [...manager.peers]) {
    if (connection === undefined) continue
    // Whom the configuration names is asked anew; it may know this node without the network.
    const isWanted = isHeld && isOutbound && connection.state === 'open'
    if (isWanted) continue
    if (people.wouldRefuse(id, connection.isLocal) === undefined) continue
    connection.close('CONNECTION_CLOSED', 'this node is out of the network')
  }
}
