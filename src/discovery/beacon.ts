/**
 * What a node shouts, so that its own recognise it and nobody else does: 184 bytes that are random to all
 * others, and new each time.
 *
 *   nonce 16 │ network tag 8 │ masked ID 32 │ 16 tags of pairs, 8 each
 *
 *   network key    HMAC("skein discovery network", network ID)       who knows the network's ID has it
 *   masked ID      ID xor HMAC(network key, 2 ‖ nonce)
 *   network tag    HMAC(network key, 1 ‖ port ‖ nonce ‖ masked ID)   the first 8 bytes
 *   pair key       HMAC("skein discovery pair", lower ID ‖ higher ID)
 *   tag of a pair  HMAC(pair key, 3 ‖ port ‖ nonce ‖ sender's ID)    the first 8 bytes
 *
 * HMAC is HMAC-SHA-256 (RFC 2104). A node of no network, or with fewer known peers than 16, fills what is
 * left with random bytes: one cannot count. Who looks for a known peer is recognised only by a peer that
 * knows it, too. 8 bytes, because a guess costs a packet and a hit is worth a dial that fails.
 *
 * Not hidden: that a node is there, and its port; it listens, and who dials it sees its key. What hides a
 * node from a link is `discovery.lan.enabled = false` and not to listen.
 */
import { keyFromPeerId, peerIdFromKey } from '../base/peer-id.ts'
import { randomInt } from '../base/random.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { Random } from '../base/random.ts'
import type { Relation } from './contract.ts'

/** HMAC-SHA-256: 32 bytes. */
export type Mac = (key: Uint8Array, bytes: Uint8Array) => Uint8Array

/** Who this node is, and whom it looks for. */
export interface Acquaintance {
  readonly id: PeerId
  /** The network that it belongs to. */
  readonly network: () => PeerId | undefined
  /** Those on its known list. */
  readonly known: () => Iterable<PeerId>
}

/** Whose beacon it is; `self` is one's own. */
export type Recognised =
  | { readonly relation: 'self' }
  | { readonly relation: Extract<Relation, 'other'> }
  | { readonly relation: Extract<Relation, 'network' | 'known'>; readonly id: PeerId }

const nonceBytes = 16
const tagBytes = 8
const idBytes = 32
const pairTags = 16 // Guess: of more known peers, each beacon looks for another sixteen.
const maxKnown = 256 // Guess: what a packet may cost: 3 µs each.
const networkTagAt = nonceBytes
const maskedAt = networkTagAt + tagBytes
const pairsAt = maskedAt + idBytes

/** The length of a beacon. */
export const beaconBytes = pairsAt + pairTags * tagBytes

/** The part of a beacon that no two have in common. */
export function nonceOf(beacon: Uint8Array): Uint8Array {
  return beacon.subarray(0, nonceBytes)
}

/** Makes beacons, and recognises those of others. */
export class Beacons {
  readonly #mac: Mac
  readonly #random: Random
  readonly #self: Acquaintance
  /** Derived keys, by what they are derived from. */
  readonly #keys = new Map<string, Uint8Array>()

  constructor(self: Acquaintance, mac: Mac, random: Random) {
    this.#self = self
    this.#mac = mac
    this.#random = random
  }

  /** Whether there is anybody who could recognise this node. */
  get hasReader(): boolean {
    if (this.#self.network() !== undefined) return true
    for (const id of this.#self.known()) if (id !== this.#self.id) return true
    return false
  }

  /**
   * Makes a new beacon.
   *
   * @param port - Where this node listens; it is covered by the tags.
   * @param reader - Who shall recognise it in any case, if it is known.
   */
  make(port: number, reader?: PeerId): Uint8Array {
    const beacon = this.#random.bytes(beaconBytes)
    const nonce = nonceOf(beacon)
    const network = this.#self.network()
    const ownId = keyFromPeerId(this.#self.id)
    if (network !== undefined) {
      const key = this.#networkKey(network)
      const masked = mask(ownId, this.#mac(key, concat([2], nonce)))
      beacon.set(masked, maskedAt)
      beacon.set(this.#networkTag(key, port, beacon), networkTagAt)
    }
    for (const [place, id] of this.#placeReaders(reader)) {
      const tag = this.#pairTag(id, { port, nonce, sender: ownId })
      beacon.set(tag, pairsAt + place * tagBytes)
    }
    return beacon
  }

  /** Tells whose beacon it is, as far as this node may know. */
  recognise(beacon: Uint8Array, port: number): Recognised {
    const network = this.#self.network()
    if (network !== undefined) {
      const key = this.#networkKey(network)
      const tag = beacon.subarray(networkTagAt, maskedAt)
      if (isEqual(tag, this.#networkTag(key, port, beacon))) {
        const masked = beacon.subarray(maskedAt, pairsAt)
        const id = peerIdFromKey(mask(masked, this.#mac(key, concat([2], nonceOf(beacon)))))
        return id === this.#self.id ? { relation: 'self' } : { relation: 'network', id }
      }
    }
    const nonce = nonceOf(beacon)
    for (const id of this.#known()) {
      const tag = this.#pairTag(id, { port, nonce, sender: keyFromPeerId(id) })
      for (let at = pairsAt; at < beaconBytes; at += tagBytes) {
        if (isEqual(beacon.subarray(at, at + tagBytes), tag)) return { relation: 'known', id }
      }
    }
    return { relation: 'other' }
  }

  #known(): readonly PeerId[] {
    const known: PeerId[] = []
    for (const id of this.#self.known()) {
      if (id !== this.#self.id) known.push(id)
      if (known.length >= maxKnown) break
    }
    return known
  }

  /** Chance decides who is looked for, and where the tags stand: neither tells anything. */
  #placeReaders(reader: PeerId | undefined): ReadonlyMap<number, PeerId> {
    const known = this.#known()
    const readers = reader !== undefined && known.includes(reader) ? [reader] : []
    const rest = known.filter((id) => id !== reader)
    while (readers.length < pairTags && rest.length > 0) {
      readers.push(...rest.splice(randomInt(this.#random, rest.length), 1))
    }
    const places = Array.from({ length: pairTags }, (_, place) => place)
    return new Map(
      readers.map((id) => [places.splice(randomInt(this.#random, places.length), 1)[0] ?? 0, id]),
    )
  }

  #networkTag(key: Uint8Array, port: number, beacon: Uint8Array): Uint8Array {
    const masked = beacon.subarray(maskedAt, pairsAt)
    const bytes = concat([1], portBytes(port), nonceOf(beacon), masked)
    return this.#mac(key, bytes).subarray(0, tagBytes)
  }

  #pairTag(
    id: PeerId,
    { port, nonce, sender }: { port: number; nonce: Uint8Array; sender: Uint8Array },
  ): Uint8Array {
    const bytes = concat([3], portBytes(port), nonce, sender)
    return this.#mac(this.#pairKey(id), bytes).subarray(0, tagBytes)
  }

  #networkKey(network: PeerId): Uint8Array {
    return this.#derive(`network ${network}`, 'skein discovery network', keyFromPeerId(network))
  }

  #pairKey(id: PeerId): Uint8Array {
    const own = this.#self.id
    const [lower, higher] = own < id ? [own, id] : [id, own]
    const both = concat(keyFromPeerId(lower), keyFromPeerId(higher))
    return this.#derive(`pair ${id}`, 'skein discovery pair', both)
  }

  #derive(name: string, purpose: string, from: Uint8Array): Uint8Array {
    const known = this.#keys.get(name)
    if (known !== undefined) return known
    const key = this.#mac(new TextEncoder().encode(purpose), from)
    if (this.#keys.size > 2 * maxKnown) this.#keys.clear()
    this.#keys.set(name, key)
    return key
  }
}

function portBytes(port: number): readonly number[] {
  return [port >>> 8, port & 0xff]
}

function mask(bytes: Uint8Array, stream: Uint8Array): Uint8Array {
  return bytes.map((byte, at) => byte ^ (stream[at] ?? 0))
}

function concat(...parts: readonly (readonly number[] | Uint8Array)[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

/** Takes as long for any two tags. */
function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  let difference = a.length ^ b.length
  for (let at = 0; at < a.length; at++) difference |= (a[at] ?? 0) ^ (b[at] ?? 0)
  return difference === 0
}
