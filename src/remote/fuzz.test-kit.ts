/**
 * Fuzzing of a living session from a seed: an honest exchange is recorded once, and played to a node
 * with messages changed, repeated, left out, out of order, or made up; in pieces of any size. The node
 * answers, or ends the session with a reason; it holds no more than its limits, and serves others.
 */
import { assert } from '../base/assert.ts'
import { randomInt, seededRandom } from '../base/random.ts'
import type { Random } from '../base/random.ts'
import { ValueCodec } from '../codec/value-codec.ts'
import { randomValue } from '../codec/random-value.test-kit.ts'
import { FrameSplitter } from './frame-reader.ts'
import { largeProtocol, objectProtocol } from './messages.ts'
import { RawPeer, World } from './objects.test-kit.ts'
import type { MemoryStream } from './objects.test-kit.ts'
import type { ObjectLimits } from './options.ts'
import { Tool } from './tool.test-kit.ts'

/** What a run saw. */
export interface SessionFuzzReport {
  /** Exchanges that were played. */
  values: number
  /** Messages that were sent. */
  inputs: number
  /** Exchanges at the end of which the session lived. */
  accepted: number
  /** Different ends of sessions. */
  readonly violations: Set<string>
  /** The longest time for one exchange. */
  worstMs: number
}

export function emptySessionReport(): SessionFuzzReport {
  return { values: 0, inputs: 0, accepted: 0, violations: new Set(), worstMs: 0 }
}

const limits: ObjectLimits = {
  objectCallsPerPeer: 64,
  objectIterationsPerPeer: 8,
  objectReferencesPerPeer: 96,
  objectValueBytes: 300_000,
  objectValueDepth: 32,
  objectUnsentBytes: 400_000,
  objectIncomingBytes: 300_000,
  objectWindowBytes: 4_096,
  objectLeaseMs: 2_000,
}
const timeLimitMs = 10_000 // Generous: a busy machine stops a process for long.
const everyone = { allow: ['role:anyone'] } as const
const mostItems = 20

/** Uses what it is given. */
class FuzzTool extends Tool {
  async call(listener: unknown): Promise<unknown> {
    if (typeof listener !== 'function') return 'no function'
    const calls = [1, 2, 3].map((n) => (listener as (n: number) => unknown)(n))
    return Promise.allSettled(calls)
  }

  async read(items: AsyncIterable<unknown>): Promise<number> {
    let count = 0
    for await (const _ of items) if (++count === mostItems) break
    return count
  }

  async *count(to: number): AsyncGenerator<number> {
    for (let n = 0; n < to; n++) yield n
  }
}

/** What is played: messages of the first stream, and streams with a long message each. */
interface Recording {
  readonly messages: readonly Uint8Array[]
  readonly large: readonly Uint8Array[]
}

// oxlint-disable-next-line typescript/no-explicit-any -- whatever members there are
type Anything = any

/* oxlint-disable typescript/no-unsafe-assignment, typescript/no-unsafe-call, typescript/no-unsafe-member-access, typescript/no-unsafe-argument, typescript/no-unsafe-return -- as above */

/** Uses everything that there is of another node's tool; returns when all has ended. */
async function exercise(world: World, from: string, to: string): Promise<void> {
  const service = world.service(from)
  const remote = world.object(from, to, 'tool')
  const stop = new AbortController()
  const options = { name: 'tool', options: { signal: stop.signal, timeoutMs: 60_000 } }
  const stoppable = service.object(world.idOf(to), options) as Anything
  const listener = (n: number): number => n + 1
  const read = async (items: AsyncIterable<unknown>, most: number): Promise<void> => {
    let seen = 0
    for await (const _ of items) if (++seen === most) break
  }
  const rooms = Promise.all([remote.make(), remote.make(), remote.find()])
  const all: unknown[] = [
    remote.echo({ deep: [1, 'two', new Map([[3, new Set([4n])]])] }),
    remote.find().self().title(),
    remote.fail(new RangeError('no')),
    remote.nope(),
    remote.size(1, new Uint8Array(100_000)),
    remote.echo(new Uint8Array(90_000)),
    remote.call(listener),
    remote.echo([listener, listener, remote]),
    remote.keep([stop.signal, Promise.resolve(5), new Promise(() => undefined)]),
    stoppable.hang(stop.signal),
    service.list(world.idOf(to)),
    remote.read(new FuzzTool().count(9)),
    read(remote.count(40), 1_000),
    read(remote.count(4_000), 50),
    remote.room.name,
    rooms.then(([room]) => service.restore(service.save(room))),
    rooms.then(([room]) => room[Symbol.dispose]?.()),
    rooms.then(([, room]) => remote.isSame(room)),
  ]
  setImmediate(() => setImmediate(() => stop.abort()))
  await Promise.allSettled(all)
}

/* oxlint-enable typescript/no-unsafe-assignment, typescript/no-unsafe-call, typescript/no-unsafe-member-access, typescript/no-unsafe-argument, typescript/no-unsafe-return */

function makeWorld(seed: number): World {
  const world = new World({ names: ['alice', 'bob', 'carol'], limits, seed })
  for (const name of ['alice', 'bob']) world.service(name).expose('tool', new FuzzTool(), everyone)
  return world
}

let recorded: Promise<Recording> | undefined

/** What alice sends to bob while both use each other's tools. */
function record(): Promise<Recording> {
  return (recorded ??= (async () => {
    const world = makeWorld(1)
    const written = new Map<MemoryStream, Uint8Array[]>()
    const open = world.open.bind(world)
    world.open = (from, to, protocol) => {
      const stream = open(from, to, protocol)
      if (from !== 'alice') return stream
      const parts: Uint8Array[] = []
      written.set(stream, parts)
      const write = stream.write.bind(stream)
      stream.write = (bytes) => {
        parts.push(bytes.slice())
        return write(bytes)
      }
      return stream
    }
    const both = Promise.all(
      [
        ['alice', 'bob'],
        ['bob', 'alice'],
      ].map(([from = '', to = '']) => {
        return exercise(world, from, to)
      }),
    )
    await world.wait(both)
    const messages: Uint8Array[] = []
    const splitter = new FrameSplitter(2 ** 20)
    const large: Uint8Array[] = []
    for (const [{ protocol }, parts] of written) {
      if (protocol === largeProtocol) large.push(Buffer.concat(parts))
      else for (const part of parts) splitter.read(part, keepIn(messages))
    }
    assert(messages.length > 30 && large.length > 1, 'the exchange was recorded')
    return { messages, large }
  })())
}

function keepIn(messages: Uint8Array[]) {
  return (bytes: Uint8Array, from: number, end: number): boolean => {
    messages.push(bytes.slice(from, end))
    return true
  }
}

/** One exchange. @throws what went wrong. */
export async function sessionFuzzRound(
  seed: number,
  report: SessionFuzzReport,
  nowMs: () => number,
): Promise<void> {
  const { messages, large } = await record()
  const startMs = nowMs()
  const random = seededRandom(seed)
  const world = makeWorld(seed)
  const peer = new RawPeer(world, 'alice', 'bob')
  report.values++
  // What bob asks, so that answers have questions.
  const asked = exercise(world, 'bob', 'alice')
  const sent = script(random, messages)
  for (let at = 0; at < sent.length;) {
    const count = 1 + randomInt(random, 6)
    const bytes = frame(sent.slice(at, at + count), random)
    at += count
    await peer.sendBytes(bytes)
    if (random.next() < 0.04) await sendLarge(peer, large, random)
    if (random.next() < 0.05) await world.clock.advance(300)
    checkBounds(world)
  }
  report.inputs += sent.length
  const [ending] = peer.endings
  if (ending === undefined) report.accepted++
  else report.violations.add(kindOf(ending))
  const carol = world.object('carol', 'bob', 'tool') as { echo(n: number): Promise<number> }
  assert((await world.wait(carol.echo(seed))) === seed, 'others are served')
  for (const service of ['bob', 'carol']) world.service(service).close()
  await world.wait(asked)
  await world.clock.advance(30_000)
  assert(world.clock.pending === 0, 'no timer is left')
  const ms = nowMs() - startMs
  report.worstMs = Math.max(report.worstMs, ms)
  assert(ms < timeLimitMs, `an exchange takes ${ms} ms`)
}

function checkBounds(world: World): void {
  const bob = world.service('bob')
  const counts = bob.counts(world.idOf('alice'))
  const { answers = 0, given = 0, held = 0 } = counts ?? {}
  assert(answers <= limits.objectCallsPerPeer, `${answers} questions are kept`)
  assert(given <= limits.objectReferencesPerPeer, `${given} references are given`)
  assert(held <= limits.objectReferencesPerPeer, `${held} references are held`)
  assert(bob.tableSize <= limits.objectReferencesPerPeer + 1, `${bob.tableSize} objects are known`)
}

/** The messages of a round: the recorded ones, more or less. */
function script(random: Random, messages: readonly Uint8Array[]): Uint8Array[] {
  // Few changes leave the session alive, and reach what comes late; many go wide.
  const isWild = random.next() < 0.2
  const changes = isWild ? random.next() ** 2 : (1 + randomInt(random, 4)) / messages.length
  const sent: Uint8Array[] = []
  for (const message of messages) {
    if (random.next() >= changes) sent.push(message)
    else sent.push(...changed(random, message, messages))
  }
  const cut = random.next() < 0.2 ? randomInt(random, sent.length + 1) : sent.length
  return sent.slice(0, Math.max(1, cut))
}

function changed(
  random: Random,
  message: Uint8Array,
  messages: readonly Uint8Array[],
): readonly Uint8Array[] {
  switch (randomInt(random, 6)) {
    case 0:
      return []
    case 1:
      return [message, message]
    case 2:
      return [mutate(random, message)]
    case 3:
      return [messages[randomInt(random, messages.length)] ?? message, message]
    case 4:
      return [madeUp(random), message]
    default:
      return [mutate(random, mutate(random, message)), message]
  }
}

function mutate(random: Random, message: Uint8Array): Uint8Array {
  const bytes = Uint8Array.from(message)
  const at = randomInt(random, Math.min(bytes.length, 40))
  switch (randomInt(random, 4)) {
    case 0:
      bytes[at] = randomInt(random, 256)
      return bytes
    case 1:
      bytes[at] = (bytes[at] ?? 0) ^ (1 << randomInt(random, 8))
      return bytes
    case 2:
      return bytes.slice(0, Math.max(1, at))
    default:
      return Uint8Array.from([
        ...bytes.subarray(0, at),
        ...number(random),
        ...bytes.subarray(at + randomInt(random, 3)),
      ])
  }
}

const codec = new ValueCodec()
const names = ['tool', 'echo', 'keep', 'call', 'read', 'count', 'hang', 'fail', 'then', '__proto__']
const peerBytes = new Uint8Array(32)

/** A message of any type with fields that could be. */
function madeUp(random: Random): Uint8Array {
  const bytes: number[] = [randomInt(random, 20)]
  for (let left = 1 + randomInt(random, 4); left > 0; left--) bytes.push(...number(random))
  if (random.next() < 0.7) {
    const name = names[randomInt(random, names.length)] ?? ''
    bytes.push(name.length, ...Buffer.from(name))
  }
  if (random.next() < 0.7) bytes.push(...value(random))
  return Uint8Array.from(bytes)
}

/** A value, often with a reference to something that may be there. */
function value(random: Random): Iterable<number> {
  if (random.next() < 0.4) return codec.encode(dataOf(random))
  const small = (): number => randomInt(random, 24)
  const token = [0x50, ...random.bytes(16)]
  const peer = [0x58, 0x20, ...peerBytes]
  const reference = [
    [0x83, randomInt(random, 4), small(), ...token],
    [0x82, 4, small()],
    [0x84, 5, small(), random.next() < 0.5 ? 0xf4 : 0xf5, 0xf6],
    [0x82, 6, small()],
    [0x83, 7, ...peer, 0x64, ...Buffer.from('tool')],
    [0x85, 8, ...peer, small(), ...token, randomInt(random, 4)],
    [0x82, small(), small()],
  ][randomInt(random, 7)]
  const marked = [0xd9, 0xa1, 0x05, ...(reference ?? [])]
  return random.next() < 0.5 ? [0x81, ...marked] : [0x82, ...marked, ...marked]
}

function dataOf(random: Random): unknown {
  try {
    const made = randomValue(random)
    codec.encode(made)
    return [made]
  } catch {
    return [] // It held what is no data.
  }
}

const numbers = [0, 1, 2, 3, 4, 5, 6, 8, 16, 63, 64, 127, 128, 200, 4_096, 2 ** 32, 2 ** 53 - 1]

function number(random: Random): readonly number[] {
  let rest = numbers[randomInt(random, numbers.length)] ?? 0
  const bytes: number[] = []
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80)
  return [...bytes, rest]
}

/** Messages with their lengths, now and then a wrong one. */
function frame(messages: readonly Uint8Array[], random: Random): Uint8Array {
  const framed = messages.map((message) => {
    const bytes = new Uint8Array(4 + message.length)
    const length = random.next() < 0.0002 ? randomInt(random, 2 ** 31) : message.length
    new DataView(bytes.buffer).setUint32(0, length)
    bytes.set(message, 4)
    return bytes
  })
  return new Uint8Array(Buffer.concat(framed))
}

async function sendLarge(
  peer: RawPeer,
  large: readonly Uint8Array[],
  random: Random,
): Promise<void> {
  const bytes = large[randomInt(random, large.length)] ?? new Uint8Array(4)
  const cut = random.next() < 0.3 ? randomInt(random, bytes.length) : bytes.length
  const sent = random.next() < 0.3 ? mutate(random, bytes.subarray(0, cut)) : bytes.slice(0, cut)
  if (sent.length === 0) return
  const protocol = random.next() < 0.02 ? objectProtocol : largeProtocol
  const stream = await peer.sendBytes(sent, protocol)
  if (random.next() < 0.7) stream.end()
}

/** An ending without what differs between rounds. */
function kindOf(ending: string): string {
  return ending.replaceAll(/\d+/g, 'N')
}
