/**
 * Small numbers for members, so that what is known of them can lie in columns: a name of 52 characters
 * is looked up once, and after that a member is a place in an array.
 *
 * Each machine has an index of its own. The simulator gives one to ten thousand machines.
 */
import { linkKey } from './record.ts'
import type { PeerId } from '../base/peer-id.ts'

/** How news names a word before it is sent: the start of the member's key, and the end of the word. */
export interface WordName {
  /** As {@link linkKey} writes it. */
  readonly key: string
  /** The last four bytes of the word: of its signature, which nobody can choose. */
  readonly digest: number
}

/** See the file's head. */
export class MemberIndex {
  readonly #numbers = new Map<PeerId, number>()
  readonly #byKey = new Map<string, number>()
  readonly #ids: PeerId[] = []
  readonly #keys: string[] = []
  readonly #free: number[] = []

  /** Numbers are below this. */
  get length(): number {
    return this.#ids.length
  }

  /** A member's number; that it has one does not make it a member of any view. */
  numberOf(id: PeerId): number | undefined {
    return this.#numbers.get(id)
  }

  /** The member whose word is named. */
  find(name: WordName): number | undefined {
    return this.#byKey.get(name.key)
  }

  /** The member that a number stands for. */
  idOf(number: number): PeerId | undefined {
    return this.#ids[number]
  }

  /** The name of a member's word. */
  nameOf(number: number, bytes: Uint8Array): WordName {
    return { key: this.#keys[number] ?? '', digest: digestOf(bytes) }
  }

  /** A member's number, a new one where it has none. */
  add(id: PeerId): number {
    const known = this.#numbers.get(id)
    if (known !== undefined) return known
    const number = this.#free.pop() ?? this.#ids.length
    const key = linkKey(id)
    this.#numbers.set(id, number)
    this.#byKey.set(key, number)
    this.#ids[number] = id
    this.#keys[number] = key
    return number
  }

  /** Frees a number for another member. */
  remove(number: number): void {
    const [id, key] = [this.#ids[number], this.#keys[number]]
    if (id === undefined || key === undefined || !this.#numbers.delete(id)) return
    if (this.#byKey.get(key) === number) this.#byKey.delete(key)
    this.#free.push(number)
  }
}

/** The last four bytes of something signed, as an engine keeps numbers best: 32 bits with a sign. */
export function digestOf(bytes: Uint8Array): number {
  const end = bytes.length
  const high = ((bytes[end - 4] ?? 0) << 8) | (bytes[end - 3] ?? 0)
  return (high << 16) | ((bytes[end - 2] ?? 0) << 8) | (bytes[end - 1] ?? 0)
}
