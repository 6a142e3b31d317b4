/**
 * Lets nodes into the network of this one and shuts them out: invitations, joining, withdrawals, and
 * passes that end while their holder is connected.
 */
import { background } from '../base/background.ts'
import { SkeinError, toSkeinError } from '../base/errors.ts'
import { labelProblem } from '../base/label.ts'
import { shortPeerId } from '../base/peer-id.ts'
import { maxPassRoles, roleProblem } from '../base/role.ts'
import { maxPassMs, maxTicketMs } from './admission-limits.ts'
import {
  answerJoiner,
  askForPass,
  joinProtocol,
  passProtocol,
  readProof,
  receivePass,
  showPass,
  writeProof,
} from './join.ts'
import { reachableAddresses } from './reachable.node.ts'
import { depart, partFromStrangers } from './departure.ts'
import { judgeStanding } from './standing.ts'
import { proveTicket, readTicket, writeTicket } from './ticket.node.ts'
import type { Timer } from '../base/clock.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { Stream } from '../connection/contract.ts'
import type { Refusal } from '../connection/messages.ts'
import type { PeerEntry } from '../connection/peer-entry.ts'
import type { Affiliated } from './affiliated.ts'
import type { Departure, LeavePreview } from './departure.ts'
import type { EnrolmentSetup } from './enrolment-setup.ts'
import type { Notice, Standing } from './standing.ts'
import type { JoinAnswer, JoinRequest } from './join.ts'

/** On which terms somebody is let in. */
export interface InviteOptions {
  /** What the joiner is called in the whole network; its own label where absent. */
  readonly label?: string
  /** Roles that it has at every member, beside `member`. */
  readonly roles?: readonly string[]
  /** How long the ticket works; 24 hours where absent. */
  readonly ticketMs?: number
  /** How long the pass works; for ever where absent. */
  readonly passMs?: number
}

/** A ticket that was made. */
export interface Invited {
  /** One line of text, for the other person's eyes only: it works once. */
  readonly ticket: string
  /** The network's ID. */
  readonly network: string
  /** Until when the ticket works, Unix ms. */
  readonly expiresMs: number
  /**
   * Connected peers that are no members: they and this node list each other no more. Only where this
   * invitation founded the network, and there are any.
   */
  readonly outsiders?: number
}

const defaultTicketMs = 24 * 3_600_000 // Guess: a ticket that is sent today is used by tomorrow.
const oldConnections = new Set(['PEER_RESTARTED', 'CONNECTION_EXPIRED', 'CONNECTION_CLOSED'])
const guestMs = 60_000 // Guess: a ticket is used within a round trip; then its holder is a member.
const sweepMs = 10_000 // Guess: a pass that ends may work this much longer.

/** See the file's head. */
export class Enrolment {
  readonly #setup: EnrolmentSetup
  #sweepTimer: Timer | undefined
  readonly #proofs = new Map<PeerId, Uint8Array>()
  /** Who came with a ticket, and when. */
  readonly #guests = new Map<PeerId, number>()
  /** Of what its owner was told last. */
  #standing: Standing = 'member'
  #departing: Promise<Departure> | undefined

  constructor(setup: EnrolmentSetup) {
    this.#setup = setup
    const { affiliation } = setup
    affiliation.events.on('pass', ({ isFirst }) => this.#onPass(isFirst))
    affiliation.events.on('withdrawal', ({ holder, bytes }) => this.#onWithdrawal(holder, bytes))
    setup.events.on('member:left', ({ id }) => {
      if (affiliation.stateOf(id) === 'resigned') this.#sweep()
    })
    if (affiliation.network !== undefined) this.#sweepLater()
  }

  /** What is wrong with this node's membership, if anything. */
  get notice(): Notice | undefined {
    const { affiliation, clock, id } = this.#setup
    const { pass } = affiliation
    if (pass === undefined) return undefined
    const withdrawal = affiliation.withdrawalOf(id)?.value
    const state = affiliation.stateOf(id)
    return judgeStanding({ pass, state, withdrawal, nowUnixMs: clock.unixMs() })
  }

  /** The node runs: says what is wrong already. */
  start(): void {
    this.#checkStanding()
  }

  /** What this node shows to a peer: its pass, or the proof that the peer invited it. */
  credential(to: PeerId): Uint8Array | undefined {
    return this.#proofs.get(to) ?? this.#setup.affiliation.passBytes
  }

  /** What this node is in its network; `undefined` where it belongs to none. */
  describe(): Affiliated | undefined {
    const { affiliation } = this.#setup
    const { pass } = affiliation
    if (pass === undefined) return undefined
    const { network, label, roles, expiresMs } = pass
    const { notice } = this
    const said = notice && { notice: `${notice.fact}; ${notice.advice}` }
    const standing = notice?.standing ?? 'member'
    const canInvite = affiliation.isHolder
    return Object.freeze({ network, label, roles, expiresMs, canInvite, standing, ...said })
  }

  /** See `Node.previewLeave`. */
  previewLeave(): LeavePreview {
    const { affiliation, network, label } = this.#setup
    const described = this.describe()
    return Object.freeze({
      ...(described !== undefined && { network: described.network }),
      label: described?.label ?? label,
      standing: described?.standing ?? 'member',
      memberCount: described === undefined ? 0 : network.aliveIds().length,
      holdsKey: affiliation.isHolder,
      openTickets: affiliation.invitations.openCount,
    })
  }

  /** See `Node.leave`. Whoever asks while it is under way gets the same answer. */
  leave(forgetsKey: boolean): Promise<Departure> {
    const onOut = (): void => this.#checkStanding(true)
    this.#departing ??= depart(this.#setup, { forgetsKey, onOut }).finally(() => {
      this.#departing = undefined
    })
    return this.#departing
  }

  /** See `Node.invite`. */
  async invite(options: InviteOptions): Promise<Invited> {
    const { id, affiliation, clock, addresses } = this.#setup
    const { label, roles = [], ticketMs = defaultTicketMs, passMs } = options
    checkTerms(options)
    const listening = reachableAddresses(addresses())
    if (listening.length === 0) {
      throw new SkeinError('INVALID', 'this node does not listen: a joiner could not reach it')
    }
    const founds = affiliation.network === undefined
    await affiliation.found()
    const network = affiliation.network
    if (network === undefined) throw new SkeinError('INTERNAL', 'no network was founded')
    const nowMs = clock.unixMs()
    const invitation = affiliation.invitations.open({
      ...(label !== undefined && { label }),
      roles,
      expiresMs: nowMs + ticketMs,
      passExpiresMs: passMs === undefined ? 0 : nowMs + passMs,
    })
    await affiliation.save()
    const { secret, expiresMs } = invitation
    const expires = Math.floor(expiresMs / 1_000)
    const ticket = writeTicket({ network, inviter: id, addresses: listening, secret, expires })
    const outsiders = founds ? openCount(this.#setup) : 0
    return { ticket, network, expiresMs, ...(outsiders > 0 && { outsiders }) }
  }

  /** See `Node.join`. */
  async join(text: string, signal?: AbortSignal): Promise<Affiliated> {
    const { id, label, affiliation, manager } = this.#setup
    const ticket = readTicket(text)
    const { inviter, network, secret, addresses } = ticket
    if (inviter === id) {
      throw new SkeinError('INVALID', 'this node made the ticket: use it on the one to be let in')
    }
    if (affiliation.network !== undefined && affiliation.network !== network) {
      const where = `this node belongs to network ${shortPeerId(affiliation.network)}`
      const advice = 'leave it first (skein leave), or join with a profile of its own: -p NAME'
      throw new SkeinError('INVALID', `${where}; ${advice}`)
    }
    const proof = proveTicket(secret, id, inviter)
    this.#proofs.set(inviter, writeProof(proof))
    try {
      manager.learn(inviter, addresses)
      const ask = async (): Promise<JoinAnswer> => {
        const connection = await manager.reach(inviter, signal)
        return askForPass(connection, { ...proof, label }, signal)
      }
      const answer = await ask().catch((thrown: unknown) => {
        // Asking twice does no harm: who used a ticket may use it again.
        if (oldConnections.has(toSkeinError(thrown).code)) return ask()
        throw thrown
      })
      await affiliation.join(ticket, answer)
    } finally {
      this.#proofs.delete(inviter)
    }
    const described = this.describe()
    if (described === undefined) throw new SkeinError('INTERNAL', 'the pass is not there')
    return described
  }

  /** See `Node.forget`; tells what was forgotten. */
  async forget(id: PeerId): Promise<{ readonly wasMember: boolean }> {
    const { affiliation, people, manager, network } = this.#setup
    const wasMember = await affiliation.withdraw(id)
    await people.forget(id)
    network.expel()
    manager.peer(id)?.connection?.close('DENIED', 'you were forgotten (skein forget)')
    return { wasMember }
  }

  /** Takes a stream of `join/1` or `pass/1`; false for any other. */
  accept(stream: Stream, peer: PeerEntry): boolean {
    const { affiliation, network } = this.#setup
    if (stream.protocol === joinProtocol) {
      answerJoiner(stream, (request) => this.#admit(request, peer))
      return true
    }
    if (stream.protocol !== passProtocol) return false
    receivePass(stream, (pass) => {
      const problem = pass && affiliation.note(peer.id, pass)
      if (problem === undefined) {
        peer.shownPass = pass
        // To a member, who has left is one until its last word is here.
        if (pass !== undefined || affiliation.network === undefined) network.follow(peer)
      }
      return problem
    })
    return true
  }

  /** A peer was let in, or let this node in. */
  onIntroduced({ id, shownPass, shownWithdrawal }: PeerEntry): void {
    if (shownPass !== undefined) this.#setup.affiliation.note(id, shownPass)
    this.#heed(shownWithdrawal)
  }

  /** A peer did not let this node in. What it says proves nothing, but for the network's own word. */
  onRefused({ withdrawal }: Refusal): void {
    this.#heed(withdrawal)
  }

  #heed(withdrawal: Uint8Array | undefined): void {
    const { affiliation, log } = this.#setup
    if (withdrawal === undefined || affiliation.network === undefined) return
    const problem = affiliation.takeWithdrawal(withdrawal)
    if (problem !== undefined) log.debug({}, `a withdrawal of our pass that is none: ${problem}`)
  }

  stop(): void {
    this.#sweepTimer?.cancel()
  }

  async #admit(request: JoinRequest, { id }: PeerEntry): Promise<JoinAnswer> {
    const { affiliation, log } = this.#setup
    const invitation = affiliation.invitationOf(id, request)
    const mine = affiliation.passBytes
    if (invitation === undefined || mine === undefined) {
      const text = 'the ticket was used, has expired, or is not of this node; ask for a new one'
      throw new SkeinError('DENIED', text)
    }
    const label = invitation.label ?? request.label
    const problem = labelProblem(label)
    if (problem !== undefined)
      throw new SkeinError('INVALID', `'${label.slice(0, 64)}': ${problem}`)
    const { roles, passExpiresMs: expiresMs } = invitation
    affiliation.invitations.use(invitation, id) // Before anything waits: it works once.
    try {
      const pass = await affiliation.issue({ holder: id, label, roles, expiresMs })
      log.info({ peer: `${label} ${shortPeerId(id)}` }, 'joined by a ticket of ours')
      return { pass, mine }
    } catch (thrown) {
      affiliation.invitations.reopen(invitation)
      throw thrown
    }
  }

  /** What was known without a network is no news of this one: the view begins anew. */
  #onPass(isFirst: boolean): void {
    const { affiliation, manager, network } = this.#setup
    for (const { id, shownPass } of manager.peers) {
      if (shownPass !== undefined) affiliation.note(id, shownPass)
    }
    if (isFirst) network.enter()
    else network.describe()
    this.#checkStanding(true)
    this.#showAll()
    this.#sweepLater()
  }

  /** Connections that are older than the pass have not seen it. */
  #showAll(): void {
    const { affiliation, manager, network } = this.#setup
    const pass = affiliation.passBytes
    if (pass === undefined) return
    for (const peer of manager.peers) {
      if (peer.connection === undefined) continue
      showPass(peer.connection, pass)
      network.follow(peer)
    }
  }

  #onWithdrawal(holder: PeerId, bytes: Uint8Array): void {
    const { network, affiliation, log, id } = this.#setup
    if (holder !== id) log.info({ peer: shortPeerId(holder) }, 'its pass was taken back')
    network.membership.tellWithdrawal(bytes)
    this.#sweep()
    background(affiliation.save(), 'keep a withdrawal', log)
  }

  #sweepLater(): void {
    this.#sweepTimer?.cancel()
    this.#sweepTimer = this.#setup.clock.after(sweepMs, () => {
      this.#sweep()
      this.#sweepLater()
    })
  }

  /** Who is no member any more goes: out of the view, and off the wire. */
  #sweep(): void {
    const { manager, network, people } = this.#setup
    network.expel()
    for (const peer of [...manager.peers]) {
      const { id, connection } = peer
      if (connection === undefined || this.#isGuest(peer)) continue
      if (people.isWithdrawn(id)) connection.close('DENIED', 'your pass was taken back')
      else if (people.isExpired(id, connection.isLocal)) {
        connection.close('DENIED', 'your pass has expired; ask for a new ticket: skein invite')
      } else if (people.hasResigned(id, connection.isLocal)) {
        connection.close('CONNECTION_CLOSED', 'you left the network')
      }
    }
    for (const id of this.#guests.keys()) {
      if (manager.peer(id)?.connection === undefined) this.#guests.delete(id)
    }
    this.#checkStanding()
  }

  /**
   * Tells whether somebody was let in by a ticket, and has not used it yet. Who does not within a minute
   * goes: it may be here for nothing else.
   */
  #isGuest({ id, connection, shownPass }: PeerEntry): boolean {
    const { affiliation, people, clock } = this.#setup
    const hasTicket = shownPass !== undefined && readProof(shownPass) !== undefined
    const isLetIn = people.isLetIn(id, connection?.isLocal ?? false)
    if (!hasTicket || isLetIn || affiliation.network === undefined) {
      this.#guests.delete(id)
      return false
    }
    const sinceMs = this.#guests.get(id) ?? clock.nowMs()
    this.#guests.set(id, sinceMs)
    if (clock.nowMs() - sinceMs < guestMs) return true
    this.#guests.delete(id)
    connection?.close('DENIED', 'the ticket was not used; join once more')
    return true
  }

  /**
   * Tells the owner once what has become of this node's membership, and forgets the view of who is out.
   *
   * @param isOther - There is something to tell anyway: another network, another pass.
   */
  #checkStanding(isOther = false): void {
    const { log, network } = this.#setup
    const { notice } = this
    const standing = notice?.standing ?? 'member'
    const isCutOff = standing === 'expired' && !network.hasOpenNeighbour()
    if ((standing === 'out' || isCutOff) && !network.isAlone) network.restart()
    if (standing === this.#standing && !isOther) return
    if (standing === 'out') partFromStrangers(this.#setup)
    this.#standing = standing
    if (notice !== undefined) log.warn({}, `${notice.fact}; ${notice.advice}`)
    const affiliation = this.describe()
    this.#setup.events.emit('network:change', {
      ...(affiliation !== undefined && { network: affiliation }),
      ...(notice !== undefined && { notice }),
    })
  }
}

function openCount({ manager }: EnrolmentSetup): number {
  return [...manager.peers].filter(({ connection }) => connection?.state === 'open').length
}

function checkTerms({ label, roles = [], ticketMs, passMs }: InviteOptions): void {
  const problem = label === undefined ? undefined : labelProblem(label)
  if (problem !== undefined) throw new SkeinError('INVALID', `'${label}': ${problem}`)
  for (const role of roles) {
    const wrong = roleProblem(role)
    if (wrong !== undefined) throw new SkeinError('INVALID', wrong)
  }
  if (roles.length > maxPassRoles) {
    throw new SkeinError('INVALID', `${roles.length} roles; a pass holds ${maxPassRoles}`)
  }
  checkTime('ticket', ticketMs, maxTicketMs)
  checkTime('pass', passMs, maxPassMs)
}

function checkTime(what: string, timeMs: number | undefined, maxMs: number): void {
  if (timeMs === undefined || (timeMs >= 1 && timeMs <= maxMs)) return
  const most = `1 ms to ${maxMs / 86_400_000} days`
  throw new SkeinError('INVALID', `a ${what} is good for ${most}, not for ${timeMs} ms`)
}
