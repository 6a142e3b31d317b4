import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createIdentity } from '../base/identity.node.ts'
import { verifySignature } from '../base/verify.node.ts'
import { readPass, readWithdrawal, signPass, signWithdrawal } from './pass.ts'
import { Passes } from './passes.ts'
import type { Identity } from '../base/identity.node.ts'
import type { NetworkSigner, Pass } from './pass.ts'

const [key, foreign, bob] = [createIdentity(), createIdentity(), createIdentity()]
const signerOf = (by: Identity): NetworkSigner => ({
  network: by.peerId,
  sign: (bytes) => by.sign(bytes),
})
const terms = { holder: bob.peerId, label: 'bob', roles: ['ops'], issuedMs: 1_000, expiresMs: 0 }

function sign(changes: Partial<Omit<Pass, 'network'>> = {}, by = key): Uint8Array {
  return signPass({ ...terms, ...changes }, signerOf(by))
}

function world(): { readonly passes: Passes; time: { nowMs: number } } {
  const time = { nowMs: 2_000 }
  return { passes: new Passes(key.peerId, verifySignature, () => time.nowMs), time }
}

describe('a pass', () => {
  test('[P1] says the same after it travelled', () => {
    expect(readPass(sign(), verifySignature)).toEqual({ ...terms, network: key.peerId })
  })

  test.each([
    ['forged', (): Uint8Array => sign().with(-1, 0).with(-2, 0), /signature/],
    ['foreign', (): Uint8Array => sign({}, foreign), /another network/],
    ["somebody else's", (): Uint8Array => sign({ holder: foreign.peerId }), /somebody else's/],
    ['for an owner', (): Uint8Array => sign({ roles: ['owner'] }), /roles/],
    [
      'with ten thousand roles',
      (): Uint8Array => sign({ roles: Array(10_000).fill('ops') }),
      /too long/,
    ],
    ['with a label of control characters', (): Uint8Array => sign({ label: '\u001b[2J' }), /label/],
    ['with a label of a megabyte', (): Uint8Array => sign({ label: 'x'.repeat(1e6) }), /too long/],
    ['with no time', (): Uint8Array => sign({ expiresMs: -1 }), /times/],
    [
      'a withdrawal',
      (): Uint8Array => signWithdrawal({ holder: bob.peerId, untilMs: 1 }, signerOf(key)),
      /pass/,
    ],
    ['nothing', (): Uint8Array => new Uint8Array(), /signed/],
  ])('[P1] that is %s is refused', (_what, make, problem) => {
    const { passes } = world()
    expect(passes.take(bob.peerId, make())).toMatch(problem)
    expect(passes.stateOf(bob.peerId)).toBe('none')
  })

  test('[P1] of any bytes is refused', () => {
    const { passes } = world()
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 3_000 }), (bytes) => {
        expect(passes.take(bob.peerId, bytes)).toBeTypeOf('string')
        expect(passes.takeWithdrawal(bytes)).toHaveProperty('problem')
      }),
    )
  })

  test('[P1] with any byte changed is refused', () => {
    const good = sign()
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const { passes } = world()
        const altered = good.slice()
        altered[at] = (altered[at] ?? 0) ^ change
        expect(passes.take(bob.peerId, altered)).toBeTypeOf('string')
      }),
    )
  })

  test('[P1] expires; one issued later counts, one issued earlier does not', () => {
    const { passes, time } = world()
    passes.take(bob.peerId, sign({ expiresMs: 3_000 }))
    expect(passes.stateOf(bob.peerId)).toBe('valid')
    time.nowMs = 3_000
    expect(passes.stateOf(bob.peerId)).toBe('expired')
    passes.take(bob.peerId, sign({ issuedMs: 500 }))
    expect(passes.stateOf(bob.peerId)).toBe('expired')
    passes.take(bob.peerId, sign({ issuedMs: 1_500 }))
    expect(passes.stateOf(bob.peerId)).toBe('valid')
  })

  test('[P1] gives its label to the first who holds it', () => {
    const { passes } = world()
    passes.take(bob.peerId, sign())
    passes.take(foreign.peerId, sign({ holder: foreign.peerId }))
    expect(passes.holderOf('bob')).toBe(bob.peerId)
    expect([...passes.members()].length).toBe(2)
  })
})

describe('a pass that its holder gave back', () => {
  test('[P6] is worth nothing, nor are earlier ones; later ones are, in any order', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4 }), (order) => {
        const { passes } = world()
        const steps = [
          () => passes.take(bob.peerId, sign({ issuedMs: 1_000 })),
          () => passes.resign(bob.peerId, sign({ issuedMs: 1_000 })),
          () => passes.resign(bob.peerId, sign({ issuedMs: 900 })),
          () => passes.take(bob.peerId, sign({ issuedMs: 950 })),
        ]
        for (const index of order) steps[index]?.()
        expect(passes.stateOf(bob.peerId)).toBe('resigned')
        expect([...passes.members()]).toEqual([])
        passes.take(bob.peerId, sign({ issuedMs: 1_001 }))
        expect(passes.stateOf(bob.peerId)).toBe('valid')
        passes.resign(bob.peerId, sign({ issuedMs: 1_000 })) // A word of then, played again.
        expect(passes.stateOf(bob.peerId)).toBe('valid')
      }),
    )
  })

  test('[P6] has to be its own, of this network; its label is free then', () => {
    const { passes } = world()
    passes.take(bob.peerId, sign())
    expect(passes.resign(bob.peerId, sign({}, foreign))).toBe(false)
    expect(passes.resign(bob.peerId, sign({ holder: foreign.peerId }))).toBe(false)
    expect(passes.resign(bob.peerId, new Uint8Array(9))).toBe(false)
    expect(passes.stateOf(bob.peerId)).toBe('valid')
    expect(passes.resign(bob.peerId, sign())).toBe(true)
    expect(passes.resign(bob.peerId, sign())).toBe(false)
    expect(passes.holderOf('bob')).toBeUndefined()
    passes.take(foreign.peerId, sign({ holder: foreign.peerId }))
    expect(passes.holderOf('bob')).toBe(foreign.peerId)
    passes.takeWithdrawal(signWithdrawal({ holder: bob.peerId, untilMs: 9_000 }, signerOf(key)))
    expect(passes.stateOf(bob.peerId)).toBe('withdrawn')
  })
})

describe('a withdrawal', () => {
  const withdraw = (untilMs: number, by = key): Uint8Array =>
    signWithdrawal({ holder: bob.peerId, untilMs }, signerOf(by))

  test('[P3] makes earlier passes void, in any order, and no later one', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4 }), (order) => {
        const { passes } = world()
        const steps = [
          () => passes.take(bob.peerId, sign({ issuedMs: 1_000 })),
          () => passes.takeWithdrawal(withdraw(1_000)),
          () => passes.takeWithdrawal(withdraw(900)),
          () => passes.take(bob.peerId, sign({ issuedMs: 950 })),
        ]
        for (const index of order) steps[index]?.()
        expect(passes.stateOf(bob.peerId)).toBe('withdrawn')
        passes.take(bob.peerId, sign({ issuedMs: 1_001 }))
        expect(passes.stateOf(bob.peerId)).toBe('valid')
      }),
    )
  })

  test('[P3] is news once; a forged or foreign one never', () => {
    const { passes } = world()
    expect(passes.takeWithdrawal(withdraw(1_000))).toEqual({ holder: bob.peerId })
    expect(passes.takeWithdrawal(withdraw(1_000))).toBeUndefined()
    expect(passes.takeWithdrawal(withdraw(9_000, foreign))).toHaveProperty('problem')
    expect(passes.withdrawals.length).toBe(1)
    expect(readWithdrawal(sign(), verifySignature)).toMatch(/something else/)
  })
})
