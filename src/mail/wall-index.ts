/**
 * Which posts a wall has, and which it need not be sent: in memory, as ranges, with a hash by which two
 * walls find out that they are the same.
 *
 * What is not wanted (its author may not write here, or it has too many) is remembered while the process
 * lives, so that nobody sends it again every minute.
 */
import { numberIn, textIn } from '../base/database.ts'
import { maxGroups } from './messages.ts'
import { hasCounter, noRanges, subtract, unite } from './ranges.ts'
import { maxRanges } from './receipt.ts'
import type { SqlRow } from '../base/database.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { MessageName } from './envelope.ts'
import type { Group } from './messages.ts'
import type { Ranges } from './ranges.ts'

/** What a group is of. */
type GroupName = Pick<MessageName, 'author' | 'epoch'>

const maxSkipped = 1_000 // Groups; beyond that all are forgotten, and asked for again.

/** See the file's head. */
export class WallIndex {
  readonly #have = new Map<string, Group>()
  readonly #skipped = new Map<string, Group>()
  #hash: string | undefined

  /** What is there. */
  groups(): readonly Group[] {
    return [...this.#have.values()]
  }

  /** What is there, or is not wanted. */
  knownOf(name: GroupName): Ranges {
    const key = groupKeyOf(name)
    const have = this.#have.get(key)?.counters ?? noRanges
    return unite(have, this.#skipped.get(key)?.counters ?? noRanges)
  }

  isKnown(name: MessageName): boolean {
    return hasCounter(this.knownOf(name), name.counter)
  }

  /** What need not be sent here, as much as one message carries. */
  known(): readonly Group[] {
    const all = new Map([...this.#skipped, ...this.#have])
    const groups = [...all.values()].map((group) => ({ ...group, counters: this.knownOf(group) }))
    const cut = groups.slice(0, maxGroups)
    return cut.map((group) => ({ ...group, counters: group.counters.slice(0, 2 * maxRanges) }))
  }

  /** The hash of what need not be sent here. */
  hash(): string {
    this.#hash ??= hashOf(this.known())
    return this.#hash
  }

  /** A post is there. */
  add(name: MessageName): void {
    this.#note(this.#have, name)
  }

  /** A post is not wanted. */
  skip(name: MessageName): void {
    if (this.#skipped.size >= maxSkipped) this.#skipped.clear()
    this.#note(this.#skipped, name)
  }

  /** A post is not there any more, and need not be remembered. */
  remove({ author, epoch, counter }: MessageName): void {
    const key = groupKeyOf({ author, epoch })
    const counters = subtract(this.#have.get(key)?.counters ?? noRanges, [counter, counter])
    if (counters.length > 0) this.#have.set(key, { author, epoch, counters })
    else this.#have.delete(key)
    this.#hash = undefined
  }

  /** Begins anew. */
  clear(): void {
    this.#have.clear()
    this.reconsider()
  }

  /** What was not wanted may be now. */
  reconsider(): void {
    this.#skipped.clear()
    this.#hash = undefined
  }

  #note(to: Map<string, Group>, { author, epoch, counter }: MessageName): void {
    const key = groupKeyOf({ author, epoch })
    const counters = unite(to.get(key)?.counters ?? noRanges, [counter, counter])
    to.set(key, { author, epoch, counters })
    this.#hash = undefined
  }
}

/** A group as a key of maps. */
export function groupKeyOf({ author, epoch }: GroupName): string {
  return `${author} ${epoch}`
}

/** Which post a row of the wall is. */
export function nameIn(row: SqlRow): MessageName {
  const author = textIn(row, 'author') as PeerId
  return { author, epoch: numberIn(row, 'epoch'), counter: numberIn(row, 'counter') }
}

/** What a wall without posts has as its hash. */
export const emptyWallHash = hashOf([])

/** 64 bits over what is there: two of FNV-1a. Equal walls have equal ones; a liar gains nothing. */
function hashOf(groups: readonly Group[]): string {
  let [a, b] = [0x811c_9dc5, 0x1000_0193]
  for (const line of groups
    .map((group) => `${groupKeyOf(group)} ${group.counters.join(',')}`)
    .toSorted()) {
    for (let at = 0; at < line.length; at++) {
      a = Math.imul(a ^ line.charCodeAt(at), 0x0100_0193)
      b = Math.imul(b ^ line.charCodeAt(at), 0x0100_01b3)
    }
  }
  return [a, b].map((half) => (half >>> 0).toString(16).padStart(8, '0')).join('')
}
