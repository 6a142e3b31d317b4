/** What a peer that proved its key can do to us with its frames: nothing but lose its connection. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encode } from '../codec/index.ts'
import { Collector, Duo } from './connection.test-kit.ts'
import { frameType, makeFrame, makeNumberFrame, writeHeader } from './frames.ts'
import { readAnswer, readHello, takeHandshakeFrame } from './messages.ts'
import type { MemoryPath } from '../transport/memory-path.ts'

/** a speaks raw bytes; b is the one under attack. */
async function attack(bytes: Uint8Array | readonly Uint8Array[]): Promise<Duo> {
  const duo = new Duo()
  const path = await duo.attach()
  await duo.clock.advance(20)
  for (const part of bytes instanceof Uint8Array ? [bytes] : bytes) path.write(part)
  await duo.clock.advance(50)
  return duo
}

function frame(type: number, streamId: number, payload: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(8 + payload.length)
  writeHeader(bytes, 0, { type, payloadBytes: payload.length, streamId })
  bytes.set(payload, 8)
  return bytes
}

const open = (id: number): Uint8Array => frame(frameType.open, id, Uint8Array.of(0, 0x78))
const none = new Uint8Array()

describe('frames', () => {
  test.each<[string, Uint8Array | readonly Uint8Array[], string]>([
    ['[C3] an unknown type', makeFrame(0x42, none), 'C3'],
    ['[C1] a second HELLO', makeFrame(frameType.hello, encode({})), 'C3'],
    ['[C4] a frame longer than 64 KiB', Uint8Array.of(0x21, 0xff, 0xff, 0xff, 0, 0, 0, 0), 'C4'],
    ['[C4] a control frame of 2 KiB', frame(frameType.reset, 0, new Uint8Array(2_048)), 'C4'],
    ['[C4] DATA without bytes', [open(0), frame(frameType.data, 0, none)], 'C4'],
    ['[C4] a PING of one byte', makeFrame(frameType.ping, Uint8Array.of(1)), 'C4'],
    ['[C6] an ACK of what was never sent', makeNumberFrame(frameType.ack, 77), 'C6'],
    ['[C4] an ACK above 2^53', makeFrame(frameType.ack, new Uint8Array(8).fill(255)), 'C4'],
    ['[C8] a stream with one of our numbers', open(1), 'C8'],
    ['[C8] a stream opened twice', [open(0), open(0)], 'C8'],
    ['[C8] DATA for a stream that never was', frame(frameType.data, 8, Uint8Array.of(1)), 'C8'],
    ['[C8] OPEN without a name', frame(frameType.open, 0, Uint8Array.of(0)), 'C8'],
    [
      '[C9] a CREDIT of three bytes',
      [open(0), frame(frameType.credit, 0, new Uint8Array(3))],
      'C9',
    ],
    ['[C12] a RESET without sense', [open(0), frame(frameType.reset, 0, Uint8Array.of(1))], 'C12'],
    ['[C13] a GOODBYE without sense', makeFrame(frameType.goodbye, none), 'C13'],
  ])('%s', async (_sentence, bytes, rule) => {
    const duo = await attack(bytes)
    expect(duo.b.violations.map((text) => text.split(':')[0])).toEqual([rule])
    expect(duo.b.closed?.code).toBe('VIOLATION')
    expect(duo.b.connection.heldBytes).toBeLessThan(2_000)
  })

  test('[C9] bytes beyond the credit close the connection', async () => {
    const duo = new Duo({ initialWindowBytes: 1_000 })
    const path = await duo.attach()
    await duo.clock.advance(20)
    path.write(open(0))
    await duo.clock.advance(5)
    path.write(frame(frameType.data, 0, new Uint8Array(900)))
    path.write(frame(frameType.data, 0, new Uint8Array(900)))
    await duo.clock.advance(20)
    expect(duo.b.violations).toEqual(['C9: stream 0 sent beyond its credit'])
  })

  test('[C7] a peer that claims to have what was never sent gets no path', async () => {
    const duo = new Duo()
    const path = await duo.attach()
    expect(duo.b.connection.attach(path.far, { peerReceived: 99, toldReceived: 0 })).toBe(false)
  })

  test('[C16] what follows a SWITCH into the future is not acted on, and bounded', async () => {
    const ahead = [makeNumberFrame(frameType.switch, 500), open(0), open(2)]
    const duo = await attack(ahead)
    expect([duo.b.violations, duo.b.opened]).toEqual([[], []])
    const flood = Array.from({ length: 150 }, () =>
      frame(frameType.data, 0, new Uint8Array(60_000)),
    )
    const { b } = await attack([...ahead, ...flood])
    expect(b.violations).toEqual(['C16: too many bytes ahead of what is missing'])
    expect(b.opened).toEqual([])
  })

  test('[C6] a peer that never acknowledges makes its writer wait, within bounds', async () => {
    const duo = new Duo({
      resumeBufferBytes: 200_000,
      maxWindowBytes: 1_000_000,
      initialWindowBytes: 1_000_000,
    })
    await duo.attach()
    duo.network.setSilent('a', 'b', true)
    const stream = duo.b.connection.open('bulk/1', { priority: 'bulk' })
    stream.bind(new Collector())
    let written = 0
    while (stream.write(new Uint8Array(10_000)) && written < 1_000) written++
    expect(written).toBeLessThan(21)
  })

  test('[C3] noise never throws and never leaves the connection half dead', async () => {
    const noise = fc.uint8Array({ minLength: 1, maxLength: 300 })
    await fc.assert(
      fc.asyncProperty(fc.array(noise, { maxLength: 4 }), async (parts) => {
        const duo = await attack(parts)
        expect(['open', 'suspended', 'closed']).toContain(duo.b.connection.state)
      }),
      { numRuns: 300 },
    )
  })

  test('[C3] mutated recordings of a real exchange never throw', async () => {
    const recorded = await record()
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(recorded.length - 1), fc.nat(255)), {
          minLength: 1,
          maxLength: 6,
        }),
        async (changes) => {
          const bytes = recorded.slice()
          for (const [at, value] of changes) bytes[at] = value
          const duo = await attack(bytes)
          expect(['open', 'suspended', 'closed']).toContain(duo.b.connection.state)
        },
      ),
      { numRuns: 300 },
    )
  })
})

/** The frames of a short exchange, as a would send them to a fresh b. */
async function record(): Promise<Uint8Array> {
  const parts = [open(0), open(2)]
  for (let at = 0; at < 8; at++)
    parts.push(frame(frameType.data, (at % 2) * 2, new Uint8Array(at + 5)))
  parts.push(frame(frameType.end, 0, none), makeNumberFrame(frameType.ping, 5))
  parts.push(frame(frameType.reset, 2, encode({ code: 'CANCELLED', message: 'x' })))
  const duo = await attack(parts)
  expect(duo.b.violations).toEqual([])
  return Uint8Array.from(parts.flatMap((part) => [...part]))
}

describe('handshake messages', () => {
  const good = {
    versions: [1],
    incarnation: 5,
    peerIncarnation: 0,
    epoch: 0,
    highestEpoch: 0,
    received: 0,
    windowBytes: 1_000,
    label: 'bob',
    addresses: ['tls://127.0.0.1:1'],
  }

  test('[C2] unknown keys are ignored', () => {
    expect(readHello(encode({ ...good, later: 'version' }))).toEqual(good)
  })

  test.each<[string, Record<string, unknown>]>([
    ['[C2] a negative incarnation', { incarnation: -1 }],
    ['[C2] an incarnation of 0', { incarnation: 0 }],
    ['[C2] an epoch above the highest', { epoch: 4, highestEpoch: 3 }],
    ['[C2] received of text', { received: 'many' }],
    ['[C2] a label of a megabyte', { label: 'x'.repeat(1_000_000) }],
    [
      '[C2] ten thousand addresses',
      { addresses: Array.from({ length: 10_000 }, () => 'tls://x:1') },
    ],
    ['[C2] an address that is none', { addresses: ['javascript'] }],
    ['[C2] versions of text', { versions: ['1'] }],
    ['[C2] a pass of text', { pass: 'secret' }],
    ['[C2] no label', { label: undefined }],
  ])('%s is refused', (_sentence, fields) => {
    expect(readHello(encode({ ...good, ...fields }))).toMatch(/^C2: /)
  })

  test('[C2] noise never throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        readHello(bytes)
        readAnswer(frameType.welcome, bytes)
        readAnswer(frameType.refuse, bytes)
        takeHandshakeFrame(bytes, [frameType.hello])
      }),
    )
  })

  test('[C4] a handshake of 16 MB is refused before it is read', () => {
    const header = Uint8Array.of(frameType.hello, 0xff, 0xff, 0xff, 0, 0, 0, 0)
    expect(takeHandshakeFrame(header, [frameType.hello])).toBe('C4: the handshake is too long')
  })
})

test('[C13] the test double of a path is really attacked: a good frame opens a stream', async () => {
  const duo = await attack(open(0))
  expect(duo.b.opened.map(({ protocol }) => protocol)).toEqual(['x'])
  expect((duo.path satisfies MemoryPath).to).toBe('b')
})
