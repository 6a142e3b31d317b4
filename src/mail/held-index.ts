/**
 * Which messages are held, by recipient, author and epoch, and how many bytes of whom: in memory, so that
 * offers and quotas cost no query. The table has the same; what this says is right while one process has
 * the file.
 */
import { numberIn, textIn } from '../base/database.ts'
import { hasCounter, noRanges, subtract, unite } from './ranges.ts'
import type { SqlRow } from '../base/database.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { Envelope, MessageName } from './envelope.ts'
import type { Group } from './messages.ts'
import type { Ranges } from './ranges.ts'
import type { MailSetup } from './setup.ts'

/** What a place in the index is of. */
type HeldName = MessageName & { readonly to: PeerId }

/** See the file's head. */
export class HeldIndex {
  readonly #setup: MailSetup
  readonly #groups = new Map<PeerId, Map<string, Group>>()
  readonly #carriers = new Map<string, PeerId>()
  readonly #byAuthor = new Map<PeerId, number>()
  readonly #byRecipient = new Map<PeerId, number>()
  readonly #byCarrier = new Map<PeerId, number>()
  #bytes = 0
  #count = 0

  constructor(setup: MailSetup) {
    this.#setup = setup
  }

  /** Reads the table. */
  async load(): Promise<void> {
    const sql =
      'SELECT recipient, author, epoch, counter, carrier, size FROM held ORDER BY 1, 2, 3, 4'
    for (const row of await this.#setup.database.read({ sql })) {
      const carrier = textIn(row, 'carrier') as PeerId
      this.#include(nameIn(row), { carrier, bytes: numberIn(row, 'size') })
    }
  }

  get count(): number {
    return this.#count
  }

  /** For whom something is held. */
  recipients(): readonly PeerId[] {
    return [...this.#groups.keys()]
  }

  has(recipient: PeerId): boolean {
    return this.#groups.has(recipient)
  }

  /** What is held for a recipient. */
  groups(recipient: PeerId): readonly Group[] {
    return [...(this.#groups.get(recipient)?.values() ?? [])]
  }

  /** What is held of one author for a recipient. */
  counters(to: PeerId, author: PeerId, epoch: number): Ranges {
    return this.#groups.get(to)?.get(`${author} ${epoch}`)?.counters ?? noRanges
  }

  holds({ to, author, epoch, counter }: HeldName): boolean {
    return hasCounter(this.counters(to, author, epoch), counter)
  }

  /** Whether more of an author for a recipient may come. */
  hasRoom(to: PeerId, author: PeerId): boolean {
    const { heldBytes, heldPerAuthorBytes, heldPerRecipientBytes } = this.#setup.options
    if (this.#bytes >= heldBytes || (this.#byAuthor.get(author) ?? 0) >= heldPerAuthorBytes)
      return false
    return (this.#byRecipient.get(to) ?? 0) < heldPerRecipientBytes
  }

  /** Makes a place for a message; says why there is none. */
  add(envelope: Envelope, carrier: PeerId): string | undefined {
    const { options } = this.#setup
    const bytes = envelope.bytes.length
    const { to, author } = envelope
    if (this.#bytes + bytes > options.heldBytes) return 'no room for messages of others'
    if ((this.#byAuthor.get(author) ?? 0) + bytes > options.heldPerAuthorBytes)
      return 'too much of one author'
    if ((this.#byRecipient.get(to) ?? 0) + bytes > options.heldPerRecipientBytes)
      return 'too much for one recipient'
    if ((this.#byCarrier.get(carrier) ?? 0) + bytes > options.heldPerCarrierBytes)
      return 'too much brought by one peer'
    this.#include(envelope, { carrier, bytes })
    return undefined
  }

  /** Takes back what {@link add} did. */
  remove({ to, author, epoch, counter, bytes }: Envelope): void {
    this.#discount({ to, author, epoch, counter }, bytes.length)
  }

  /** A row was deleted. */
  forget(row: SqlRow): void {
    this.#discount(nameIn(row), numberIn(row, 'size'))
  }

  #include(name: HeldName, { carrier, bytes }: { carrier: PeerId; bytes: number }): void {
    const { to, author, epoch, counter } = name
    const groups = this.#groups.get(to) ?? new Map<string, Group>()
    this.#groups.set(to, groups)
    const key = `${author} ${epoch}`
    const counters = unite(groups.get(key)?.counters ?? noRanges, [counter, counter])
    groups.set(key, { author, epoch, counters })
    this.#carriers.set(`${to} ${key} ${counter}`, carrier)
    this.#add(name, carrier, bytes)
    this.#count++
  }

  #discount(name: HeldName, bytes: number): void {
    const { to, author, epoch, counter } = name
    const groups = this.#groups.get(to)
    const key = `${author} ${epoch}`
    const group = groups?.get(key)
    if (groups === undefined || group === undefined) return
    const counters = subtract(group.counters, [counter, counter])
    if (counters.length > 0) groups.set(key, { ...group, counters })
    else groups.delete(key)
    if (groups.size === 0) this.#groups.delete(to)
    const carrierKey = `${to} ${key} ${counter}`
    const carrier = this.#carriers.get(carrierKey)
    this.#carriers.delete(carrierKey)
    if (carrier !== undefined) this.#add(name, carrier, -bytes)
    this.#count--
  }

  #add({ to, author }: HeldName, carrier: PeerId, bytes: number): void {
    this.#bytes += bytes
    for (const [map, id] of [
      [this.#byAuthor, author],
      [this.#byRecipient, to],
      [this.#byCarrier, carrier],
    ] as const) {
      const left = (map.get(id) ?? 0) + bytes
      if (left > 0) map.set(id, left)
      else map.delete(id)
    }
  }
}

function nameIn(row: SqlRow): HeldName {
  return {
    to: textIn(row, 'recipient') as PeerId,
    author: textIn(row, 'author') as PeerId,
    epoch: numberIn(row, 'epoch'),
    counter: numberIn(row, 'counter'),
  }
}
