import { describe, expect, test } from 'vitest'
import { seededRandom } from '../base/random.ts'
import { keyFromPeerId } from '../base/peer-id.ts'
import { Beacons, beaconBytes } from './beacon.ts'
import { makeId } from './link.test-kit.ts'
import { hmacSha256 } from './mac.node.ts'
import type { PeerId } from '../base/peer-id.ts'

const random = seededRandom(7)
const [alice, bob, carol, network, other] = [makeId(), makeId(), makeId(), makeId(), makeId()]

function beaconsOf(id: PeerId, ofNetwork?: PeerId, known: readonly PeerId[] = []): Beacons {
  return new Beacons({ id, network: () => ofNetwork, known: () => known }, hmacSha256, random)
}

describe('a beacon', () => {
  const ofAlice = beaconsOf(alice, network, [carol])
  const many = Array.from({ length: 24 }, makeId)

  test.each<[string, Beacons, Beacons, object]>([
    [
      '[F8] shows a member who else is one',
      ofAlice,
      beaconsOf(bob, network),
      { relation: 'network', id: alice },
    ],
    ['[F8] is noise to another network', ofAlice, beaconsOf(bob, other), { relation: 'other' }],
    ['[F8] is noise to a node without one', ofAlice, beaconsOf(bob), { relation: 'other' }],
    ['[F8] is recognised as its own', ofAlice, ofAlice, { relation: 'self' }],
    [
      '[F9] shows a known peer who looks for it, if that knows it, too',
      ofAlice,
      beaconsOf(carol, other, [bob, alice]),
      { relation: 'known', id: alice },
    ],
    [
      '[F9] is noise to a known peer that does not know the sender',
      ofAlice,
      beaconsOf(carol, other, [bob]),
      { relation: 'other' },
    ],
    [
      '[F9] is noise to one that knows the sender, who does not know it',
      ofAlice,
      beaconsOf(bob, other, [alice]),
      { relation: 'other' },
    ],
    [
      '[F9] of a node without network and known list is noise to all',
      beaconsOf(alice),
      beaconsOf(bob, network, [alice]),
      { relation: 'other' },
    ],
  ])('%s', (_title, sender, reader, expected) => {
    expect(reader.recognise(sender.make(14_590), 14_590)).toEqual(expected)
  })

  test('[F8] is bound to its port, and to every byte but the tags of others', () => {
    const reader = beaconsOf(bob, network)
    const beacon = ofAlice.make(14_590)
    expect(reader.recognise(beacon, 14_591)).toEqual({ relation: 'other' })
    for (let at = 0; at < 56; at++) {
      const altered = beacon.map((byte, index) => (index === at ? byte ^ 1 : byte))
      expect(reader.recognise(altered, 14_590)).toEqual({ relation: 'other' })
    }
  })

  test('[F9] sent back to its sender leads nobody to the peer that it looks for', () => {
    const sender = beaconsOf(alice, undefined, [carol])
    expect(sender.recognise(sender.make(14_590), 14_590)).toEqual({ relation: 'other' })
  })

  test('[F9] reaches each of more known peers than it has places for, in turn, and the asker always', () => {
    const sender = beaconsOf(alice, undefined, many)
    const readers = many.map((id) => beaconsOf(id, undefined, [alice]))
    const reached = new Set<number>()
    for (let round = 0; round < 30; round++) {
      const beacon = sender.make(14_590, many[3])
      for (const [at, reader] of readers.entries()) {
        if (reader.recognise(beacon, 14_590).relation === 'known') reached.add(at)
      }
      expect(readers[3]?.recognise(beacon, 14_590)).toEqual({ relation: 'known', id: alice })
    }
    expect(reached.size).toBe(many.length)
  })

  test('[F8] has no byte in common with the next one that chance would not give, nor an ID in it', () => {
    const rounds = 200
    const same = Array.from({ length: beaconBytes }, () => 0)
    const secrets = [alice, carol, network].map((id) => text(keyFromPeerId(id)))
    let before = ofAlice.make(14_590)
    for (let round = 0; round < rounds; round++) {
      const beacon = ofAlice.make(14_590)
      for (const [at, byte] of beacon.entries())
        if (byte === before[at]) same[at] = (same[at] ?? 0) + 1
      expect(secrets.some((secret) => text(beacon).includes(secret.slice(0, 6)))).toBe(false)
      before = beacon
    }
    // Each byte repeats with 1/256: 0.8 times of 200; 14 times or more once in 10^10.
    expect(Math.max(...same)).toBeLessThan(14)
  })
})

function text(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes)
}
