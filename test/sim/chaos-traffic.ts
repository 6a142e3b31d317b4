/**
 * What the nodes of a chaotic world do with each other: calls that count how often they ran, streams
 * of numbers both ways, and bulk whose every byte is checked.
 *
 * Each stream begins with the number of its operation, 4 bytes. All waiting is done on the node's own
 * clock, so a node that stalls or crashes stops doing it.
 */
import { randomInt, seededRandom } from '../../src/base/random.ts'
import type { SkeinError } from '../../src/base/errors.ts'
import type { Random } from '../../src/base/random.ts'
import type { Stream, StreamHandler } from '../../src/connection/contract.ts'
import type { Node } from '../../src/node/node.ts'
import type { Simulation } from '../../src/testing/simulation.node.ts'
import type { Ledger, Operation } from './chaos-ledger.ts'

/** What all of it stands on. */
export interface TrafficSetup {
  readonly world: Simulation
  readonly ledger: Ledger
  /** Chance of its own, so that faults do not depend on what the traffic drew. */
  readonly random: Random
  /** False once the nodes should bring to an end what they do. */
  readonly isOn: () => boolean
}

const patternBytes = 65_521 // A prime: no chunk begins where another did.
const noise = seededRandom(1).bytes(patternBytes)
const pattern = new Uint8Array(2 * patternBytes).map((_, at) => noise[at % patternBytes] ?? 0)
const chunkBytes = 20_000

/** Lets a node take part: it serves the others, and asks `peers` for things. */
export function takePart(node: Node, peers: readonly Node[], setup: TrafficSetup): void {
  const { ledger } = setup
  const everybody = ['role:anyone'] as const
  node.serve('chaos-call/1', everybody, (stream) => stream.bind(new CallServer(stream, ledger)))
  node.serve('chaos-flow/1', everybody, (stream) => {
    new Flow(stream, 1, { node, setup }).start()
  })
  node.serve('chaos-bulk/1', everybody, (stream) => {
    stream.bind(new BulkReader(stream, node, setup))
  })
  for (const peer of peers) {
    const every = (kind: Operation['kind'], minMs: number, maxMs: number): void => {
      const pauseMs = minMs + randomInt(setup.random, maxMs - minMs)
      node.clock.after(pauseMs, () => {
        if (!setup.isOn() || node.isClosed) return
        void ask(kind, [node, peer], setup)
        every(kind, minMs, maxMs)
      })
    }
    every('call', 60, 900)
    every('bulk', 2_000, 15_000)
    every('flow', 300, 8_000)
  }
}

/** Asks a peer for one thing, if it is connected: the first node asks the second. */
export async function ask(
  kind: Operation['kind'],
  [node, peer]: readonly [Node, Node],
  setup: TrafficSetup,
): Promise<Operation | undefined> {
  const { ledger, random } = setup
  const isConnected = node.peers().some(({ id }) => id === peer.id)
  if (!isConnected) return undefined
  const connection = await node.reach(peer.id)
  const stream = connection.open(`chaos-${kind}/1`, { priority: kind === 'bulk' ? 'bulk' : 'call' })
  const operation = ledger.begin(kind, node.label, peer.label)
  const prefix = number(operation.id)
  if (kind === 'call') {
    stream.bind(new CallAsker(ledger, operation))
    stream.write(prefix)
    stream.write(new Uint8Array(randomInt(random, 3_000)))
    stream.end()
  } else if (kind === 'flow') {
    stream.write(prefix)
    new Flow(stream, 0, { node, setup, operation }).start()
  } else {
    const bytes = Math.floor(random.next() ** 2 * 1_200_000)
    const writer = new BulkWriter(stream, { ledger, operation, bytes })
    stream.bind(writer)
    stream.write(prefix)
    writer.pump()
  }
  return operation
}

abstract class Quiet implements StreamHandler {
  abstract onData(bytes: Uint8Array): void
  abstract onEnd(): void
  onDrain(): void {
    // Small: it never waits.
  }
  onClose(_error: SkeinError | undefined): void {
    // The asker's side says what became of it.
  }
}

class CallServer extends Quiet {
  readonly #stream: Stream
  readonly #ledger: Ledger
  readonly #prefix = new Prefix()

  constructor(stream: Stream, ledger: Ledger) {
    super()
    this.#stream = stream
    this.#ledger = ledger
  }

  onData(bytes: Uint8Array): void {
    this.#prefix.take(bytes)
  }

  onEnd(): void {
    const operation = this.#ledger.find(this.#prefix.value)
    if (operation !== undefined) this.#ledger.run(operation)
    this.#stream.write(number(this.#prefix.value))
    this.#stream.end()
  }
}

class CallAsker extends Quiet {
  readonly #ledger: Ledger
  readonly #operation: Operation
  readonly #answer = new Prefix()

  constructor(ledger: Ledger, operation: Operation) {
    super()
    this.#ledger = ledger
    this.#operation = operation
  }

  onData(bytes: Uint8Array): void {
    this.#answer.take(bytes)
  }

  onEnd(): void {
    if (this.#answer.value === this.#operation.id) return
    this.#ledger.problem(`call ${this.#operation.id} got the answer ${this.#answer.value}`)
  }

  override onClose(error: SkeinError | undefined): void {
    if (error === undefined) this.#ledger.finish(this.#operation)
    else this.#ledger.fail(this.#operation, error)
  }
}

/** One side of a stream of numbers: 0, 1, 2 … both ways, until the asker ends it. */
class Flow extends Quiet {
  readonly #stream: Stream
  /** 0 for the side that asked. */
  readonly #side: 0 | 1
  readonly #node: Node
  readonly #setup: TrafficSetup
  readonly #prefix = new Prefix()
  #operation: Operation | undefined
  #item: number[] = []
  #isEnding = false

  constructor(
    stream: Stream,
    side: 0 | 1,
    parts: { readonly node: Node; readonly setup: TrafficSetup; readonly operation?: Operation },
  ) {
    super()
    this.#stream = stream
    this.#side = side
    this.#node = parts.node
    this.#setup = parts.setup
    this.#operation = parts.operation
  }

  start(): void {
    this.#stream.bind(this)
    this.#sendSoon()
  }

  onData(bytes: Uint8Array): void {
    const rest = this.#side === 1 ? this.#prefix.take(bytes) : bytes
    if (this.#prefix.isWhole) this.#operation ??= this.#setup.ledger.find(this.#prefix.value)
    for (const byte of rest) {
      this.#item.push(byte)
      if (this.#item.length === 4) this.#takeItem()
    }
  }

  onEnd(): void {
    this.#isEnding = true
    if (this.#item.length > 0) this.#setup.ledger.problem('a flow ended within an item')
    this.#stream.end()
  }

  override onClose(error: SkeinError | undefined): void {
    this.#isEnding = true
    if (this.#side === 1 || this.#operation === undefined) return
    if (error === undefined) this.#setup.ledger.finish(this.#operation)
    else this.#setup.ledger.fail(this.#operation, error)
  }

  #takeItem(): void {
    const value = readNumber(Uint8Array.from(this.#item))
    this.#item = []
    const operation = this.#operation
    if (operation === undefined) return
    const from = this.#side === 0 ? 1 : 0
    if (value !== operation.received[from]) {
      const expected = operation.received[from]
      this.#setup.ledger.problem(`flow ${operation.id} brought ${value} instead of ${expected}`)
    }
    operation.received[from]++
  }

  #sendSoon(): void {
    this.#node.clock.after(20 + randomInt(this.#setup.random, 700), () => {
      if (this.#isEnding) return
      const operation = this.#operation
      if (operation !== undefined) {
        this.#stream.write(number(operation.sent[this.#side]++))
        const isLong = operation.sent[this.#side] > 40
        if (this.#side === 0 && (isLong || !this.#setup.isOn())) {
          this.#isEnding = true
          this.#stream.end()
          return
        }
      }
      this.#sendSoon()
    })
  }
}

class BulkWriter extends Quiet {
  readonly #stream: Stream
  readonly #ledger: Ledger
  readonly #operation: Operation
  readonly #bytes: number

  constructor(
    stream: Stream,
    parts: { readonly ledger: Ledger; readonly operation: Operation; readonly bytes: number },
  ) {
    super()
    this.#stream = stream
    this.#ledger = parts.ledger
    this.#operation = parts.operation
    this.#bytes = parts.bytes
  }

  /** Writes until told to wait. */
  pump(): void {
    const { sent, id } = this.#operation
    for (;;) {
      const length = Math.min(chunkBytes, this.#bytes - sent[0])
      if (length === 0) return this.#stream.end()
      const at = (id + sent[0]) % patternBytes
      sent[0] += length
      if (!this.#stream.write(pattern.subarray(at, at + length))) return
    }
  }

  onData(): void {
    this.#ledger.problem('a reader of bulk has nothing to say')
  }

  onEnd(): void {
    if (this.#operation.sent[0] < this.#bytes) this.#ledger.problem('a reader of bulk ended early')
  }

  override onDrain(): void {
    this.pump()
  }

  override onClose(error: SkeinError | undefined): void {
    if (error === undefined) this.#ledger.finish(this.#operation)
    else this.#ledger.fail(this.#operation, error)
  }
}

/** Checks every byte, and now and then takes a rest. */
class BulkReader extends Quiet {
  readonly #stream: Stream
  readonly #node: Node
  readonly #setup: TrafficSetup
  readonly #prefix = new Prefix()

  constructor(stream: Stream, node: Node, setup: TrafficSetup) {
    super()
    this.#stream = stream
    this.#node = node
    this.#setup = setup
  }

  onData(bytes: Uint8Array): void {
    const rest = this.#prefix.take(bytes)
    if (rest.length === 0) return
    const { ledger, random } = this.#setup
    const operation = ledger.find(this.#prefix.value)
    if (operation === undefined) return
    this.#check(operation, rest)
    if (random.next() > 0.02) return
    this.#stream.setReading(false)
    this.#node.clock.after(randomInt(random, 2_000), () => this.#stream.setReading(true))
  }

  onEnd(): void {
    this.#stream.end()
  }

  #check(operation: Operation, bytes: Uint8Array): void {
    for (let offset = 0; offset < bytes.length;) {
      const at = (operation.id + operation.received[0]) % patternBytes
      const part = bytes.subarray(offset, offset + patternBytes)
      if (Buffer.compare(part, pattern.subarray(at, at + part.length)) !== 0) {
        this.#setup.ledger.problem(`bulk ${operation.id} is wrong near ${operation.received[0]}`)
      }
      operation.received[0] += part.length
      offset += part.length
    }
  }
}

/** The first four bytes of a stream, however they come. */
class Prefix {
  #bytes: number[] = []

  get isWhole(): boolean {
    return this.#bytes.length === 4
  }

  get value(): number {
    return this.isWhole ? readNumber(Uint8Array.from(this.#bytes)) : -1
  }

  /** Takes what belongs to it; returns the rest. */
  take(bytes: Uint8Array): Uint8Array {
    const missing = 4 - this.#bytes.length
    this.#bytes.push(...bytes.subarray(0, missing))
    return bytes.subarray(missing)
  }
}

function number(value: number): Uint8Array {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, value)
  return bytes
}

function readNumber(bytes: Uint8Array): number {
  return new DataView(bytes.buffer).getUint32(0)
}
