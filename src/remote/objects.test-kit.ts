/**
 * Object layers joined in memory. What one sends arrives in order, in pieces of random size, and
 * streams take turns at random: all of it from a seed.
 */
import { MemoryStorage } from '../base/storage.ts'
import { loadIdentity } from '../base/identity.node.ts'
import { SkeinError } from '../base/errors.ts'
import { randomInt, seededRandom } from '../base/random.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { Random } from '../base/random.ts'
import type { Subject } from '../base/policy.ts'
import type { Stream, StreamHandler } from '../connection/contract.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { FrameSplitter } from './frame-reader.ts'
import { objectProtocol } from './messages.ts'
import type { ObjectLimits } from './options.ts'
import { ObjectService } from './service.ts'
import type { ObjectConnection } from './session-link.ts'

const ids: PeerId[] = []
for (let index = 0; index < 4; index++) ids.push((await loadIdentity(new MemoryStorage())).peerId)

/** One end of a stream in memory. */
export class MemoryStream implements Stream {
  readonly id: number
  readonly protocol: string
  isClosed = false
  isBackground = false
  other!: MemoryStream
  readonly queue: (Uint8Array | 'end')[] = []
  isReading = true
  /** Bytes that the other side takes before writers wait. */
  windowBytes = Number.POSITIVE_INFINITY
  #handler: StreamHandler | undefined
  #closeError: SkeinError | undefined
  #isWaiting = false

  constructor(id: number, protocol: string) {
    this.id = id
    this.protocol = protocol
  }

  bind(handler: StreamHandler): void {
    this.#handler = handler
    if (this.isClosed) handler.onClose(this.#closeError)
  }

  write(bytes: Uint8Array): boolean {
    if (this.isClosed) return true
    this.other.queue.push(bytes.slice())
    const waiting = this.other.waitingBytes
    if (waiting <= this.windowBytes) return true
    this.#isWaiting = true
    return false
  }

  end(): void {
    if (!this.isClosed) this.other.queue.push('end')
  }

  reset(code: SkeinError['code'], message: string): void {
    this.close(new SkeinError(code, message))
    this.other.close(new SkeinError(code, message))
  }

  setReading(isReading: boolean): void {
    this.isReading = isReading
  }

  close(error: SkeinError): void {
    if (this.isClosed) return
    this.isClosed = true
    this.#closeError = error
    this.#handler?.onClose(error)
  }

  get waitingBytes(): number {
    return this.queue.reduce((sum, each) => sum + (each === 'end' ? 0 : each.length), 0)
  }

  get isReady(): boolean {
    return this.queue.length > 0 && this.isReading && !this.isClosed && this.#handler !== undefined
  }

  /** Hands out a piece of what came, or all. */
  deliver(random: Random | undefined): void {
    const first = this.queue.shift()
    if (first === 'end') this.#handler?.onEnd()
    else if (first !== undefined) {
      const cut = random === undefined ? first.length : 1 + randomInt(random, first.length)
      if (cut < first.length) this.queue.unshift(first.subarray(cut))
      this.#handler?.onData(first.slice(0, cut))
      this.other.#drainIfRoom()
    }
  }

  #drainIfRoom(): void {
    if (!this.#isWaiting || this.other.waitingBytes > this.windowBytes) return
    this.#isWaiting = false
    this.#handler?.onDrain()
  }
}

/** What a world is made of. */
export interface WorldSetup {
  readonly seed?: number
  readonly names?: readonly string[]
  readonly limits?: Partial<ObjectLimits>
  /** Whether bytes are cut into random pieces. */
  readonly isCutting?: boolean
}

/** Object layers that reach each other. */
export class World {
  readonly clock = new VirtualClock()
  readonly random: Random
  readonly streams: MemoryStream[] = []
  readonly services = new Map<string, ObjectService>()
  readonly roles = new Map<string, readonly string[]>()
  readonly ids = new Map<string, PeerId>()
  readonly logs: string[] = []
  readonly #setup: WorldSetup
  #nextId = 0

  constructor(setup: WorldSetup = {}) {
    this.#setup = setup
    this.random = seededRandom(setup.seed ?? 1)
    for (const [index, name] of (setup.names ?? ['alice', 'bob']).entries()) {
      this.ids.set(name, ids[index] as PeerId)
      this.start(name)
    }
  }

  /** Starts a node's object layer, or starts it again without memory. */
  start(name: string): ObjectService {
    const self = this.idOf(name)
    const note = (_fields: object, text: string): void => void this.logs.push(text)
    const log = { debug: note, info: note, warn: note, error: note, child: () => log }
    const service = new ObjectService({
      self,
      clock: this.clock,
      random: this.random,
      log,
      limits: this.#setup.limits ?? {},
      reach: (peer) => Promise.resolve(this.#connection(name, this.nameOf(peer))),
      subject: (peer): Subject => {
        const other = this.nameOf(peer)
        const roles = new Set(['anyone', ...(this.roles.get(other) ?? [])])
        return { peerId: peer, name: other, roles }
      },
    })
    this.services.set(name, service)
    return service
  }

  service(name: string): ObjectService {
    const service = this.services.get(name)
    if (service === undefined) throw new RangeError(`no ${name}`)
    return service
  }

  idOf(name: string): PeerId {
    return this.ids.get(name) as PeerId
  }

  nameOf(id: PeerId): string {
    return [...this.ids].find(([, each]) => each === id)?.[0] ?? '?'
  }

  /** A proxy that `from` has of an object of `to`. */
  // oxlint-disable-next-line typescript/no-explicit-any -- tests name whatever members they expect
  object(from: string, to: string, name: string): any {
    return this.service(from).object(this.idOf(to), { name })
  }

  /** Breaks what two nodes share, as a connection that expired does. */
  disconnect(code: SkeinError['code'] = 'CONNECTION_EXPIRED'): void {
    for (const stream of this.streams) stream.close(new SkeinError(code, 'the connection is over'))
    this.streams.length = 0
  }

  /** Opens a stream between two nodes; the far end is given to its service. */
  open(from: string, to: string, protocol: string): MemoryStream {
    const [near, far] = [
      new MemoryStream(this.#nextId, protocol),
      new MemoryStream(this.#nextId++, protocol),
    ]
    near.other = far
    far.other = near
    this.streams.push(near, far)
    this.service(to).accept(far, this.idOf(from), this.#connection(to, from))
    return near
  }

  #connection(from: string, to: string): ObjectConnection {
    return { open: (protocol) => this.open(from, to, protocol) }
  }

  /** Delivers until nothing is under way. */
  async quiet(): Promise<void> {
    const isCutting = this.#setup.isCutting ?? true
    for (let idle = 0; idle < 3;) {
      await new Promise((resolve) => setImmediate(resolve))
      const ready = this.streams.filter((stream) => stream.isReady)
      const stream = ready[randomInt(this.random, Math.max(1, ready.length))]
      idle = stream === undefined ? idle + 1 : 0
      stream?.deliver(isCutting ? this.random : undefined)
    }
  }

  /** Waits for a promise while bytes are delivered. */
  async wait<T>(promise: PromiseLike<T>): Promise<T> {
    let isSettled = false
    const settled = Promise.resolve(promise)
    const settle = (): void => void (isSettled = true)
    settled.then(settle, settle)
    for (let round = 0; round < 50 && !isSettled; round++) await this.quiet()
    if (!isSettled) throw new RangeError('the promise is still pending when nothing is under way')
    return settled
  }
}

/** A peer that is no node: sends whatever a test likes, and keeps what comes. */
export class RawPeer {
  /** Messages that came, without their length, in hexadecimal. */
  readonly messages: string[] = []
  /** Why its streams ended. */
  readonly endings: string[] = []
  readonly #world: World
  readonly #name: string
  readonly #to: string
  #out: MemoryStream | undefined

  constructor(world: World, name: string, to: string) {
    this.#world = world
    this.#name = name
    this.#to = to
    const accept = (stream: Stream): void => this.#accept(stream)
    world.services.set(name, { accept } as unknown as ObjectService)
  }

  /** Sends messages, each given in hexadecimal without its length. */
  async send(...messages: readonly string[]): Promise<void> {
    const stream = (this.#out ??= this.#open('object/1'))
    for (const message of messages) {
      const body = Uint8Array.from(Buffer.from(message.replaceAll(' ', ''), 'hex'))
      const framed = new Uint8Array(4 + body.length)
      new DataView(framed.buffer).setUint32(0, body.length)
      framed.set(body, 4)
      stream.write(framed)
    }
    await this.#world.quiet()
  }

  /** Sends bytes as they are, on a stream of their own where a protocol is named. */
  async sendBytes(bytes: Uint8Array, protocol?: string): Promise<MemoryStream> {
    const stream =
      protocol === undefined ? (this.#out ??= this.#open('object/1')) : this.#open(protocol)
    stream.write(bytes)
    await this.#world.quiet()
    return stream
  }

  #open(protocol: string): MemoryStream {
    const stream = this.#world.open(this.#name, this.#to, protocol)
    stream.bind({
      onData: () => undefined,
      onEnd: () => undefined,
      onDrain: () => undefined,
      onClose: (error) => this.endings.push(`${error?.code}: ${error?.message}`),
    })
    return stream
  }

  #accept(stream: Stream): void {
    const splitter = new FrameSplitter(2 ** 20)
    stream.bind({
      onData: (bytes) => {
        if (stream.protocol !== objectProtocol) return
        splitter.read(bytes, (chunk, from, end) => {
          this.messages.push(Buffer.from(chunk.subarray(from, end)).toString('hex'))
          return true
        })
      },
      onEnd: () => undefined,
      onDrain: () => undefined,
      onClose: () => undefined,
    })
  }
}
