/**
 * Who was seen of late.
 *
 * **Invariant**: strangers, of whom anybody can make up any number, never push out those whose place is
 * proved by a key; each kind has its own bound.
 */
import { formatHostPort } from '../base/address.ts'
import type { Clock } from '../base/clock.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { Recognised } from './beacon.ts'
import type { OpenSelf, Relation, Sighting } from './contract.ts'

interface Seen {
  readonly relation: Relation
  readonly host: string
  readonly port: number
  readonly id?: PeerId
  readonly label?: string
}

interface Entry {
  readonly seen: Seen
  readonly atMs: number
  readonly untilMs: number
}

const maxOfKind = 256 // Guess: more than a person reads.

/** See the file's head. */
export class Sightings {
  readonly #source: string
  readonly #clock: Clock
  readonly #friends = new Map<string, Entry>()
  readonly #strangers = new Map<string, Entry>()

  constructor(source: string, clock: Clock) {
    this.#source = source
    this.#clock = clock
  }

  /** Somebody was seen, and counts as there for `lastingMs`; the one seen longest ago makes room. */
  add(seen: Seen, lastingMs: number): void {
    const key = keyOf(seen)
    const isFriend = isOurs(seen.relation)
    if (!isFriend && this.#isFriend(key)) return // Whoever can prove it has said so.
    const kind = isFriend ? this.#friends : this.#strangers
    if (isFriend) this.#strangers.delete(key)
    kind.delete(key) // What is seen again goes to the end.
    const [longest] = kind.keys()
    if (kind.size >= maxOfKind && longest !== undefined) kind.delete(longest)
    const atMs = this.#clock.nowMs()
    kind.set(key, { seen, atMs, untilMs: atMs + lastingMs })
  }

  /** Somebody said that it goes. */
  remove(host: string, port: number): void {
    this.#strangers.delete(formatHostPort({ host, port }))
    this.#friends.delete(formatHostPort({ host, port }))
  }

  /** Forgets all: the machine is elsewhere now. */
  clear(): void {
    this.#friends.clear()
    this.#strangers.clear()
  }

  /** Those who still count as there. */
  list(): readonly Sighting[] {
    const nowMs = this.#clock.nowMs()
    const listed: Sighting[] = []
    for (const kind of [this.#friends, this.#strangers]) {
      for (const [key, { seen, atMs, untilMs }] of kind) {
        if (untilMs <= nowMs) kind.delete(key)
        else listed.push({ ...seen, source: this.#source, ageMs: Math.round(nowMs - atMs) })
      }
    }
    return listed
  }

  #isFriend(key: string): boolean {
    const friend = this.#friends.get(key)
    return friend !== undefined && friend.untilMs > this.#clock.nowMs()
  }
}

/** The place; of those who listen nowhere, of whom one machine may have several, also who it is. */
function keyOf({ host, port, id }: Seen): string {
  const place = formatHostPort({ host, port })
  return port === 0 && id !== undefined ? `${place} ${id}` : place
}

/** Who somebody is: what a beacon proves goes before what the sender shows to everybody. */
export function describeSeen(
  who: Exclude<Recognised, { readonly relation: 'self' }>,
  open: OpenSelf | undefined,
): Pick<Seen, 'relation' | 'id' | 'label'> {
  if (who.relation === 'other') return open === undefined ? who : { relation: 'open', ...open }
  return open?.id === who.id ? { ...who, label: open.label } : who
}

/** Whether somebody is of those whom this node wants to find. */
export function isOurs(relation: Recognised['relation'] | Relation): boolean {
  return relation === 'network' || relation === 'known'
}
