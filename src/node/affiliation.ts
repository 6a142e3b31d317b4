/**
 * The network that this node belongs to, if any: its own pass, what it has seen of others' passes and
 * withdrawals, and, at the one that founded it, the network's key. Kept in the data folder.
 *
 * **Invariant**: what was withdrawn stays so over restarts; the key of a network never leaves the node
 * that made it.
 */
import { decodeBase32, encodeBase32 } from '../base/base32.ts'
import { Emitter } from '../base/emitter.ts'
import { SkeinError } from '../base/errors.ts'
import { isPeerId, shortPeerId } from '../base/peer-id.ts'
import { verifySignature } from '../base/verify.node.ts'
import { readPass, signPass, signWithdrawal } from '../membership/pass.ts'
import { Passes, maxWithdrawals } from '../membership/passes.ts'
import { Invitations } from './invitations.ts'
import { readProof } from './join.ts'
import { background } from '../base/background.ts'
import { damaged } from './known-list.ts'
import { NetworkFiles } from './network-files.ts'
import type { Clock } from '../base/clock.ts'
import type { Identity } from '../base/identity.node.ts'
import type { Log } from '../base/log.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { Random } from '../base/random.ts'
import type { Storage } from '../base/storage.ts'
import type { NetworkId, NetworkSigner, Pass, Withdrawal } from '../membership/pass.ts'
import type { Signed } from '../membership/signed.ts'
import type { PassState } from '../membership/passes.ts'
import type { Invitation } from './invitations.ts'
import type { JoinAnswer } from './join.ts'
import type { Ticket, TicketProof } from './ticket.node.ts'

/** What an affiliation works with. */
export interface AffiliationParts {
  readonly identity: Identity
  readonly label: string
  readonly storage: Storage
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
}

/** What happens to it. */
export type AffiliationEvents = {
  /** This node has a pass, the first one or a newer one. */
  pass: { readonly isFirst: boolean }
  /** Somebody's passes were taken back: by this node, or as others told. */
  withdrawal: { readonly holder: PeerId; readonly bytes: Uint8Array }
}

/** Whom a pass is for. */
export interface Grant {
  readonly holder: PeerId
  readonly label: string
  readonly roles: readonly string[]
  /** Unix time, ms; 0 for never. */
  readonly expiresMs: number
}

/** A network that this node was in. */
export interface LeftNetwork {
  readonly network: NetworkId
  /** Where its key is kept, at the one that had it. */
  readonly keyFile: string | undefined
}

/** See the file's head. */
export class Affiliation {
  readonly events: Emitter<AffiliationEvents>
  invitations: Invitations
  readonly #parts: AffiliationParts
  readonly #files: NetworkFiles
  #key: Identity | undefined
  #passes: Passes | undefined
  #ownPass: Uint8Array | undefined
  readonly #issued = new Map<PeerId, Uint8Array>()
  #lastIssuedMs = 0
  #founding: Promise<void> | undefined
  /** Nothing is written any more: the last word is under way. */
  #isLeaving = false

  private constructor(parts: AffiliationParts, key: Identity | undefined) {
    this.#parts = parts
    this.#key = key
    this.#files = new NetworkFiles(parts.storage)
    this.events = new Emitter((message) => parts.log.error({}, message))
    this.invitations = new Invitations(parts)
  }

  /**
   * Reads what was kept.
   *
   * @throws {SkeinError} `STORAGE_FAILED` a file is damaged: nobody is let in or shut out by mistake.
   */
  static async load(parts: AffiliationParts): Promise<Affiliation> {
    const { key, content } = await new NetworkFiles(parts.storage).load()
    const affiliation = new Affiliation(parts, key)
    if (content !== undefined && !affiliation.#restore(content))
      throw damaged(parts.storage, 'network.json')
    return affiliation
  }

  /** The network that this node belongs to. */
  get network(): NetworkId | undefined {
    return this.#passes?.network
  }

  /** This node's pass, as it travels. */
  get passBytes(): Uint8Array | undefined {
    return this.#ownPass
  }

  /** This node's pass. */
  get pass(): Pass | undefined {
    return this.#passes?.get(this.#parts.identity.peerId)
  }

  /** Whether this node can invite and take passes back: it has the network's key. */
  get isHolder(): boolean {
    return this.#key !== undefined && this.#key.peerId === this.network
  }

  /** Whether this node is no member of its network any more, though it has a pass of it. */
  get isOut(): boolean {
    const state = this.stateOf(this.#parts.identity.peerId)
    return state === 'withdrawn' || state === 'resigned'
  }

  /** Withdrawals, as they travel. */
  get withdrawals(): readonly Uint8Array[] {
    return this.#passes?.withdrawals ?? []
  }

  /** What the pass of a peer is worth now; `none` where this node belongs to no network. */
  stateOf(id: PeerId): PassState {
    return this.#passes?.stateOf(id) ?? 'none'
  }

  /** The pass of a member, if it is valid now. */
  validPass(id: PeerId): Pass | undefined {
    return this.stateOf(id) === 'valid' ? this.#passes?.get(id) : undefined
  }

  /** Who has a label by a valid pass. */
  holderOf(label: string): PeerId | undefined {
    return this.#passes?.holderOf(label)
  }

  /** Tells whether what a peer showed proves that it holds an open ticket of ours. */
  isInvited(id: PeerId, shown: Uint8Array): boolean {
    const proof = readProof(shown)
    return proof !== undefined && this.invitationOf(id, proof) !== undefined
  }

  /**
   * The invitation that a peer proves to hold. One that it used is good again only while it is a member
   * by that: who was put out, or whose pass has ended, needs a new ticket.
   */
  invitationOf(id: PeerId, proof: TicketProof): Invitation | undefined {
    const invitation = this.isHolder ? this.invitations.find(proof, id) : undefined
    const isSpent = invitation?.usedBy !== undefined && this.stateOf(id) !== 'valid'
    return isSpent ? undefined : invitation
  }

  /** What took the passes of a peer back, as it travels, if it is no member by that. */
  withdrawalOf(id: PeerId): Signed<Withdrawal> | undefined {
    return this.stateOf(id) === 'withdrawn' ? this.#passes?.withdrawalOf(id) : undefined
  }

  /** The newest pass of a peer, as it travels. */
  bytesOf(id: PeerId): Uint8Array | undefined {
    return this.#passes?.bytesOf(id)
  }

  /** What the network calls a member, or called one that has left. */
  labelOf(id: PeerId): string | undefined {
    const state = this.stateOf(id)
    return state === 'valid' || state === 'resigned' ? this.#passes?.get(id)?.label : undefined
  }

  /** Those whose passes are valid now, as far as they were seen. */
  members(): readonly Pass[] {
    return [...(this.#passes?.members() ?? [])]
  }

  /** Takes the pass that a peer showed; returns what is wrong with it. */
  note(id: PeerId, bytes: Uint8Array): string | undefined {
    return this.#passes === undefined ? 'a pass of another network' : this.#passes.take(id, bytes)
  }

  /** A member gave a pass back, by its own signed word. */
  resign(holder: PeerId, bytes: Uint8Array): void {
    if (this.#passes?.resign(holder, bytes) !== true) return
    if (this.stateOf(holder) !== 'resigned' || !this.#issued.delete(holder)) return
    this.invitations.spend(holder)
    background(this.save(), 'forget a pass that was given back', this.#parts.log)
  }

  /** Makes a network with this node as its first member, unless it belongs to one. */
  found(): Promise<void> {
    // Two that ask at once get the same one.
    this.#founding ??= this.#found().finally(() => {
      this.#founding = undefined
    })
    return this.#founding
  }

  async #found(): Promise<void> {
    const { identity, label } = this.#parts
    if (this.isHolder) return
    if (this.#passes !== undefined) {
      const text = `this node does not hold the key of its network ${shortPeerId(this.#passes.network)}`
      throw new SkeinError('DENIED', `${text}: run this where the network was made`)
    }
    // A process that died between the two steps has left a key that nobody knows yet.
    const key = this.#key ?? (await this.#files.createKey())
    this.#key = key
    this.#begin(key.peerId)
    // Not by `issue`: the first file that says so has this node's own pass in it.
    this.#ownPass = this.#sign({ holder: identity.peerId, label, roles: [], expiresMs: 0 })
    try {
      await this.save()
    } catch (thrown) {
      this.#forget()
      this.#key = key
      throw thrown
    }
    this.events.emit('pass', { isFirst: true })
  }

  /**
   * Signs a pass, and keeps that it did.
   *
   * @throws {SkeinError} `INVALID` another member has the label.
   */
  async issue(grant: Grant): Promise<Uint8Array> {
    const { holder, label } = grant
    const taken = this.members().find((pass) => pass.label === label && pass.holder !== holder)
    if (taken !== undefined) {
      const text = `'${label}' is ${shortPeerId(taken.holder)} in this network; choose another label`
      throw new SkeinError('INVALID', text)
    }
    const bytes = this.#sign(grant)
    await this.save()
    return bytes
  }

  #sign({ holder, label, roles, expiresMs }: Grant): Uint8Array {
    const issuedMs = this.#nextMs()
    const bytes = signPass({ holder, label, roles, issuedMs, expiresMs }, this.#signer())
    this.#issued.set(holder, bytes)
    this.#passes?.take(holder, bytes)
    return bytes
  }

  /** Makes this node a member: its pass, and the inviter's, were fetched with a ticket. */
  async join(ticket: Ticket, { pass, mine }: JoinAnswer): Promise<void> {
    const { identity } = this.#parts
    const read = readPass(pass, verifySignature)
    const isOurs =
      typeof read !== 'string' && read.network === ticket.network && read.holder === identity.peerId
    if (!isOurs) throw new SkeinError('VIOLATION', 'the inviter sent a pass that is not for us')
    if (this.#isLeaving) throw new SkeinError('CANCELLED', 'this node left its network meanwhile')
    const isFirst = this.#passes === undefined
    if (isFirst) this.#begin(ticket.network)
    else if (this.network !== ticket.network) {
      throw new SkeinError('INVALID', 'this node joined another network meanwhile')
    }
    this.#ownPass = pass
    this.note(identity.peerId, pass)
    this.note(ticket.inviter, mine)
    await this.save()
    this.events.emit('pass', { isFirst })
  }

  /**
   * Takes back all passes of a peer; the others learn it from whom they are connected to.
   *
   * @returns false when it has none.
   * @throws {SkeinError} `DENIED` this node does not hold the network's key; `LIMIT_EXCEEDED`.
   */
  async withdraw(holder: PeerId): Promise<boolean> {
    const isMember = this.stateOf(holder) === 'valid' || this.stateOf(holder) === 'expired'
    if (!isMember) return false
    if (!this.isHolder) {
      const text = 'only the node that holds the key of the network can take a pass back'
      throw new SkeinError('DENIED', `${text}; skein deny shuts it out here`)
    }
    if (this.withdrawals.length >= maxWithdrawals) {
      const text = `${maxWithdrawals} passes were taken back in this network`
      throw new SkeinError('LIMIT_EXCEEDED', `${text}: it needs a new key, found another one`)
    }
    this.#issued.delete(holder)
    this.invitations.spend(holder)
    this.takeWithdrawal(signWithdrawal({ holder, untilMs: this.#nextMs() }, this.#signer()))
    await this.save()
    return true
  }

  /** Takes a withdrawal that somebody told; returns what is wrong with it. */
  takeWithdrawal(bytes: Uint8Array): string | undefined {
    const taken = this.#passes?.takeWithdrawal(bytes)
    if (taken === undefined) return undefined
    if ('problem' in taken) return taken.problem
    this.events.emit('withdrawal', { holder: taken.holder, bytes })
    return undefined
  }

  /**
   * Forgets network, pass and key. On the disk first: what fails there leaves all as it was.
   *
   * @param forgetsKey - Otherwise the network's key is kept, under another name, where it was.
   * @returns `undefined` where there was no network.
   * @throws {SkeinError} `STORAGE_FAILED`.
   */
  async leave(forgetsKey: boolean): Promise<LeftNetwork | undefined> {
    const { network } = this
    if (network === undefined) return undefined
    const key = forgetsKey || !this.isHolder ? undefined : this.#key
    this.#isLeaving = true
    try {
      const legacy = key && { key, content: this.#content(network, this.#ownPassAnew()) }
      const keyFile = await this.#files.leave(network, legacy)
      this.#forget()
      return { network, keyFile }
    } catch (thrown) {
      this.#isLeaving = false
      background(this.save(), 'keep what came while it was leaving', this.#parts.log)
      throw thrown
    } finally {
      this.#isLeaving = false
    }
  }

  /** Removes what a network that was left has left on the disk; the next start does it otherwise. */
  async tidy(): Promise<void> {
    await this.#files.tidy()
  }

  /** Writes everything to the data folder. */
  async save(): Promise<void> {
    const { network } = this
    if (network === undefined || this.#isLeaving) return
    await this.#files.save(this.#content(network, this.#ownPass))
  }

  #content(network: NetworkId, ownPass: Uint8Array | undefined): unknown {
    return {
      network,
      pass: encodeBase32(ownPass ?? new Uint8Array()),
      withdrawals: this.withdrawals.map(encodeBase32),
      issued: [...this.#issued.values()].map(encodeBase32),
      invitations: this.invitations.toJson(),
      lastIssuedMs: this.#lastIssuedMs,
    }
  }

  /** The keeper of a key that leaves gives its pass back; should it come back, it has the next one. */
  #ownPassAnew(): Uint8Array | undefined {
    const { pass } = this
    if (pass === undefined) return undefined
    return signPass({ ...pass, issuedMs: this.#nextMs() }, this.#signer())
  }

  #forget(): void {
    this.#passes = undefined
    this.#ownPass = undefined
    this.#key = undefined
    this.#issued.clear()
    this.invitations = new Invitations(this.#parts)
  }

  #begin(network: NetworkId): void {
    this.#passes = new Passes(network, verifySignature, () => this.#parts.clock.unixMs())
  }

  #signer(): NetworkSigner {
    const key = this.#key
    if (key === undefined || !this.isHolder) {
      throw new SkeinError('DENIED', 'this node does not hold the network key')
    }
    return { network: key.peerId, sign: (bytes) => key.sign(bytes) }
  }

  /** Grows even when the wall clock runs backwards: a later pass outlives an earlier withdrawal. */
  #nextMs(): number {
    this.#lastIssuedMs = Math.max(this.#lastIssuedMs + 1, this.#parts.clock.unixMs())
    return this.#lastIssuedMs
  }

  #restore(content: unknown): boolean {
    if (typeof content !== 'object' || content === null) return false
    const { network, pass, withdrawals, issued, invitations, lastIssuedMs } = content as Record<
      string,
      unknown
    >
    if (!isPeerId(network) || !Number.isSafeInteger(lastIssuedMs)) return false
    this.#begin(network)
    this.#lastIssuedMs = lastIssuedMs as number
    const [own, passes, withdrawn] = [readBytes(pass), readAll(issued), readAll(withdrawals)]
    if (own === undefined || passes === undefined || withdrawn === undefined) return false
    this.#ownPass = own
    if (this.note(this.#parts.identity.peerId, own) !== undefined) return false
    for (const bytes of passes) {
      const read = readPass(bytes, verifySignature)
      if (typeof read === 'string' || this.note(read.holder, bytes) !== undefined) return false
      this.#issued.set(read.holder, bytes)
    }
    const areSound = withdrawn.every((bytes) => this.takeWithdrawal(bytes) === undefined)
    return areSound && this.invitations.restore(invitations)
  }
}

function readBytes(text: unknown): Uint8Array | undefined {
  return typeof text === 'string' ? decodeBase32(text) : undefined
}

function readAll(list: unknown): readonly Uint8Array[] | undefined {
  if (!Array.isArray(list)) return undefined
  const all = list.map(readBytes)
  return all.every((each) => each !== undefined) ? all : undefined
}
