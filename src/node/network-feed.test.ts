import { beforeEach, describe, expect, test } from 'vitest'
import { FeedModel, LineReader } from '../map/feed.ts'
import { fakeLink, fakeNode } from '../map/network.test-kit.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { NetworkFeed } from './network-feed.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { FeedLine } from '../map/feed.ts'
import type { LinkInfo, NodeInfo } from '../membership/snapshot.ts'
import type { PeerInfo } from './peer.ts'

/** A network that a test changes, and its feed. */
class World {
  readonly clock = new VirtualClock()
  nodes: NodeInfo[] = [fakeNode(0), fakeNode(1), fakeNode(2)]
  links: LinkInfo[] = [fakeLink(0, 1, { rttMicros: 1_000 }), fakeLink(1, 2, { rttMicros: 2_000 })]
  peers: PeerInfo[] = []
  isFollowed = false
  looks = 0
  onMember: (id: PeerId) => void = () => undefined
  onOther: () => void = () => undefined
  readonly feed = new NetworkFeed({
    id: fakeNode(0).id,
    clock: this.clock,
    nodes: () => {
      this.looks++
      return this.nodes
    },
    links: () => this.links,
    peers: () => this.peers,
    node: (id) => this.nodes.find((node) => node.id === id),
    follow: (onMember, onOther) => {
      this.isFollowed = true
      this.onMember = onMember
      this.onOther = onOther
      return () => (this.isFollowed = false)
    },
  })

  /** Lets what is due happen, and promises settle. */
  async pass(ms: number): Promise<void> {
    await this.clock.advance(ms)
    for (let turn = 0; turn < 20; turn++) await Promise.resolve()
  }
}

/** Somebody who follows a feed; `isSlow` takes what it gets only when told to. */
class Follower {
  readonly model = new FeedModel()
  readonly lines: FeedLine[] = []
  readonly abort = new AbortController()
  readonly done: Promise<void>
  isSlow = false
  #take: () => void = () => undefined

  constructor(feed: NetworkFeed) {
    const reader = new LineReader((line) => {
      this.lines.push(line)
      this.model.apply(line)
    })
    const encoder = new TextEncoder()
    this.done = feed.tell({
      write: (text) => {
        reader.add(encoder.encode(text))
        return !this.isSlow
      },
      drained: () => new Promise((resolve) => (this.#take = resolve)),
      signal: this.abort.signal,
    })
  }

  /** What came since the last call. */
  news(): readonly FeedLine[] {
    return this.lines.splice(0)
  }

  take(): void {
    this.isSlow = false
    this.#take()
  }
}

let world: World

beforeEach(() => {
  world = new World()
})

describe('who follows', () => {
  test('is told of the whole network at once', async () => {
    const { news, model } = bind(new Follower(world.feed))
    await world.pass(0)
    expect(news().map(({ type }) => type)).toEqual([
      'start',
      'node',
      'node',
      'node',
      'link',
      'link',
      'tick',
    ])
    expect([...model.nodes.values()].map(({ name }) => name)).toEqual(['alice', 'bob', 'carol'])
  })

  test('is told of a change within 150 ms, and of nothing else', async () => {
    const { news } = bind(new Follower(world.feed))
    await world.pass(500)
    news()
    world.nodes[1] = fakeNode(1, { state: 'gone' })
    world.onMember(fakeNode(1).id)
    await world.pass(150)
    expect(news()).toMatchObject([{ type: 'node', name: 'bob', state: 'gone' }, { type: 'tick' }])
    await world.pass(60_000)
    expect(news()).toEqual([])
  })

  test('gets what changes fast in one line a batch, ten times a second at most', async () => {
    const { news, model } = bind(new Follower(world.feed))
    await world.pass(500)
    news()
    for (let at = 0; at < 200; at++) {
      world.links[0] = fakeLink(0, 1, { rttMicros: 1_000 + at })
      world.onOther()
      await world.pass(5)
    }
    await world.pass(200)
    const ticks = news().filter(({ type }) => type === 'tick')
    expect(ticks.length).toBeGreaterThan(5)
    expect(ticks.length).toBeLessThanOrEqual(12)
    expect([...model.links.values()][0]?.rttMicros).toBe(1_199)
  })

  test('and reads nothing costs nothing: it is told of the last state when it reads again', async () => {
    const follower = new Follower(world.feed)
    await world.pass(500)
    follower.news()
    follower.isSlow = true
    for (let at = 0; at < 50; at++) {
      world.links[0] = fakeLink(0, 1, { rttMicros: 5_000 + at })
      world.onOther()
      await world.pass(200)
    }
    expect(follower.news().length).toBeLessThanOrEqual(2)
    follower.take()
    await world.pass(200)
    expect(follower.news()).toMatchObject([{ type: 'link', rttMicros: 5_049 }, { type: 'tick' }])
  })

  test('sees links part, join again, and members be forgotten', async () => {
    const { news, model } = bind(new Follower(world.feed))
    await world.pass(500)
    news()
    const [first, second] = world.links
    world.links = second === undefined ? [] : [second]
    world.onOther()
    await world.pass(200)
    expect(news()).toMatchObject([{ type: 'unlink', a: 0, b: 1 }, { type: 'tick' }])
    world.links = [first, second].filter((each) => each !== undefined)
    world.onOther()
    await world.pass(200)
    expect(news()).toMatchObject([{ type: 'link', a: 0, b: 1 }, { type: 'tick' }])
    world.nodes = world.nodes.slice(0, 2)
    world.links = world.links.slice(0, 1)
    world.onOther()
    await world.pass(200)
    expect(news().map(({ type }) => type)).toEqual(['unlink', 'forget', 'tick'])
    expect([model.nodes.size, model.links.size]).toEqual([2, 1])
  })

  test('is told of the paths of the node itself', async () => {
    world.peers = [peer(1, 'suspended')]
    const { model } = bind(new Follower(world.feed))
    await world.pass(200)
    const [own, other] = [...model.links.values()]
    expect(own?.path).toMatchObject({ kind: 'tls', state: 'suspended', reason: 'the only path' })
    expect(other?.path).toBeUndefined()
  })

  test('and stops leaves nothing behind', async () => {
    const follower = new Follower(world.feed)
    await world.pass(200)
    follower.abort.abort()
    await follower.done
    await world.pass(0)
    expect(world.isFollowed).toBe(false)
    expect(world.clock.pending).toBe(0)
  })
})

describe('the last hour', () => {
  test('of a link: its round trips in steps of 30 s, and when it parted', async () => {
    world.feed.keepHistory()
    const [a, b] = [fakeNode(0).id, fakeNode(1).id]
    for (let step = 0; step < 4; step++) {
      world.links[0] = fakeLink(0, 1, { rttMicros: 1_000 * (step + 1) })
      world.onOther()
      await world.pass(60_000)
    }
    const [, kept] = world.links
    world.links = kept === undefined ? [] : [kept]
    world.onOther()
    await world.pass(60_000)
    const { rttMicros = [], changes = [] } = world.feed.history(a, b) ?? {}
    const shown = rttMicros.map((value) => value && Math.round(value / 1_000))
    expect(shown.filter((value, at) => value !== shown[at - 1])).toEqual([1, 2, 3, 4, null])
    expect(shown.length).toBeGreaterThan(10)
    expect(changes.map(({ to }) => to)).toEqual(['linked', 'parted'])
  })

  test('of a node: its states, and the median of its links', async () => {
    world.feed.keepHistory()
    world.nodes[1] = fakeNode(1, { state: 'suspect' })
    world.onMember(fakeNode(1).id)
    await world.pass(2_000)
    world.nodes[1] = fakeNode(1)
    world.onMember(fakeNode(1).id)
    await world.pass(31_000)
    const history = world.feed.history(fakeNode(1).id)
    expect(history?.changes.map(({ to }) => to)).toEqual(['alive', 'suspect', 'alive'])
    expect(history?.rttMicros.at(-1)).toBe(2_000)
  })

  test('is an hour, and is forgotten with the link', async () => {
    world.feed.keepHistory()
    await world.pass(2 * 3_600_000)
    const [a, b] = [fakeNode(0).id, fakeNode(1).id]
    expect(world.feed.history(a, b)?.rttMicros).toHaveLength(121)
    world.links = []
    world.onOther()
    await world.pass(2 * 3_600_000)
    expect(world.feed.history(a, b)).toBeUndefined()
  })

  test('round trips of 1 µs to 100 s are kept to a thousandth', async () => {
    for (const rtt of [1, 47, 999, 120_000, 99_999_999]) {
      const each = new World()
      each.links = [fakeLink(0, 1, { rttMicros: rtt })]
      each.feed.keepHistory()
      await each.pass(31_000)
      const [kept] = each.feed.history(fakeNode(0).id, fakeNode(1).id)?.rttMicros ?? []
      expect(Math.abs((kept ?? 0) - rtt)).toBeLessThanOrEqual(Math.max(0.5, rtt / 1_000))
    }
  })

  test('without it, and with nobody who follows, nothing runs', () => {
    expect(world.feed.history(fakeNode(0).id)).toBeUndefined()
    expect(world.isFollowed).toBe(false)
    expect(world.clock.pending).toBe(0)
  })
})

function bind(follower: Follower): {
  readonly news: () => readonly FeedLine[]
  readonly model: FeedModel
} {
  return { news: () => follower.news(), model: follower.model }
}

function peer(index: number, state: PeerInfo['state']): PeerInfo {
  return {
    ...{
      id: fakeNode(index).id,
      index: 0,
      name: 'bob',
      address: '127.0.0.1:1',
      state,
      suspendedMs: 0,
    },
    paths: [{ kind: 'tls', address: '127.0.0.1:1', isDoubtful: false }],
    ...{ pathReason: 'the only path', isOutbound: true, roles: [] },
  }
}
