/** What is sealed with libsodium: for whom, against what, and how long its key lives. */
import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { createIdentity } from '../base/identity.node.ts'
import { peerIdFromKey } from '../base/peer-id.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { createSealer } from './sodium.node.ts'

const clock = new VirtualClock()
const [alice, bob, eve] = [createIdentity(), createIdentity(), createIdentity()]
const sealers = {
  alice: await createSealer(alice, clock),
  bob: await createSealer(bob, clock),
  eve: await createSealer(eve, clock),
}
const boxOf = (sealed: Uint8Array): string => Buffer.from(sealed.subarray(0, 80)).toString('hex')

test('[B1] what is sealed for a peer only that peer opens, not even its author', () => {
  const words = new Uint8Array(randomBytes(500))
  const sealed = sealers.alice.seal(bob.peerId, words)
  expect(sealed.length).toBe(words.length + 120)
  expect(sealers.bob.open(sealed)).toEqual(words)
  expect(sealers.eve.open(sealed)).toBeUndefined()
  expect(sealers.alice.open(sealed)).toBeUndefined()
})

test('[B1] a changed, cut or empty one is not opened, whichever byte it is', () => {
  const sealed = sealers.alice.seal(bob.peerId, new TextEncoder().encode('pay 5'))
  for (let at = 0; at < sealed.length; at++) {
    const changed = sealed.map((byte, index) => (index === at ? byte ^ 1 : byte))
    expect([at, sealers.bob.open(changed)]).toEqual([at, undefined])
    expect([at, sealers.bob.open(sealed.subarray(0, at))]).toEqual([at, undefined])
  }
  const empty = sealers.alice.seal(bob.peerId, new Uint8Array())
  expect(sealers.bob.open(empty)).toEqual(new Uint8Array())
})

test('[B1] a key serves one recipient, for a second, and no two messages look alike', async () => {
  const words = new TextEncoder().encode('the same')
  const [first, second] = [0, 1].map(() => sealers.alice.seal(bob.peerId, words))
  const other = sealers.alice.seal(eve.peerId, words)
  await clock.advance(1_001)
  const later = sealers.alice.seal(bob.peerId, words)
  const all = [first, second, other, later].map((sealed) => sealed ?? new Uint8Array())
  const [a, b, c, d] = all.map(boxOf)
  expect([a === b, a === c, a === d]).toEqual([true, false, false])
  expect(new Set(all.map((sealed) => Buffer.from(sealed).toString('hex'))).size).toBe(4)
  for (const sealed of [first, second, later]) {
    expect(sealers.bob.open(sealed ?? new Uint8Array())).toEqual(words)
  }
})

test('[B10] nobody can be written to whose ID is no point of the curve', () => {
  const nobody = peerIdFromKey(new Uint8Array(32).fill(0xff))
  expect(() => sealers.alice.seal(nobody, new Uint8Array(1))).toThrow(/nobody can have the ID/)
})
