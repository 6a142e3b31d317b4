/**
 * Who is who, for people: indexes, labels, and what they resolve to.
 *
 * A label is a claim. The known list wins; then a pass of the network; else the first ID that was seen
 * with a label keeps it, also over restarts; another ID that claims it is shown as `bob~k3f2` and never
 * answers to `@bob`.
 *
 * Configured addresses get the first indexes in their order, the rest follow as they are met. An index
 * stays with its peer for the life of the process.
 */
import { SkeinError } from '../base/errors.ts'
import { labelProblem } from '../base/label.ts'
import { shortenText } from '../base/text.ts'
import { isPeerId, shortPeerId } from '../base/peer-id.ts'
import type { PeerId } from '../base/peer-id.ts'

/** What can be asked of a peer when names are resolved. */
export interface Listed {
  readonly id: PeerId
  /** Where it is, as people see it: `127.0.0.1:14595`. */
  readonly displayAddress: string
}

/** Labels that are settled by passes. */
export interface Certified {
  readonly labelOf: (id: PeerId) => string | undefined
  readonly holderOf: (label: string) => PeerId | undefined
}

const suffixLength = 4
const minPrefixLength = 4 // Guess: a handful of peers never share 20 bits.
const maxSeenLabels = 10_000 // Guess: then the oldest is forgotten.

/** See the file's head. */
export class Directory {
  readonly #known = new Map<string, PeerId>()
  readonly #seen: Map<string, PeerId>
  readonly #claims = new Map<PeerId, string>()
  readonly #indexes = new Map<PeerId, number>()
  readonly #reserved: readonly string[]
  readonly #certified: Certified
  #nextIndex: number

  /**
   * @param reserved - Configured addresses, which get the first indexes.
   * @param seen - Labels that were seen before this start, with the ID that keeps each.
   * @param certified - The labels that passes give.
   */
  constructor(
    reserved: readonly string[],
    seen: Iterable<readonly [string, PeerId]> = [],
    certified: Certified = { labelOf: () => undefined, holderOf: () => undefined },
  ) {
    this.#certified = certified
    this.#reserved = reserved
    this.#nextIndex = reserved.length
    this.#seen = new Map(seen)
  }

  /** Labels with the IDs that keep them, to be stored. */
  get seen(): ReadonlyMap<string, PeerId> {
    return this.#seen
  }

  /** The known list as it is now. */
  get known(): ReadonlyMap<string, PeerId> {
    return this.#known
  }

  /** Puts a peer on the known list; its label is settled by that. */
  allow(id: PeerId, label: string): void {
    this.#known.set(label, id)
  }

  /** Takes a peer off the known list; true when it was on it. */
  deny(id: PeerId): boolean {
    const labels = [...this.#known].filter(([, known]) => known === id)
    for (const [label] of labels) this.#known.delete(label)
    return labels.length > 0
  }

  /** Who has a label by a pass of the network. */
  holderOf(label: string): PeerId | undefined {
    return this.#certified.holderOf(label)
  }

  isKnown(id: PeerId): boolean {
    return [...this.#known.values()].includes(id)
  }

  /**
   * Notes what a peer calls itself.
   *
   * @returns true when {@link seen} changed.
   */
  claim(id: PeerId, label: string): boolean {
    if (labelProblem(label) !== undefined) return false
    this.#claims.set(id, label)
    if (this.#seen.has(label)) return false
    if (this.#seen.size >= maxSeenLabels) {
      const oldest = this.#seen.keys().next()
      if (oldest.done !== true) this.#seen.delete(oldest.value)
    }
    this.#seen.set(label, id)
    return true
  }

  /** Gives a peer its index: that of the configured address where it answers, or the next. */
  number(id: PeerId, addresses: readonly string[] = []): number {
    const given = this.#indexes.get(id)
    if (given !== undefined) return given
    const taken = new Set(this.#indexes.values())
    const reserved = this.#reserved.findIndex(
      (address, index) => addresses.includes(address) && !taken.has(index),
    )
    const index = reserved >= 0 ? reserved : this.#nextIndex++
    this.#indexes.set(id, index)
    return index
  }

  /** Forgets a peer that is away: its index and its claim. A label that it keeps stays its own. */
  forget(id: PeerId): void {
    this.#indexes.delete(id)
    this.#claims.delete(id)
  }

  /** What people call a peer: its label where it has a right to it. */
  name(id: PeerId): string {
    for (const [label, known] of this.#known) if (known === id) return label
    const given = this.#certified.labelOf(id)
    const label = given ?? this.#claims.get(id)
    if (label === undefined) return shortPeerId(id)
    const owner = this.#known.get(label) ?? this.#certified.holderOf(label)
    // Who has left the network is called as before, as long as the network calls nobody else so.
    const keeper = owner ?? (given === undefined ? this.#seen.get(label) : id)
    return keeper === id ? label : `${label}~${id.slice(0, suffixLength)}`
  }

  /**
   * Finds the one peer that `text` means: index, label, ID or its start, part of the address.
   *
   * @throws {SkeinError} `PEER_UNKNOWN` none; `LABEL_AMBIGUOUS` several, all listed.
   */
  resolve(text: string, peers: readonly Listed[]): PeerId {
    if (isPeerId(text)) return text
    for (const found of this.#candidates(text, peers)) {
      const [first] = found
      if (first === undefined) continue
      if (found.length === 1) return first
      const names = found.map((id) => `${this.name(id)} (${shortPeerId(id)})`).join(', ')
      throw new SkeinError('LABEL_AMBIGUOUS', `'${text}' matches ${names}; write more of it`)
    }
    const like = peers.map(({ id }) => this.name(id)).filter((name) => name.startsWith(`${text}~`))
    const hint = like.length === 0 ? '' : `; ${like.join(', ')} has that label too, by another key`
    throw new SkeinError('PEER_UNKNOWN', `No peer found matching '${shortenText(text)}'${hint}`)
  }

  /** Matches by kind, the strongest first. */
  *#candidates(text: string, peers: readonly Listed[]): Iterable<readonly PeerId[]> {
    if (/^\d+$/.test(text)) {
      yield [...this.#indexes].filter(([, index]) => index === Number(text)).map(([id]) => id)
      return
    }
    const known = this.#known.get(text)
    yield known === undefined ? [] : [known]
    const met = new Set([...this.#indexes.keys(), ...peers.map(({ id }) => id)])
    yield [...met].filter((id) => this.name(id) === text)
    // Who is called something else here is still found by what its network calls it.
    const holder = this.#certified.holderOf(text)
    yield holder === undefined ? [] : [holder]
    if (text.length < minPrefixLength) return
    yield [...met].filter((id) => id.startsWith(text))
    const near = peers.filter(({ displayAddress }) => displayAddress.includes(text))
    yield [...new Set(near.map(({ id }) => id))]
  }
}
