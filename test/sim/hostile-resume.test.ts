/**
 * A peer that speaks raw frames and resumes as it likes. It proved a key of its own, so the worst it can
 * do is to lose its own connection; a bystander on the same node notices nothing.
 */
import { describe, expect, test } from 'vitest'
import { peerIdFromKey } from '../../src/base/peer-id.ts'
import { frameType, makeFrame, makeNumberFrame } from '../../src/connection/frames.ts'
import {
  readAnswer,
  readHello,
  takeHandshakeFrame,
  writeHello,
  writeWelcome,
} from '../../src/connection/messages.ts'
import { Simulation } from '../../src/testing/simulation.node.ts'
import type { Hello, Welcome } from '../../src/connection/messages.ts'
import type { Node } from '../../src/node/node.ts'
import type { Path, Transport } from '../../src/transport/contract.ts'

const introduction = {
  incarnation: 500,
  received: 0,
  windowBytes: 1_000_000,
  label: 'mallory',
  addresses: [],
}

/** alice under attack, bob who talks with her meanwhile, and mallory's way to speak. */
class Stage {
  readonly world = new Simulation({ seed: 1 })
  readonly refusals: string[] = []
  readonly violations: string[] = []
  readonly malloryId = peerIdFromKey(new Uint8Array(32).fill(7))
  readonly transport: Transport = this.world.network.transport('mallory', this.malloryId)
  #alice: Node | undefined
  #bob: Node | undefined
  #calls = 0

  async begin(): Promise<this> {
    this.#alice = await this.world.start('alice', { limits: { resumeTotalBytes: 1_000_000 } })
    this.#bob = await this.world.start('bob', { peers: ['memory://alice'] })
    const { alice, bob } = this
    alice.on('peer:refuse', ({ rule }) => this.refusals.push(rule))
    alice.on('peer:violation', ({ rule }) => this.violations.push(rule))
    alice.serve('flood/1', ['role:anyone'], (stream) => {
      stream.bind({
        onData: () => undefined,
        onEnd: () => undefined,
        onDrain: () => undefined,
        onClose: () => undefined,
      })
      stream.write(new Uint8Array(400_000))
    })
    await this.world.until(() => bob.peers()[0]?.state === 'open')
    bob.on('peer:disconnect', ({ error }) => expect.unreachable(`bob noticed: ${error.message}`))
    bob.on('path:lost', ({ reason }) => expect.unreachable(`bob noticed: ${reason}`))
    return this
  }

  get alice(): Node {
    if (this.#alice === undefined) throw new RangeError('begin first')
    return this.#alice
  }

  get bob(): Node {
    if (this.#bob === undefined) throw new RangeError('begin first')
    return this.#bob
  }

  /** What alice knows of mallory's connection. */
  get state(): string {
    return this.alice.peers().find(({ id }) => id === this.malloryId)?.state ?? 'none'
  }

  /** Dials alice, says HELLO and returns what she answers, with the path. */
  async join(fields: Partial<Hello> = {}): Promise<Joined> {
    const dial = this.transport.dial('memory://alice', { timeoutMs: 1_000 })
    const path = await this.world.wait(dial)
    const joined = new Joined(path)
    path.write(
      writeHello({
        ...introduction,
        versions: [1],
        peerIncarnation: 0,
        epoch: 0,
        highestEpoch: 0,
        ...fields,
      }),
    )
    await this.world.advance(10)
    return joined
  }

  /** Names the epoch that alice gave, as an honest peer would. */
  async resume(first: Joined, fields: Partial<Hello> = {}): Promise<Joined> {
    const { incarnation = 0, epoch = 0 } = first.welcome ?? {}
    return this.join({ peerIncarnation: incarnation, epoch, highestEpoch: epoch, ...fields })
  }

  /** An OPEN of mallory's stream number `at`, on which alice sends 400 kB. */
  openFlood(at = 0): Uint8Array {
    const frame = makeFrame(frameType.open, new TextEncoder().encode('\u0000flood/1'))
    frame[7] = 2 * at + Number(this.malloryId > this.alice.id)
    return frame
  }

  /** The true owner of the other connection is served as ever. */
  async checkBystander(): Promise<void> {
    const words = ['echo', `${this.#calls++}`]
    const startMs = this.world.clock.nowMs()
    const { text } = await this.world.wait(this.bob.peer('alice').run(words), 1_000)
    expect(text).toBe(words[1])
    expect(this.world.clock.nowMs() - startMs).toBeLessThan(20)
  }
}

class Joined {
  readonly path: Path
  welcome: Welcome | undefined
  refusedWith: string | undefined
  closedWith: string | undefined
  receivedBytes = 0

  constructor(path: Path) {
    this.path = path
    path.bind({
      onData: (bytes) => this.#take(bytes),
      onDrain: () => undefined,
      onClose: (reason) => {
        this.closedWith = reason
      },
    })
  }

  #take(bytes: Uint8Array): void {
    this.receivedBytes += bytes.length
    if (this.welcome !== undefined) return
    const frame = takeHandshakeFrame(bytes, [frameType.welcome, frameType.refuse])
    if (typeof frame !== 'object') return
    const answer = readAnswer(frame.type, frame.payload)
    if (typeof answer === 'string') throw new RangeError(answer)
    if (answer.type === 'welcome') this.welcome = answer.welcome
    else this.refusedWith = answer.refusal.rule
  }
}

describe('a peer that resumes as it likes', () => {
  test('[C15] an epoch that never was, or is over, is a new conversation for that peer alone', async () => {
    const stage = await new Stage().begin()
    const first = await stage.join()
    expect(first.welcome?.epoch).toBe(1)
    const future = await stage.resume(first, { epoch: 77, highestEpoch: 77, received: 9 })
    expect([future.welcome?.epoch, future.welcome?.received]).toEqual([77, 0])
    expect(first.closedWith).toBeDefined()
    const past = await stage.resume(first, { epoch: 3, highestEpoch: 80 })
    expect(past.welcome?.epoch).toBe(81)
    const farthest = 2 ** 48
    for (const epoch of [farthest, farthest - 1, 0, farthest + 1]) {
      await stage.resume(first, { epoch, highestEpoch: Math.max(epoch, farthest) })
      await stage.checkBystander()
    }
    expect(stage.refusals).toEqual(['handshake'])
    expect(stage.violations).toEqual([])
  })

  test('[C15] a HELLO that is played again is one more path, not another connection', async () => {
    const stage = await new Stage().begin()
    const first = await stage.join()
    const again = await stage.join()
    expect([again.welcome?.epoch, first.closedWith]).toEqual([1, undefined])
    expect(stage.state).toBe('open')
    await stage.checkBystander()
  })

  test('[C15] another key with the numbers of a living connection gets one of its own', async () => {
    const stage = await new Stage().begin()
    const [path] = stage.world.network.pathsBetween('alice', 'bob')
    expect(path).toBeDefined()
    const stolen = await stage.join({
      incarnation: 1_700_000_000_000,
      peerIncarnation: 1_700_000_000_000,
      epoch: 1,
      highestEpoch: 1,
      received: 3,
      label: 'bob',
    })
    expect(stolen.welcome?.received).toBe(0)
    expect(stage.bob.peers()[0]?.paths).toHaveLength(1)
    await stage.checkBystander()
  })

  test('[C7] a claim to have received what was never sent brings no path, and is counted', async () => {
    const stage = await new Stage().begin()
    const first = await stage.join()
    const liar = await stage.resume(first, { received: 1_000 })
    await stage.world.advance(10)
    expect(liar.closedWith).toBe('reset by peer')
    expect([first.closedWith, stage.state]).toEqual([undefined, 'open'])
    expect(stage.violations).toEqual(['C7: it claims to have received what was never sent'])
    await stage.checkBystander()
  })

  test('[C7] a WELCOME that claims so begins no connection', async () => {
    const stage = await new Stage().begin()
    const paths: Path[] = []
    await stage.transport.listen({
      address: 'memory://mallory',
      maxHalfOpen: 10,
      handshakeTimeoutMs: 1_000,
      onPath: (path) => {
        paths.push(path)
        path.bind({
          onData: (bytes) => {
            if (typeof takeHandshakeFrame(bytes, [frameType.hello]) !== 'object') return
            path.write(writeWelcome({ ...introduction, version: 1, epoch: 1, received: 99 }))
          },
          onDrain: () => undefined,
          onClose: () => undefined,
        })
      },
      onRejected: () => undefined,
    })
    const dial = stage.alice.connect('memory://mallory').catch(() => undefined)
    await stage.world.wait(dial)
    await stage.world.advance(100)
    expect(paths.length).toBeGreaterThan(0)
    expect([stage.state, stage.violations.length > 0]).toEqual(['none', true])
    await stage.checkBystander()
  })

  test.each<[string, Uint8Array, string[]]>([
    ['[C6] an ACK of what was never sent', makeNumberFrame(frameType.ack, 12_345), ['C6']],
    ['[C16] a SWITCH into the future', makeNumberFrame(frameType.switch, 2 ** 50), []],
    ['[C16] a SWITCH into the past', makeNumberFrame(frameType.switch, 0), ['C8']],
    ['[C6] an ACK of the past', makeNumberFrame(frameType.ack, 0), ['C8']],
  ])('%s, behind a resumption, harms at most that connection', async (_sentence, bytes, rules) => {
    const stage = await new Stage().begin()
    const first = await stage.join()
    first.path.write(stage.openFlood())
    await stage.world.advance(50)
    const second = await stage.resume(first, { received: 0 })
    second.path.write(bytes)
    for (let at = 0; at < 50; at++) second.path.write(stage.openFlood())
    await stage.world.advance(100)
    expect(stage.violations.map((text) => text.split(':')[0])).toEqual(rules)
    expect(stage.state).toBe(rules.length > 0 ? 'none' : 'open')
    await stage.checkBystander()
  })

  test('[C26] who resumes ten times a second is refused after a while, and costs a bounded replay', async () => {
    const stage = await new Stage().begin()
    const first = await stage.join()
    first.path.write(stage.openFlood())
    await stage.world.advance(50)
    let answered = 0
    let replayedBytes = 0
    const startMs = stage.world.clock.nowMs()
    for (let round = 0; round < 300; round++) {
      const next = await stage.resume(first)
      if (next.welcome !== undefined) answered++
      await stage.world.advance(89)
      replayedBytes += next.receivedBytes
      next.path.destroy('again')
      if (round % 50 === 0) await stage.checkBystander()
    }
    const seconds = (stage.world.clock.nowMs() - startMs) / 1_000
    expect(answered).toBeLessThan(40 + 4 * seconds + 2)
    expect(answered).toBeGreaterThan(100)
    expect(new Set(stage.refusals)).toEqual(new Set(['C26']))
    expect(stage.refusals.length).toBe(300 - answered)
    expect(replayedBytes).toBeLessThan(answered * 500_000)
    await stage.world.advance(15_000)
    expect((await stage.resume(first)).welcome?.epoch).toBe(first.welcome?.epoch)
  })

  test('[C21] many paths at a time are four', async () => {
    const stage = await new Stage().begin()
    const first = await stage.join()
    const paths: Joined[] = [first]
    for (let at = 0; at < 30; at++) paths.push(await stage.resume(first))
    await stage.world.advance(50)
    expect(paths.filter(({ closedWith }) => closedWith === undefined)).toHaveLength(4)
    const mallory = stage.alice.peers().find(({ id }) => id === stage.malloryId)
    expect(mallory?.paths).toHaveLength(4)
    await stage.checkBystander()
  })

  test('[C14] who never acknowledges and goes away holds no more than its share', async () => {
    const stage = await new Stage().begin()
    const first = await stage.join()
    for (let at = 0; at < 6; at++) {
      first.path.write(stage.openFlood(at))
    }
    await stage.world.advance(50)
    const connection = await stage.alice.reach(stage.malloryId)
    expect(connection.heldBytes).toBeGreaterThan(1_000_000)
    first.path.destroy('gone')
    await stage.world.advance(50)
    expect([connection.state, connection.heldBytes]).toEqual(['closed', 0])
    await stage.checkBystander()
    await stage.world.wait(stage.alice.close())
    expect(stage.world.timersOf('alice')).toBe(0)
  })

  test('[C13] a HELLO that comes when the node has closed begins nothing', async () => {
    const stage = await new Stage().begin()
    const path = await stage.world.wait(
      stage.transport.dial('memory://alice', { timeoutMs: 1_000 }),
    )
    const joined = new Joined(path)
    await stage.world.advance(10)
    stage.bob.on('peer:connect', () => undefined)
    const closing = stage.alice.close()
    path.write(
      writeHello({ ...introduction, versions: [1], peerIncarnation: 0, epoch: 0, highestEpoch: 0 }),
    )
    await closing
    await stage.world.advance(1_000)
    expect([joined.welcome, stage.world.timersOf('alice')]).toEqual([undefined, 0])
  })
})

test('[C2] the messages that this file sends are well formed', () => {
  const hello = writeHello({
    ...introduction,
    versions: [1],
    peerIncarnation: 0,
    epoch: 0,
    highestEpoch: 0,
  })
  const frame = takeHandshakeFrame(hello, [frameType.hello])
  expect(typeof frame === 'object' && typeof readHello(frame.payload)).toBe('object')
})
