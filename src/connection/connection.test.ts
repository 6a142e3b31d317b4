import { describe, expect, test } from 'vitest'
import { seededRandom } from '../base/random.ts'
import { Collector, Duo, echo } from './connection.test-kit.ts'
import type { Stream } from './contract.ts'

/** A short exchange that uses every counted frame but RESET and GOODBYE. */
function startExchange(duo: Duo): { readonly replies: Collector; readonly stream: Stream } {
  duo.b.serve = echo
  const stream = duo.a.connection.open('echo/1')
  const replies = new Collector()
  stream.bind(replies)
  for (let index = 0; index < 8; index++) {
    stream.write(Uint8Array.from({ length: 3 + index * 5 }, (_, at) => index * 16 + at))
  }
  stream.end()
  return { replies, stream }
}

async function wholeExchange(duo: Duo): Promise<Uint8Array> {
  const { replies } = startExchange(duo)
  await duo.attachUntil(() => replies.isClosed)
  expect(replies.error).toBeUndefined()
  return replies.bytes
}

describe('replay', () => {
  test('[C5] a path cut after every single byte, in either direction, loses and repeats nothing', async () => {
    const clean = new Duo()
    await clean.attach()
    const expected = await wholeExchange(clean)
    expect(expected.length).toBe(164)
    for (const end of ['near', 'far'] as const) {
      for (let bytes = 0; bytes < 420; bytes++) {
        const duo = new Duo()
        await duo.attach((path) => (end === 'near' ? path : path.far).cutAfter(bytes))
        expect(await wholeExchange(duo), `cut ${end} after ${bytes}`).toEqual(expected)
        expect(duo.a.violations.concat(duo.b.violations)).toEqual([])
      }
    }
  })

  test.each(Array.from({ length: 40 }, (_, seed) => seed))(
    '[C5] bulk and calls arrive whole over paths that are cut at random, seed %i',
    async (seed) => {
      const random = seededRandom(seed)
      const duo = new Duo({ latencyMs: 5 })
      const content = random.bytes(700_000)
      const bulk = new Collector()
      const replies = new Collector()
      duo.b.serve = (stream) => {
        if (stream.protocol === 'echo/1') return echo(stream)
        stream.bind(bulk)
        return true
      }
      const cut = (): Promise<unknown> =>
        duo.attach((path) => {
          const end = random.next() < 0.5 ? path : path.far
          end.cutAfter(Math.floor(random.next() ** 2 * 300_000))
        })
      await cut()
      const stream = duo.a.connection.open('bulk/1', { priority: 'bulk' })
      stream.bind(new Collector())
      stream.write(content)
      stream.end()
      const calls = duo.a.connection.open('echo/1')
      calls.bind(replies)
      let sent = 0
      for (let round = 0; round < 60 && !bulk.isEnded; round++) {
        for (let burst = 0; burst < 5; burst++) calls.write(Uint8Array.of(sent++ & 0xff))
        if (duo.a.connection.state === 'suspended') await cut()
        await duo.clock.until(() => duo.a.connection.state === 'suspended', 200)
      }
      calls.end()
      await duo.attachUntil(() => replies.isEnded && bulk.isEnded)
      expect(Buffer.compare(Buffer.concat(bulk.parts), content)).toBe(0)
      expect(replies.bytes).toEqual(Uint8Array.from({ length: sent }, (_, at) => at & 0xff))
      expect(duo.a.violations.concat(duo.b.violations)).toEqual([])
      expect(duo.a.connection.heldBytes + duo.b.connection.heldBytes).toBeLessThan(100)
    },
  )
})

describe('paths', () => {
  test('[C7] a second path stands by, and takes over without loss when the first breaks', async () => {
    const duo = new Duo()
    const first = await duo.attach()
    await duo.attach()
    duo.b.serve = echo
    const replies = new Collector()
    const stream = duo.a.connection.open('echo/1')
    stream.bind(replies)
    stream.write(Uint8Array.of(1))
    await duo.clock.advance(50)
    first.breakOff('reset')
    stream.write(Uint8Array.of(2))
    await duo.clock.advance(50)
    expect(duo.a.connection.state).toBe('open')
    expect(replies.bytes).toEqual(Uint8Array.of(1, 2))
  })

  test('[C16] SWITCH moves a busy connection between living paths without loss', async () => {
    const duo = new Duo({ latencyMs: 3 })
    const first = await duo.attach()
    await duo.attach()
    duo.b.serve = echo
    const replies = new Collector()
    const stream = duo.a.connection.open('echo/1')
    stream.bind(replies)
    const expected: number[] = []
    for (let round = 0; round < 100; round++) {
      expected.push(round)
      stream.write(Uint8Array.of(round))
      await duo.clock.advance(1)
      const standby = duo.a.connection.links[1]
      if (round % 7 === 3 && standby !== undefined) duo.a.connection.switchTo(standby)
    }
    await duo.clock.advance(100)
    expect([...replies.bytes]).toEqual(expected)
    expect(first.from).toBe('a')
    expect(duo.a.violations.concat(duo.b.violations)).toEqual([])
  })

  test('[C16] frames ahead of a SWITCH wait for the slower path; if that breaks they come again', async () => {
    const duo = new Duo({ latencyMs: 3 })
    const first = await duo.attach()
    await duo.attach()
    duo.b.serve = echo
    const replies = new Collector()
    const stream = duo.a.connection.open('echo/1')
    stream.bind(replies)
    await duo.clock.advance(10)
    first.cutAfter(3)
    stream.write(Uint8Array.of(1))
    await Promise.resolve()
    const standby = duo.a.connection.links[1]
    if (standby !== undefined) duo.a.connection.switchTo(standby)
    stream.write(Uint8Array.of(2))
    await duo.clock.advance(100)
    expect([...replies.bytes]).toEqual([1, 2])
  })

  test('[C17] a path that falls silent is doubted first and given up later', async () => {
    const duo = new Duo()
    await duo.attach()
    await duo.clock.advance(100)
    duo.network.setSilent('b', 'a', true)
    await duo.clock.advance(4_000)
    expect(duo.a.doubts).toBeGreaterThan(0)
    expect(duo.a.connection.state).toBe('open')
    await duo.clock.advance(12_000)
    expect(duo.a.connection.state).toBe('suspended')
    expect(duo.a.lost).toEqual(['silent for 10 s'])
  })

  test('[C14] a connection without a path closes after resumeWindowMs and says so to every stream', async () => {
    const duo = new Duo({ resumeWindowMs: 5_000 })
    const path = await duo.attach()
    const replies = new Collector()
    duo.a.connection.open('echo/1').bind(replies)
    await duo.clock.advance(50)
    path.breakOff('reset')
    await duo.clock.advance(4_000)
    expect(replies.isClosed).toBe(false)
    await duo.clock.advance(2_000)
    expect(replies.error?.code).toBe('CONNECTION_EXPIRED')
    expect(duo.a.closed?.code).toBe('CONNECTION_EXPIRED')
  })
})

describe('streams', () => {
  test('[C9] a reader that stops makes the writer wait, and nothing is lost when it goes on', async () => {
    const duo = new Duo()
    await duo.attach()
    const sink = new Collector()
    const source = new Collector()
    const stream = duo.a.connection.open('bulk/1', { priority: 'bulk' })
    stream.bind(source)
    await duo.clock.advance(10)
    const far = duo.b.opened[0]
    far?.bind(sink)
    far?.setReading(false)
    let written = 0
    while (stream.write(new Uint8Array(50_000).fill(written % 251))) written++
    await duo.clock.advance(500)
    expect(sink.length).toBe(0)
    expect(source.drains).toBe(0)
    far?.setReading(true)
    await duo.clock.advance(500)
    expect(sink.length).toBe((written + 1) * 50_000)
    expect(source.drains).toBe(1)
  })

  test('[C10] a call passes a bulk stream that was there before it', async () => {
    const duo = new Duo({ latencyMs: 20 })
    await duo.attach()
    duo.b.serve = (stream) => {
      if (stream.protocol === 'call/1') return echo(stream)
      stream.bind(new Collector())
      return true
    }
    const bulk = duo.a.connection.open('bulk/1', { priority: 'bulk' })
    bulk.bind(new Collector())
    bulk.write(new Uint8Array(8_000_000))
    const replies = new Collector()
    const call = duo.a.connection.open('call/1')
    call.bind(replies)
    call.write(Uint8Array.of(7))
    const isAnswered = await duo.clock.until(() => replies.length === 1, 100)
    expect(isAnswered).toBe(true)
  })

  test('[C11] each side ends by itself, and both ends close the stream', async () => {
    const duo = new Duo()
    await duo.attach()
    duo.b.serve = echo
    const replies = new Collector()
    const stream = duo.a.connection.open('echo/1')
    stream.bind(replies)
    stream.write(Uint8Array.of(1))
    stream.end()
    stream.write(Uint8Array.of(2))
    await duo.clock.advance(50)
    expect(replies.bytes).toEqual(Uint8Array.of(1))
    expect(replies.isClosed && replies.isEnded && replies.error === undefined).toBe(true)
    expect(duo.a.connection.streamCount + duo.b.connection.streamCount).toBe(0)
  })

  test('[C24] somebody waits while a stream is open or its last words are under way, but not in the background', async () => {
    const duo = new Duo()
    await duo.attach()
    duo.b.serve = echo
    const { connection } = duo.a
    const quiet = connection.open('news/1')
    quiet.bind(new Collector())
    quiet.isBackground = true
    quiet.write(Uint8Array.of(1))
    expect([connection.streamCount, connection.isNeeded]).toEqual([0, false])
    const call = connection.open('call/1')
    call.bind(new Collector())
    expect([connection.streamCount, connection.isNeeded]).toEqual([1, true])
    call.reset('CANCELLED', 'enough')
    expect([connection.streamCount, connection.isNeeded]).toEqual([0, true])
    await duo.clock.advance(100)
    expect(connection.isNeeded).toBe(false)
    quiet.isBackground = false
    expect(connection.isNeeded).toBe(true)
    quiet.write(Uint8Array.of(2))
    quiet.isBackground = true
    expect([connection.streamCount, connection.isNeeded]).toEqual([0, true])
    await duo.clock.advance(100)
    expect(connection.isNeeded).toBe(false)
  })

  test('[C24] a stream that leaves the background while there is no path asks for one, once', async () => {
    const duo = new Duo()
    const path = await duo.attach()
    const { connection } = duo.a
    const streams = [connection.open('one/1'), connection.open('two/1')]
    for (const stream of streams) stream.isBackground = true
    path.breakOff('reset')
    await duo.clock.advance(10)
    expect([connection.state, duo.a.waits]).toEqual(['suspended', 0])
    for (const stream of streams) stream.isBackground = false
    expect([connection.streamCount, duo.a.waits]).toEqual([2, 1])
    for (const stream of streams) stream.isBackground = true
    connection.open('three/1')
    expect(duo.a.waits).toBe(2)
  })

  test('[C12] a reset tells the other side its code and message', async () => {
    const duo = new Duo()
    await duo.attach()
    const far = new Collector()
    duo.b.serve = (stream) => {
      stream.bind(far)
      return true
    }
    const stream = duo.a.connection.open('x/1')
    stream.bind(new Collector())
    await duo.clock.advance(10)
    stream.reset('CANCELLED', 'changed my mind')
    await duo.clock.advance(10)
    expect(far.error).toMatchObject({ code: 'CANCELLED', message: 'changed my mind' })
  })

  test('[C8] a protocol that nobody speaks is reset, and the connection goes on', async () => {
    const duo = new Duo()
    await duo.attach()
    duo.b.serve = () => false
    const near = new Collector()
    duo.a.connection.open('unknown/1').bind(near)
    await duo.clock.advance(10)
    expect(near.error?.code).toBe('PROTOCOL_UNKNOWN')
    expect(duo.a.connection.state).toBe('open')
  })

  test('[C8] more streams than allowed are reset one by one', async () => {
    const duo = new Duo({ maxStreams: 2 })
    await duo.attach()
    const near = [new Collector(), new Collector(), new Collector()]
    for (const collector of near) duo.a.connection.open('x/1').bind(collector)
    await duo.clock.advance(10)
    expect(near.map(({ error }) => error?.code)).toEqual([undefined, undefined, 'LIMIT_EXCEEDED'])
  })

  test('[C13] close says goodbye: the other side ends with the same code', async () => {
    const duo = new Duo()
    await duo.attach()
    const near = new Collector()
    duo.a.connection.open('x/1').bind(near)
    await duo.clock.advance(10)
    duo.b.connection.close('CONNECTION_CLOSED', 'enough')
    await duo.clock.advance(10)
    expect(near.error).toMatchObject({ code: 'CONNECTION_CLOSED', message: 'enough' })
    expect(duo.clock.pending).toBe(0)
  })
})

describe('choice of paths', () => {
  test('[C22] a clearly faster path takes over a busy connection, and the slower one closes', async () => {
    const duo = new Duo({ latencyMs: 2 })
    duo.b.serve = echo
    const slow = await duo.attach((path) => path.setLatency(20))
    const replies = new Collector()
    const stream = duo.a.connection.open('echo/1')
    stream.bind(replies)
    await duo.clock.advance(3_000)
    const fast = await duo.attach()
    expect(duo.a.connection.path).toBe(slow)
    const expected: number[] = []
    for (let round = 0; round < 60; round++) {
      expected.push(round)
      stream.write(Uint8Array.of(round))
      await duo.clock.advance(500)
    }
    expect([...replies.bytes]).toEqual(expected)
    expect(duo.a.connection.links.map(({ path }) => path)).toEqual([fast])
    expect(duo.a.connection.pathReason).toBe('faster than the path before')
    expect([duo.a.lost, duo.b.lost]).toEqual([['another path is better'], ['ended by peer']])
  })

  test('[C22] a path that is only a little faster does not take over', async () => {
    const duo = new Duo({ latencyMs: 20 })
    const first = await duo.attach()
    await duo.attach((path) => path.setLatency(17))
    await duo.clock.advance(9_000)
    expect(duo.a.connection.path).toBe(first)
  })
})
