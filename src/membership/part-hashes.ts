/**
 * Hashes of a view, part by part: equal views have equal ones, and a difference says where to look.
 *
 *   64 buckets ─▶ 64 parts of each     a part is named by 12 bits of an ID, a bucket by the first 6
 *
 * A hash is the XOR of a hash a member, so that one that changes costs the same in a view of any size.
 * They tell views apart and prove nothing: what follows from them is signed.
 */
import type { PeerId } from '../base/peer-id.ts'
import type { Version } from './record.ts'

/** Buckets of a view. */
export const bucketCount = 64
/** Parts of a bucket. */
export const partsPerBucket = 64
const partCount = bucketCount * partsPerBucket

/** What is compared: members' own words and whether they are suspected, or round-trip times. */
export type Aspect = 'words' | 'links'

/** See the file's head. */
export class PartHashes {
  readonly #words = new Int32Array(partCount)
  readonly #links = new Int32Array(partCount)

  /** Adds a member's word, or takes it out again. */
  mixWord(version: Version & { readonly id: PeerId }, isSuspected: boolean): void {
    mix(this.#words, version, isSuspected ? 1 : 0)
  }

  /** Adds a member's round-trip times, or takes them out again. */
  mixLinks(version: Version & { readonly id: PeerId }): void {
    mix(this.#links, version, 2)
  }

  /** A hash a bucket. */
  ofBuckets(aspect: Aspect): Int32Array {
    const parts = this.#of(aspect)
    const hashes = new Int32Array(bucketCount)
    for (let part = 0; part < partCount; part++) {
      const bucket = part >> 6
      hashes[bucket] = (hashes[bucket] ?? 0) ^ (parts[part] ?? 0)
    }
    return hashes
  }

  /** A hash a part of a bucket. */
  ofParts(aspect: Aspect, bucket: number): Int32Array {
    return this.#of(aspect).subarray(bucket * partsPerBucket, (bucket + 1) * partsPerBucket)
  }

  #of(aspect: Aspect): Int32Array {
    return aspect === 'words' ? this.#words : this.#links
  }
}

/** Which part of a view an ID falls into; its bucket is this divided by {@link partsPerBucket}. */
export function partOf(id: PeerId): number {
  return (bitsAt(id, 0) << 7) | (bitsAt(id, 1) << 2) | (bitsAt(id, 2) >> 3)
}

/** Five bits, as base32 writes them (RFC 4648 §6, lower case). */
function bitsAt(id: PeerId, at: number): number {
  const code = id.charCodeAt(at)
  return code >= 97 ? code - 97 : code - 24
}

function mix(hashes: Int32Array, version: Version & { readonly id: PeerId }, kind: number): void {
  const { id, incarnation, revision } = version
  let hash = kind
  for (let at = 0; at < 8; at++) hash = Math.imul(hash, 33) ^ id.charCodeAt(at)
  hash = scramble(hash ^ (incarnation | 0))
  hash = scramble(hash ^ ((incarnation / 2 ** 32) | 0))
  hash = scramble(hash ^ (revision | 0))
  const part = partOf(id)
  hashes[part] = (hashes[part] ?? 0) ^ hash
}

/** MurmurHash3's finalizer (A. Appleby): each bit of the input changes half of those of the output. */
function scramble(value: number): number {
  let hash = value
  hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35)
  return hash ^ (hash >>> 16)
}
