/** Machines of mail alone, in virtual time: signatures and seals that are fast, and that only a test believes in. */
import { createHash } from 'node:crypto'
import { MemoryDisk } from '../base/database.node.ts'
import { SkeinError } from '../base/errors.ts'
import { peerIdFromKey } from '../base/peer-id.ts'
import { seededRandom } from '../base/random.ts'
import { HostClock } from '../testing/host-clock.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { textIn } from '../base/database.ts'
import { emptyAnswer } from './messages.ts'
import { MailMachine } from './machine.ts'
import { defaultMailOptions } from './options.ts'
import { mailSchema } from './schema.ts'
import type { Database } from '../base/database.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { Random } from '../base/random.ts'
import type { Sealer } from './envelope.ts'
import type { ReceivedMessage } from './received.ts'
import type { MailAnswer, MailRequest } from './messages.ts'
import type { MailOptions } from './options.ts'
import type { MailRefusal } from './setup.ts'
import type { MailSigner } from './signed.ts'
import type { WallPost } from './wall.ts'

/**
 * A signer whose signatures take a microsecond.
 *
 * @param pause - Waited for before what is signed or checked beside this thread is ready.
 */
export function testSigner(
  id: PeerId,
  pause: () => Promise<void> = () => Promise.resolve(),
): MailSigner {
  const sign = (by: PeerId, bytes: Uint8Array): Uint8Array =>
    new Uint8Array(createHash('sha512').update(by).update(bytes).digest())
  const verify = (by: PeerId, bytes: Uint8Array, signature: Uint8Array): boolean =>
    Buffer.compare(sign(by, bytes), signature) === 0
  return {
    id,
    sign: (bytes) => sign(id, bytes),
    signSoon: async (bytes) => {
      await pause()
      return sign(id, bytes)
    },
    verify,
    verifySoon: async (...signed) => {
      await pause()
      return verify(...signed)
    },
  }
}

/** Seals with a name in front and a checksum behind. */
export function testSealer(id: PeerId): Sealer {
  const sumOf = (bytes: Uint8Array): Buffer => createHash('md5').update(bytes).digest()
  return {
    seal(to, bytes) {
      const named = Buffer.concat([Buffer.from(to), bytes])
      return new Uint8Array(Buffer.concat([named, sumOf(named)]))
    },
    open(bytes) {
      const [named, sum] = [bytes.subarray(0, -16), bytes.subarray(-16)]
      if (Buffer.from(named.subarray(0, 52)).toString() !== id) return undefined
      return Buffer.compare(sumOf(named), sum) === 0
        ? new Uint8Array(named.subarray(52))
        : undefined
    },
  }
}

/** So many texts: `message 0`, `message 1`, … */
export const texts = (count: number, name = 'message'): readonly string[] =>
  Array.from({ length: count }, (_, at) => `${name} ${at}`)

/** Sends texts of host 0, all at once. */
export async function sendAll(world: MailWorld, to: number, all: readonly string[]): Promise<void> {
  await Promise.all(all.map((text) => world.send(0, to, text)))
}

/** A process that runs mail on a machine of the world. */
export interface Host {
  readonly id: PeerId
  readonly machine: MailMachine
  readonly database: Database
  /** What listeners were told, in order. */
  readonly messages: ReceivedMessage[]
  readonly posts: WallPost[]
}

/** What a hostile member does with a question before, or instead of, its machine. */
export type Tamper = (
  request: MailRequest,
  goOn: () => Promise<Partial<MailAnswer>>,
) => Promise<Partial<MailAnswer>>

/** Machines that can reach each other while they are up. See the file's head. */
export class MailWorld {
  readonly clock = new VirtualClock()
  readonly random: Random
  readonly ids: readonly PeerId[]
  /** Whether what is sent asks for a read receipt. */
  wantsRead = false
  /** How long signing and checking take at most, ms; each takes another time. */
  signingMs = 0
  /** The networks that hosts belong to; 0 for none. */
  readonly tags = new Map<PeerId, number>()
  /** Questions that were asked, by kind. */
  readonly asked = new Map<string, number>()
  /** Statements that machines read with. */
  queries = 0
  readonly #options: MailOptions
  readonly #disks = new Map<PeerId, MemoryDisk>()
  readonly #clocks = new Map<PeerId, HostClock>()
  readonly #hosts = new Map<PeerId, Host>()
  readonly #tampers = new Map<PeerId, Tamper>()
  readonly #refused = new Set<string>()
  readonly #strange = new Set<string>()
  readonly #passes = new Map<PeerId, Uint8Array>()
  readonly #deaths = new Map<PeerId, (() => void)[]>()

  constructor(seed: number, count: number, options: Partial<MailOptions> = {}) {
    this.random = seededRandom(seed)
    this.#options = { ...defaultMailOptions, ...options }
    this.ids = Array.from({ length: count }, () => peerIdFromKey(this.random.bytes(32)))
  }

  id(at: number): PeerId {
    const id = this.ids[at]
    if (id === undefined) throw new RangeError(`there is no host ${at}`)
    return id
  }

  host(at: number): Host {
    const host = this.#hosts.get(this.id(at))
    if (host === undefined) throw new RangeError(`host ${at} does not run`)
    return host
  }

  isUp(id: PeerId): boolean {
    return this.#hosts.has(id)
  }

  /** Starts a process; the others learn of it at once. */
  async start(at: number): Promise<Host> {
    const id = this.id(at)
    const disk = this.#disks.get(id) ?? new MemoryDisk(mailSchema)
    this.#disks.set(id, disk)
    const clock = new HostClock(this.clock)
    this.#clocks.set(id, clock)
    const database = this.#counted(disk.open(clock, 1))
    const messages: ReceivedMessage[] = []
    const posts: WallPost[] = []
    const signer = testSigner(id, () => this.#pause(clock))
    const starting = MailMachine.start(
      {
        ...{ signer, sealer: testSealer(id), clock, random: this.random, database },
        options: this.#options,
        warn: () => undefined,
        network: {
          ask: (to, request) => this.#ask(id, to, request),
          isUp: (other) => this.#hosts.has(other),
          tag: () => this.tags.get(id) ?? 0,
          candidates: () => this.#others(id).map((other) => ({ id: other, upMs: 0 })),
          ownUpMs: () => 0,
          neighbours: () => this.#others(id),
          ownPass: () => this.#passes.get(id),
          refusal: (author, _what, pass) => this.#judge(id, author, pass),
        },
      },
      {
        onMessage: (message) => void messages.push(message),
        onPost: (post) => void posts.push(post),
        onSent: () => undefined,
      },
    )
    const machine = await this.wait(starting)
    const host = { id, machine, database, messages, posts }
    this.#hosts.set(id, host)
    for (const other of this.#others(id)) {
      this.#hosts.get(other)?.machine.onUp(id)
      this.#hosts.get(other)?.machine.onMembers()
      this.#hosts.get(other)?.machine.wall.onNeighbour(id)
      machine.wall.onNeighbour(other)
    }
    return host
  }

  /** Starts hosts 0 to count − 1. */
  async startAll(count = this.ids.length): Promise<void> {
    for (let at = 0; at < count; at++) await this.start(at)
  }

  /** Ends a process without a word: what was not flushed is lost. The others learn of it at once. */
  crash(at: number): void {
    const id = this.id(at)
    this.#clocks.get(id)?.stop()
    const dead = this.#hosts.get(id)
    dead?.machine.stop()
    this.#hosts.delete(id)
    for (const tell of this.#deaths.get(id)?.splice(0) ?? []) tell()
    for (const host of this.#hosts.values()) host.machine.onMembers()
  }

  /** Lets a host answer as its owner likes. */
  tamper(at: number, tamper: Tamper): void {
    this.#tampers.set(this.id(at), tamper)
  }

  /** A host takes nothing of an author; or does again. */
  refuse(at: number, author: number, isRefused = true): void {
    const pair = `${this.id(at)} ${this.id(author)}`
    if (isRefused) this.#refused.add(pair)
    else this.#refused.delete(pair)
  }

  /** A host has never heard of an author, until that shows its pass; or hears of it in another way. */
  estrange(at: number, author: number, isStrange = true): void {
    const pair = `${this.id(at)} ${this.id(author)}`
    if (isStrange) this.#strange.add(pair)
    else this.#strange.delete(pair)
  }

  /** Gives a host a pass, which it shows from now on. */
  givePass(at: number): void {
    this.#passes.set(this.id(at), new TextEncoder().encode(`pass of ${this.id(at)}`))
  }

  /** Asks a host as if another one did. */
  ask(from: number, to: number, request: MailRequest): Promise<MailAnswer> {
    return this.wait(this.#ask(this.id(from), this.id(to), request))
  }

  /** Sends a text. */
  async send(from: number, to: number, text: string): Promise<number> {
    const { wantsRead } = this
    const body = new TextEncoder().encode(text)
    const { expiryMs } = this.#options
    const outgoing = { to: this.id(to), body, type: 'text/plain', wantsRead, expiryMs }
    return (await this.wait(this.host(from).machine.outbox.send(outgoing))).id
  }

  /** How far a message got. */
  async stateOf(from: number, id: number): Promise<string> {
    const sql = 'SELECT state FROM outbox WHERE id = ?'
    const [row] = await this.wait(this.host(from).database.read({ sql, values: [id] }))
    return textIn(row, 'state')
  }

  /** Texts of an inbox, in its order. */
  async inbox(at: number): Promise<readonly string[]> {
    const sql = 'SELECT body FROM inbox ORDER BY id'
    return (await this.wait(this.host(at).database.read({ sql }))).map((row) => textIn(row, 'body'))
  }

  /** Texts of a wall, in the order of their authors' clocks. */
  async wall(at: number): Promise<readonly string[]> {
    const sql = 'SELECT text FROM wall ORDER BY time_ms, text'
    return (await this.wait(this.host(at).database.read({ sql }))).map((row) => textIn(row, 'text'))
  }

  advance(durationMs: number): Promise<void> {
    return this.clock.advance(durationMs)
  }

  /** Waits for a promise while time passes. */
  async wait<T>(promise: Promise<T>, limitMs = 120_000): Promise<T> {
    let isSettled = false
    const settle = (): void => {
      isSettled = true
    }
    promise.then(settle, settle)
    if (!(await this.clock.until(() => isSettled, limitMs))) {
      throw new SkeinError('TIMED_OUT', `it is not so after ${limitMs} ms`)
    }
    return promise
  }

  #judge(id: PeerId, author: PeerId, pass?: Uint8Array): MailRefusal | undefined {
    const pair = `${id} ${author}`
    if (this.#refused.has(pair)) return { reason: 'mail.allow = nobody', isFinal: true }
    if (new TextDecoder().decode(pass) === `pass of ${author}`) this.#strange.delete(pair)
    return this.#strange.has(pair) ? { reason: 'a stranger', isFinal: false } : undefined
  }

  #others(id: PeerId): readonly PeerId[] {
    return [...this.#hosts.keys()].filter((other) => other !== id)
  }

  async #ask(from: PeerId, to: PeerId, request: MailRequest): Promise<MailAnswer> {
    this.asked.set(request.kind, (this.asked.get(request.kind) ?? 0) + 1)
    await this.#pass()
    const host = this.#hosts.get(to)
    if (host === undefined) throw new SkeinError('DIAL_FAILED', 'it does not answer')
    const goOn = (): Promise<Partial<MailAnswer>> => host.machine.answer(from, request)
    const tamper = this.#tampers.get(to)
    const answering = tamper === undefined ? goOn() : tamper(request, goOn)
    const answer = await Promise.race([answering, this.#death(host)])
    await this.#pass()
    if (this.#hosts.get(to) !== host) throw new SkeinError('CONNECTION_CLOSED', 'it is gone')
    return { ...emptyAnswer, ...answer }
  }

  /** Fails when a process ends: its connections break. */
  #death({ id }: Host): Promise<never> {
    return new Promise((_, reject) => {
      const tell = (): void => reject(new SkeinError('CONNECTION_CLOSED', 'it is gone'))
      this.#deaths.set(id, [...(this.#deaths.get(id) ?? []), tell])
    })
  }

  #counted(database: Database): Database {
    return {
      write: (statements) => database.write(statements),
      read: (statement) => {
        this.queries++
        return database.read(statement)
      },
      close: () => database.close(),
    }
  }

  #pause(clock: HostClock): Promise<void> {
    if (this.signingMs === 0) return Promise.resolve()
    return new Promise((resolve) => clock.after(this.random.next() * this.signingMs, resolve))
  }

  #pass(): Promise<void> {
    return new Promise((resolve) => {
      this.clock.after(1 + this.random.next() * 20, resolve)
    })
  }
}
