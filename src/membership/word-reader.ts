import { readLinks, readRecord, readSuspicion } from './record.ts'
import type { LinksRecord, MemberRecord, Signed, Signer, Suspicion } from './record.ts'

/** Reads words and checks their signatures; a string says what is wrong with one. */
export class WordReader {
  readonly #signer: Signer

  constructor(signer: Signer) {
    this.#signer = signer
  }

  record(bytes: Uint8Array): Signed<MemberRecord> | string {
    return readRecord(bytes, this.#signer)
  }

  links(bytes: Uint8Array): Signed<LinksRecord> | string {
    return readLinks(bytes, this.#signer)
  }

  suspicion(bytes: Uint8Array): Signed<Suspicion> | string {
    return readSuspicion(bytes, this.#signer)
  }
}
