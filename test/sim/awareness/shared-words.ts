/**
 * What ten thousand machines in one process share, and real ones do not: the numbers of members, the
 * bytes of a word, and what was read and verified once. Signatures are hashes that only the simulation
 * believes in. Without this each word would be decoded and verified ten thousand times.
 */
import { MemberIndex } from '../../../src/membership/member-index.ts'
import { WordReader } from '../../../src/membership/word-reader.ts'
import type { WordName } from '../../../src/membership/member-index.ts'
import type {
  LinksRecord,
  MemberRecord,
  Signed,
  Suspicion,
} from '../../../src/membership/record.ts'

interface NumberedName extends WordName {
  readonly number: number
}

/** Numbers that are the same for all machines and are never freed. */
export class SharedIndex extends MemberIndex {
  readonly #names = new Map<Uint8Array, NumberedName>()

  override nameOf(number: number, bytes: Uint8Array): WordName {
    const known = this.#names.get(bytes)
    if (known !== undefined) return known
    const name = { ...super.nameOf(number, bytes), number }
    this.#names.set(bytes, name)
    return name
  }

  override find(name: WordName): number | undefined {
    return 'number' in name ? (name as NumberedName).number : super.find(name)
  }

  override remove(): void {
    // Another machine may know it still.
  }
}

/** Reads each word once. */
export class SharedReader extends WordReader {
  readonly #records = new Map<Uint8Array, Signed<MemberRecord> | string>()
  readonly #links = new Map<Uint8Array, Signed<LinksRecord> | string>()
  readonly #suspicions = new Map<Uint8Array, Signed<Suspicion> | string>()

  override record(bytes: Uint8Array): Signed<MemberRecord> | string {
    return once(this.#records, bytes, () => super.record(bytes))
  }

  override links(bytes: Uint8Array): Signed<LinksRecord> | string {
    return once(this.#links, bytes, () => super.links(bytes))
  }

  override suspicion(bytes: Uint8Array): Signed<Suspicion> | string {
    return once(this.#suspicions, bytes, () => super.suspicion(bytes))
  }
}

function once<T>(known: Map<Uint8Array, T>, bytes: Uint8Array, read: () => T): T {
  const before = known.get(bytes)
  if (before !== undefined) return before
  const value = read()
  known.set(bytes, value)
  return value
}
