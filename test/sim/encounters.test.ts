/** What whole nodes do with hints: whom they meet, whom they let go, and how often they try. */
import { describe, expect, test } from 'vitest'
import { Emitter } from '../../src/base/emitter.ts'
import { SkeinError } from '../../src/base/errors.ts'
import { createIdentity } from '../../src/base/identity.node.ts'
import { silentLog } from '../../src/base/log.ts'
import { seededRandom } from '../../src/base/random.ts'
import { Encounters } from '../../src/node/encounters.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import { simulate } from '../../src/testing/simulation.node.ts'
import type { ConnectionManager } from '../../src/connection/manager.ts'
import type { Discovery, Found } from '../../src/discovery/contract.ts'
import type { Node } from '../../src/node/node.ts'
import type { NodeOptions } from '../../src/node/options.ts'
import type { Simulation } from '../../src/testing/simulation.node.ts'

/** A discovery that tells what the test says. */
class Whisper implements Discovery {
  readonly source = 'whisper'
  readonly #events = new Emitter<{ hint: Omit<Found, 'source'> }>(() => undefined)

  start(found: (hint: Found) => void): void {
    this.#events.on('hint', (hint) => found({ ...hint, source: this.source }))
  }

  stop(): void {
    this.#events.clear()
  }

  tell(...hints: readonly Omit<Found, 'source'>[]): void {
    for (const hint of hints) this.#events.emit('hint', hint)
  }
}

const closed: NodeOptions = { admit: 'known' }

async function startHearing(world: Simulation, name: string, options: NodeOptions = closed) {
  const whisper = new Whisper()
  const node = await world.start(name, { ...options, discovery: { others: [whisper] } })
  return { node, whisper }
}

function isConnected(a: Node, b: Node): boolean {
  return a.peers().some(({ id, state }) => id === b.id && state === 'open')
}

describe('a hint', () => {
  test('[F5] of a known peer leads to a connection, at once', async () => {
    await simulate({ seed: 1 }, async (world) => {
      const [aliceId, bobId] = [world.idOf('alice'), world.idOf('bob')]
      const alice = await startHearing(world, 'alice', { ...closed, known: { bob: bobId } })
      const bob = await world.start('bob', { ...closed, known: { alice: aliceId } })
      alice.whisper.tell({ id: bobId, addresses: ['memory://bob'] })
      await world.until(() => isConnected(alice.node, bob), 200)
      const before = alice.node.peers().length
      alice.whisper.tell({ id: bobId, addresses: ['memory://bob'] })
      await world.advance(10_000)
      expect(alice.node.peers().length).toBe(before)
    })
  })

  test('[F6] leads only to whom this node would let in: another one is let go, and not tried for long', async () => {
    await simulate({ seed: 2 }, async (world) => {
      const alice = await startHearing(world, 'alice')
      let dials = 0
      const stranger = await world.start('stranger') // It lets in anyone.
      stranger.on('peer:connect', () => dials++)
      for (let second = 0; second < 240; second++) {
        alice.whisper.tell({ addresses: ['memory://stranger'] })
        await world.advance(1_000)
      }
      expect(alice.node.peers()).toEqual([])
      expect(stranger.peers()).toEqual([])
      expect(dials).toBe(1)
    })
  })

  test('[F5] that names the wrong key leads nowhere, and spoils no later one', async () => {
    await simulate({ seed: 3 }, async (world) => {
      const [aliceId, bobId] = [world.idOf('alice'), world.idOf('bob')]
      const alice = await startHearing(world, 'alice', { ...closed, known: { bob: bobId } })
      await world.start('thief')
      alice.whisper.tell({ id: bobId, addresses: ['memory://thief'] })
      await world.advance(100)
      expect(alice.node.peers()).toEqual([])
      const bob = await world.start('bob', { ...closed, known: { alice: aliceId } })
      alice.whisper.tell({ id: bobId, addresses: ['memory://bob'] })
      await world.until(() => isConnected(alice.node, bob), 3_000)
    })
  })

  test('[F6] makes islands of one network one, and members that are alive are left to the mesh', async () => {
    await simulate({ seed: 4 }, async (world) => {
      const alice = await startHearing(world, 'alice')
      const bob = await world.start('bob', closed)
      const carol = await world.start('carol', closed)
      for (const node of [bob, carol]) {
        const { ticket } = await alice.node.invite()
        await world.wait(node.join(ticket))
      }
      await world.until(() => isConnected(bob, carol))
      let connects = 0
      alice.node.on('path:attached', () => connects++)
      for (const node of [bob, carol]) {
        alice.whisper.tell({ id: node.id, addresses: [`memory://${node.label}`] })
      }
      await world.advance(30_000)
      expect(connects).toBe(0)
    })
  })

  test('[F6] without the mesh is learnt, and dialled when the peer is wanted', async () => {
    await simulate({ seed: 5 }, async (world) => {
      const bobId = world.idOf('bob')
      const options = { ...closed, mesh: false, known: { bob: bobId } }
      const alice = await startHearing(world, 'alice', options)
      const bob = await world.start('bob', { ...closed, known: { alice: alice.node.id } })
      alice.whisper.tell({ id: bobId, addresses: ['memory://bob'] })
      await world.advance(10_000)
      expect(isConnected(alice.node, bob)).toBe(false)
      const { text } = await world.wait(alice.node.peer('bob').run('echo hi'))
      expect(text.trim()).toBe('hi')
    })
  })

  test('[F14] of a thousand that are not there cost a bounded number of dials', async () => {
    const clock = new VirtualClock()
    const dialled: string[] = []
    let atOnce = 0
    let most = 0
    const manager = {
      peers: [],
      peer: () => undefined,
      events: { on: () => undefined },
      async dial(address: string) {
        dialled.push(address)
        most = Math.max(most, ++atOnce)
        await new Promise<void>((resolve) => void clock.after(5_000, resolve))
        atOnce--
        throw new SkeinError('TIMED_OUT', 'nobody is there')
      },
    }
    const encounters = new Encounters({
      ...{ id: createIdentity().peerId, clock, random: seededRandom(6), log: silentLog },
      manager: manager as unknown as ConnectionManager,
      admits: () => true,
      isAlive: () => false,
      isListening: () => true,
    })
    for (let at = 0; at < 1_000; at++) {
      encounters.offer({ addresses: [`tls://10.1.1.1:${at + 1}`], source: 'test' })
    }
    await clock.advance(60_000)
    expect(most).toBe(8)
    expect(new Set(dialled).size).toBe(64)
    expect(dialled.length).toBeLessThanOrEqual(8 * 12) // Eight at a time, five seconds each.
    const inTheFirst = dialled.length
    await clock.advance(600_000)
    await clock.advance(600_000)
    expect(dialled.length).toBeLessThan(inTheFirst * 22)
    expect(clock.pending).toBe(0) // What nobody says again is forgotten.
  })
})
