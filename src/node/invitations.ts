/** The tickets that this node has given away: each lets one node in, once, for a while. */
import { decodeBase32, encodeBase32 } from '../base/base32.ts'
import { SkeinError } from '../base/errors.ts'
import { isPeerId } from '../base/peer-id.ts'
import { isProof, proveTicket, secretBytes, ticketIdOf } from './ticket.node.ts'
import type { Clock } from '../base/clock.ts'
import type { Identity } from '../base/identity.node.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { Random } from '../base/random.ts'
import type { TicketProof } from './ticket.node.ts'

/** What a ticket gives. */
export interface Invitation {
  readonly secret: Uint8Array
  /** What the joiner will be called; its own label where absent. */
  readonly label?: string
  readonly roles: readonly string[]
  /** Until when the ticket works, Unix ms. */
  readonly expiresMs: number
  /** Until when the pass works, Unix ms; 0 for ever. */
  readonly passExpiresMs: number
  /** Who used it: the same one may fetch its pass again. */
  readonly usedBy?: PeerId
}

const maxOpen = 256 // Guess: one for each of a large party.

/** See the file's head. */
export class Invitations {
  /** Proofs that were wrong, late or repeated. */
  refused = 0
  readonly #clock: Clock
  readonly #identity: Identity
  readonly #random: Random
  readonly #byId = new Map<string, Invitation>()

  constructor(parts: {
    readonly clock: Clock
    readonly identity: Identity
    readonly random: Random
  }) {
    this.#clock = parts.clock
    this.#identity = parts.identity
    this.#random = parts.random
  }

  /** Opens a new one. @throws {SkeinError} `LIMIT_EXCEEDED` too many are open. */
  open(terms: Omit<Invitation, 'secret' | 'usedBy'>): Invitation {
    this.#dropExpired()
    if (this.#byId.size >= maxOpen) {
      throw new SkeinError('LIMIT_EXCEEDED', `${maxOpen} tickets are open; wait until some expire`)
    }
    const invitation = { ...terms, secret: this.#random.bytes(secretBytes) }
    this.#byId.set(keyOf(invitation.secret), invitation)
    return invitation
  }

  /** Tickets that nobody used yet. */
  get openCount(): number {
    this.#dropExpired()
    return [...this.#byId.values()].filter(({ usedBy }) => usedBy === undefined).length
  }

  /** Finds the invitation that a joiner proves to hold: open, or used by the same one before. */
  find(proof: TicketProof, joiner: PeerId): Invitation | undefined {
    this.#dropExpired()
    const invitation = this.#byId.get(encodeBase32(proof.ticketId))
    const isGood =
      invitation !== undefined &&
      (invitation.usedBy ?? joiner) === joiner &&
      isProof(proof.code, proveTicket(invitation.secret, joiner, this.#identity.peerId))
    if (isGood) return invitation
    this.refused++
    return undefined
  }

  /** Notes who used a ticket: nobody else can from now on. One that it used before is spent. */
  use(invitation: Invitation, joiner: PeerId): void {
    this.spend(joiner)
    this.#byId.set(keyOf(invitation.secret), { ...invitation, usedBy: joiner })
  }

  /** What somebody has used lets it in no more: it was put out, has left, or used another one. */
  spend(joiner: PeerId): void {
    for (const [key, { usedBy }] of this.#byId) if (usedBy === joiner) this.#byId.delete(key)
  }

  /** Gives back a ticket that did no good: the pass could not be given. */
  reopen(invitation: Invitation): void {
    this.#byId.set(keyOf(invitation.secret), invitation)
  }

  /** For the data folder. */
  toJson(): unknown {
    this.#dropExpired()
    return [...this.#byId.values()].map((each) => ({ ...each, secret: encodeBase32(each.secret) }))
  }

  /** From the data folder; false when it makes no sense. */
  restore(content: unknown): boolean {
    if (!Array.isArray(content) || content.length > maxOpen) return false
    for (const entry of content as unknown[]) {
      const invitation = readInvitation(entry)
      if (invitation === undefined) return false
      this.#byId.set(keyOf(invitation.secret), invitation)
    }
    return true
  }

  #dropExpired(): void {
    const nowMs = this.#clock.unixMs()
    for (const [key, { expiresMs }] of this.#byId) if (expiresMs <= nowMs) this.#byId.delete(key)
  }
}

function keyOf(secret: Uint8Array): string {
  return encodeBase32(ticketIdOf(secret))
}

function readInvitation(value: unknown): Invitation | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { secret, label, roles, expiresMs, passExpiresMs, usedBy } = value as Record<
    string,
    unknown
  >
  const bytes = typeof secret === 'string' ? decodeBase32(secret) : undefined
  if (bytes?.length !== secretBytes || !Array.isArray(roles)) return undefined
  if (!roles.every((role) => typeof role === 'string')) return undefined
  if (!Number.isSafeInteger(expiresMs) || !Number.isSafeInteger(passExpiresMs)) return undefined
  const terms = { secret: bytes, roles, expiresMs: Number(expiresMs) }
  return {
    ...terms,
    passExpiresMs: Number(passExpiresMs),
    ...(typeof label === 'string' && { label }),
    ...(isPeerId(usedBy) && { usedBy }),
  }
}
