/** Several paths of one connection at a time: what chaos showed, and what thinking showed before it. */
import { describe, expect, test } from 'vitest'
import { Collector, Duo, echo } from './connection.test-kit.ts'
import { frameType, makeNumberFrame, numberFrameBytes, writeHeader } from './frames.ts'
import { FrameReader } from './frame-reader.ts'
import { maxPaths } from './options.ts'
import type { MemoryPath } from '../transport/memory-path.ts'

/** Opens a stream whose other end collects. */
function pour(duo: Duo, bytes: Uint8Array): Collector {
  const sink = new Collector()
  duo.b.serve = (stream) => {
    stream.bind(sink)
    stream.end()
    return true
  }
  const stream = duo.a.connection.open('bulk/1', { priority: 'bulk' })
  stream.bind(new Collector())
  stream.write(bytes)
  stream.end()
  return sink
}

describe('acknowledgements', () => {
  test('[C6] what was acknowledged on a path that broke is acknowledged again on the next', async () => {
    const duo = new Duo({ maxWindowBytes: 16_000_000, initialWindowBytes: 16_000_000 })
    const first = await duo.attach()
    await duo.attach()
    await duo.clock.advance(100)
    first.far.setSilent(true)
    const sink = pour(duo, new Uint8Array(6_000_000))
    await duo.clock.advance(500)
    expect(sink.length).toBeGreaterThan(4_000_000)
    first.breakOff('reset')
    await duo.clock.advance(500)
    expect(sink.length).toBe(6_000_000)
    expect([duo.a.connection.heldBytes, duo.b.connection.heldBytes]).toEqual([0, 0])
  })

  test('[C6] also on one that had stood by when the handshake told less', async () => {
    const duo = new Duo()
    const first = await duo.attach()
    await duo.attach()
    await duo.clock.advance(100)
    first.far.setSilent(true)
    const sink = pour(duo, new Uint8Array(1_000))
    await duo.clock.advance(8_000)
    expect(sink.isEnded).toBe(true)
    expect([duo.a.connection.heldBytes, duo.b.connection.heldBytes]).toEqual([0, 0])
  })
})

describe('an idle path', () => {
  /** Each write of either end from now on: the type of its first frame, and an ACK's only if it is alone. */
  function listen(path: MemoryPath): { readonly near: number[]; readonly far: number[] } {
    const seen = { near: [] as number[], far: [] as number[] }
    for (const [end, types] of [
      [path, seen.near],
      [path.far, seen.far],
    ] as const) {
      const write = end.write.bind(end)
      end.write = (bytes, more) => {
        const isMore = bytes[0] === frameType.ack && bytes.length > numberFrameBytes
        types.push(isMore ? frameType.data : (bytes[0] ?? -1))
        return write(bytes, more)
      }
    }
    return seen
  }
  const pings = (types: readonly number[]): number => {
    return types.filter((type) => type === frameType.ping).length
  }

  test('[C17] carries a ping and a pong in 2.3 s, and both ends measure it in turn', async () => {
    const duo = new Duo()
    const path = await duo.attach()
    await duo.clock.advance(5_000)
    const seen = listen(path)
    await duo.clock.advance(60_000)
    expect(seen.near.length + seen.far.length).toBeLessThanOrEqual(2 * 26 * 1.35)
    expect(pings(seen.near)).toBeGreaterThanOrEqual(6)
    expect(pings(seen.far)).toBeGreaterThanOrEqual(6)
  })

  test('[C17] that falls silent is doubted as soon by who did not ping last', async () => {
    const duo = new Duo()
    const path = await duo.attach()
    await duo.clock.advance(20_000)
    path.setSilent(true)
    path.far.setSilent(true)
    const startMs = duo.clock.nowMs()
    await duo.clock.until(() => duo.a.doubts > 0 && duo.b.doubts > 0, 10_000)
    expect(duo.clock.nowMs() - startMs).toBeLessThanOrEqual(3_600)
  })

  test('[C6] a short message is acknowledged with a ping or pong, in no record of its own', async () => {
    const duo = new Duo()
    const path = await duo.attach()
    await duo.clock.advance(5_000)
    const seen = listen(path)
    const sink = pour(duo, new Uint8Array(100))
    await duo.clock.advance(2_600)
    expect(sink.length).toBe(100)
    expect([duo.a.connection.heldBytes, duo.b.connection.heldBytes]).toEqual([0, 0])
    expect([...seen.near, ...seen.far].filter((type) => type === frameType.ack)).toEqual([])
  })

  test('[C6] of more than 4 KiB the acknowledgement does not wait for them', async () => {
    const duo = new Duo()
    await duo.attach()
    await duo.clock.advance(5_300)
    const sink = pour(duo, new Uint8Array(5_000))
    await duo.clock.advance(40)
    expect(sink.length).toBe(5_000)
    expect(duo.a.connection.heldBytes).toBe(0)
  })
})

describe('SWITCH', () => {
  test('[C16] back and forth faster than the slower path: what is held is kept', async () => {
    const duo = new Duo({ latencyMs: 1 })
    await duo.attach((path) => path.setLatency(100))
    await duo.attach()
    duo.b.serve = echo
    await duo.clock.advance(300)
    const replies = new Collector()
    const stream = duo.a.connection.open('echo/1')
    stream.bind(replies)
    const expected: number[] = []
    for (let round = 0; round < 12; round++) {
      expected.push(round)
      stream.write(Uint8Array.of(round))
      await duo.clock.advance(3)
      const standby = duo.a.connection.links[1]
      if (standby !== undefined) duo.a.connection.switchTo(standby)
    }
    await duo.clock.advance(1_000)
    expect([...replies.bytes]).toEqual(expected)
  })

  test('[C16] from a path that the other side has not joined yet: nothing is lost when it does', async () => {
    const duo = new Duo()
    const unknown = await duo.attach((path) => path.far.setSilent(true), { isWelcomeLate: true })
    await duo.attach()
    const sink = new Collector()
    duo.a.serve = (stream) => {
      stream.bind(sink)
      return true
    }
    const { b } = duo
    expect(b.connection.path).toBe(unknown.far)
    const stream = b.connection.open('flow/1')
    stream.write(Uint8Array.of(1))
    await duo.clock.advance(20)
    const standby = b.connection.links[1]
    if (standby !== undefined) b.connection.switchTo(standby)
    stream.write(Uint8Array.of(2))
    await duo.clock.advance(200)
    expect([...sink.bytes]).toEqual([])
    unknown.far.setSilent(false)
    duo.join(unknown)
    stream.write(Uint8Array.of(3))
    await duo.clock.advance(200)
    expect([...sink.bytes]).toEqual([1, 2, 3])
    expect(b.connection.heldBytes).toBe(0)
  })

  test('[C16] bytes that come early are bounded by what they took on the wire', () => {
    const reader = new FrameReader(
      {
        receivedNumber: 0,
        onDataPart: () => undefined,
        onFrame: () => undefined,
      },
      5,
    )
    const frameBytes = 9
    const chunk = new Uint8Array(frameBytes * 7_000)
    for (let at = 0; at < chunk.length; at += frameBytes) {
      writeHeader(chunk, at, { type: frameType.data, payloadBytes: 1, streamId: 0 })
    }
    let taken = 0
    let violation: string | undefined
    while (violation === undefined && taken < 20_000_000) {
      violation = reader.read(chunk)
      taken += chunk.length
    }
    expect(violation).toMatch(/^C16/)
    expect(taken).toBeLessThan(8 * 2 ** 20 + 2 * chunk.length)
  })
})

describe('many paths', () => {
  test('[C21] a connection has at most four paths; one more takes the place of an idle one', async () => {
    const duo = new Duo()
    duo.b.serve = echo
    const replies = new Collector()
    const stream = duo.a.connection.open('echo/1')
    stream.bind(replies)
    const expected: number[] = []
    for (let round = 0; round < 40; round++) {
      await duo.attach()
      expected.push(round)
      stream.write(Uint8Array.of(round))
      await duo.clock.advance(round % 2 === 0 ? 1 : 120)
      expect(duo.a.connection.links.length).toBeLessThanOrEqual(maxPaths)
      expect(duo.b.connection.links.length).toBeLessThanOrEqual(maxPaths)
    }
    await duo.clock.advance(1_000)
    expect([...replies.bytes]).toEqual(expected)
    expect(duo.a.lost.concat(duo.b.lost).some((reason) => reason.startsWith('C21'))).toBe(true)
    expect(duo.network.paths.length).toBeLessThanOrEqual(maxPaths)
  })

  test('[C17] a path that went dumb is left, however many new ones come meanwhile', async () => {
    const duo = new Duo()
    const first = await duo.attach()
    duo.b.serve = echo
    await duo.clock.advance(3_000)
    first.setSilent(true)
    first.far.setSilent(true)
    const replies = new Collector()
    const stream = duo.a.connection.open('echo/1')
    stream.bind(replies)
    stream.write(Uint8Array.of(1))
    for (let dial = 0; dial < 20 && replies.length === 0; dial++) {
      await duo.attach()
      await duo.clock.advance(600)
    }
    expect(replies.length).toBe(1)
    expect(duo.clock.nowMs()).toBeLessThan(9_000)
  })

  test('[C7] a path that does not join leaves nothing running', async () => {
    const duo = new Duo()
    const path = await duo.attach()
    path.write(makeNumberFrame(frameType.ping, 1))
    duo.a.connection.close('CONNECTION_CLOSED', 'enough')
    expect(duo.a.connection.attach(path, { peerReceived: 0, toldReceived: 0 })).toBe(false)
    await duo.clock.advance(20)
    expect(duo.clock.pending).toBe(0)
  })
})
