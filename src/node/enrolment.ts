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
  receivePass,
  showPass,
  writeProof,
} from './join.ts'
import { reachableAddresses } from './reachable.node.ts'
import { proveTicket, readTicket, writeTicket } from './ticket.node.ts'
import type { Clock, Timer } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { ConnectionManager } from '../connection/manager.ts'
import type { Stream } from '../connection/contract.ts'
import type { PeerEntry } from '../connection/peer-entry.ts'
import type { Affiliation } from './affiliation.ts'
import type { JoinAnswer, JoinRequest } from './join.ts'
import type { Network } from './network.ts'
import type { People } from './people.ts'

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
}

/** What this node is in its network. */
export interface Affiliated {
  /** The network's ID. */
  readonly network: string
  /** What this node is called in it. */
  readonly label: string
  readonly roles: readonly string[]
  /** Until when its pass works, Unix ms; 0 for ever. */
  readonly expiresMs: number
  /** Whether it can invite: it holds the network's key. */
  readonly canInvite: boolean
}

/** What enrolment works with. */
export interface EnrolmentSetup {
  readonly id: PeerId
  readonly label: string
  readonly clock: Clock
  readonly log: Log
  readonly manager: ConnectionManager
  readonly affiliation: Affiliation
  readonly people: People
  readonly network: Network
  readonly addresses: () => readonly string[]
}

const defaultTicketMs = 24 * 3_600_000 // Guess: a ticket that is sent today is used by tomorrow.
const sweepMs = 10_000 // Guess: a pass that ends may work this much longer.

/** See the file's head. */
export class Enrolment {
  readonly #setup: EnrolmentSetup
  #sweepTimer: Timer | undefined
  readonly #proofs = new Map<PeerId, Uint8Array>()

  constructor(setup: EnrolmentSetup) {
    this.#setup = setup
    const { affiliation } = setup
    affiliation.events.on('pass', ({ isFirst }) => this.#onPass(isFirst))
    affiliation.events.on('withdrawal', ({ holder, bytes }) => this.#onWithdrawal(holder, bytes))
    if (affiliation.network !== undefined) this.#sweepLater()
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
    return Object.freeze({ network, label, roles, expiresMs, canInvite: affiliation.isHolder })
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
    return { ticket, network, expiresMs }
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
      const text_ = `this node belongs to network ${shortPeerId(affiliation.network)}`
      throw new SkeinError('INVALID', `${text_}; join another with a profile of its own: -p NAME`)
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
        if (toSkeinError(thrown).code === 'PEER_RESTARTED') return ask()
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
    network.membership.expel()
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
      const problem = affiliation.note(peer.id, pass)
      if (problem === undefined) {
        peer.shownPass = pass
        network.follow(peer)
      }
      return problem
    })
    return true
  }

  /** A peer was let in, or let this node in. */
  onIntroduced(peer: PeerEntry): void {
    if (peer.shownPass !== undefined) this.#setup.affiliation.note(peer.id, peer.shownPass)
  }

  stop(): void {
    this.#sweepTimer?.cancel()
  }

  async #admit(request: JoinRequest, { id }: PeerEntry): Promise<JoinAnswer> {
    const { affiliation, log } = this.#setup
    const invitation = affiliation.isHolder ? affiliation.invitations.find(request, id) : undefined
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
    if (isFirst) network.restart()
    else network.describe()
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
    const { network, affiliation, log } = this.#setup
    log.info({ peer: shortPeerId(holder) }, 'its pass was taken back')
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
    network.membership.expel()
    for (const { id, connection } of [...manager.peers]) {
      if (connection === undefined) continue
      if (people.isWithdrawn(id)) connection.close('DENIED', 'your pass was taken back')
      else if (people.isExpired(id, connection.isLocal)) {
        connection.close('DENIED', 'your pass has expired; ask for a new ticket: skein invite')
      }
    }
  }
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
