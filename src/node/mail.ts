/**
 * Mail on a node: gives the machine its database, its sealing and the other members, when they are first
 * needed.
 *
 * The database is opened with the first message or post, or at the start where there is one: who never
 * uses mail pays nothing for it. Where it cannot be opened the node goes on without mail; peers keep what
 * they hold, and it is tried again when it is next needed.
 *
 *   closed ──needed──▶ opening ─▶ open ──its thread died──▶ waiting 250 ms ─▶ opening
 *     ▲                   │ failed                              │ died twice within a minute
 *     └─── 5 s later ─────┴─────────────────────────────────────┘
 *
 * A thread that died is as a process that was killed: what was acknowledged is in the file, everything in
 * memory is read anew, and what was under way fails.
 */
import { background } from '../base/background.ts'
import { MemoryDisk, openDatabase } from '../base/database.node.ts'
import { textIn } from '../base/database.ts'
import { Emitter } from '../base/emitter.ts'
import { SkeinError, messageOf } from '../base/errors.ts'
import { FolderStorage } from '../base/folder-storage.node.ts'
import { findRule } from '../base/policy.ts'
import { Exchange, mailProtocol } from '../mail/exchange.ts'
import { MailMachine, noMail } from '../mail/machine.ts'
import { defaultMailOptions } from '../mail/options.ts'
import { mailSchema } from '../mail/schema.ts'
import { poolSigner, signerAtOnce } from '../mail/pool-signer.node.ts'
import { createSealer } from '../mail/sodium.node.ts'
import { emptyWallHash } from '../mail/wall-index.ts'
import type { Database } from '../base/database.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { NetworkId } from '../membership/pass.ts'
import type { Rule } from '../base/policy.ts'
import type { Storage } from '../base/storage.ts'
import type { ConnectionManager } from '../connection/manager.ts'
import type { Stream } from '../connection/contract.ts'
import type { PeerEntry } from '../connection/peer-entry.ts'
import type { MailStatus } from '../mail/machine.ts'
import type { MailAnswer, MailRequest } from '../mail/messages.ts'
import type { MailNetwork, MailRefusal } from '../mail/setup.ts'
import type { ReceivedMessage } from '../mail/received.ts'
import type { WallPost } from '../mail/wall.ts'
import type { NodeEvents } from './events.ts'
import type { Network } from './network.ts'
import type { NodeParts } from './prepare.ts'

/** What mail works with. */
export interface NodeMailSetup {
  readonly parts: NodeParts
  readonly manager: ConnectionManager
  readonly network: Network
  readonly events: Emitter<NodeEvents>
}

/** What happens to mail. */
export type MailEvents = {
  message: ReceivedMessage
  post: WallPost
  /** Something became of a message that was sent: its ID. */
  sent: number
}

/** A machine that runs, and its database. */
export interface OpenMail {
  readonly machine: MailMachine
  readonly database: Database
}

const everybodyHere: readonly Rule[] = ['role:known', 'role:member', 'role:local']
const startPatienceMs = 2_000 // Guess: ten times what it takes; a file may be locked for longer.
const flushMs = 2 // Guess: what a disk takes, for those that are simulated.
const tryAgainMs = 5_000 // Guess: a lock is held for a moment, a full disk for longer.
const reopenMs = 250 // Guess: the memory that a thread ran out of is free again by then.
const steadyMs = 60_000 // Guess: what dies again within a minute dies of what it finds in the file.
/** The disks of nodes without a data folder, and of simulated machines: they outlive a process. */
const disks = new WeakMap<Storage, MemoryDisk>()

/** See the file's head. */
export class NodeMail {
  readonly events: Emitter<MailEvents>
  readonly #setup: NodeParts & Omit<NodeMailSetup, 'parts'>
  readonly #exchange: Exchange
  readonly #nearby = new Set<PeerId>()
  /** Those of them who are not in the file yet. */
  readonly #unwritten = new Set<PeerId>()
  /** Who is blocked, as long as the machine reads the rest. */
  readonly #blocked = new Set<PeerId>()
  #onRecall: () => void = () => undefined
  #opening: Promise<OpenMail> | undefined
  #open: OpenMail | undefined
  #failed: { readonly error: SkeinError; readonly untilMs: number } | undefined
  #diedMs = Number.NEGATIVE_INFINITY
  #isClosed = false

  constructor({ parts, ...others }: NodeMailSetup) {
    const setup = { ...parts, ...others }
    this.#setup = setup
    this.events = new Emitter((message) => setup.log.error({}, message))
    this.#exchange = new Exchange({
      clock: setup.clock,
      open: async (to) => (await setup.manager.reach(to)).open(mailProtocol),
      answer: (from, request) => this.#answer(from, request),
      onViolation: () => undefined, // The connection tells of it.
    })
    this.#follow()
  }

  /**
   * Goes on with what was under way, where there is something. Waits until it is read from the file who
   * is blocked: they are not heard meanwhile. What is wrong with it is told, and the node starts without.
   */
  async start(): Promise<void> {
    const { storage, log, clock } = this.#setup
    const isThere =
      storage instanceof FolderStorage
        ? (await storage.read(mailSchema.name).catch(() => undefined)) !== undefined
        : disks.has(storage)
    if (!isThere) return
    const opening = this.ready().then(() => undefined)
    background(opening, 'open mail', log)
    if (!(storage instanceof FolderStorage)) return // A simulated disk needs a clock that goes on.
    await new Promise<void>((resolve) => {
      const timer = clock.after(startPatienceMs, resolve)
      const goOn = (): void => {
        timer.cancel()
        resolve()
      }
      this.#onRecall = goOn
      opening.then(goOn, goOn)
    })
  }

  /** What happened so far, and what is kept; nothing while it is not open. */
  status(): MailStatus {
    return this.#open?.machine.status() ?? noMail
  }

  /** Whether a peer is blocked; nobody is while mail cannot be opened. */
  isBlocked(id: PeerId): boolean {
    return (this.#open?.machine.inbox.blocked ?? this.#blocked).has(id)
  }

  /** The machine, opened if need be. @throws {SkeinError} `STORAGE_FAILED`, `NODE_CLOSED`. */
  async ready(): Promise<OpenMail> {
    const { clock } = this.#setup
    if (this.#isClosed) throw new SkeinError('NODE_CLOSED', 'this node was closed')
    if (this.#open !== undefined) return this.#open
    if (this.#failed !== undefined && clock.nowMs() < this.#failed.untilMs) throw this.#failed.error
    this.#opening ??= this.#openAll().finally(() => {
      this.#opening = undefined
    })
    return this.#opening
  }

  /** Takes a stream of `mail/1`, or refuses it. */
  accept(stream: Stream, peer: PeerEntry): void {
    if (this.#takesPart(peer.id)) this.#exchange.accept(stream, peer.id)
    else stream.reset('DENIED', `${mailProtocol} is for ${everybodyHere.join(', ')}`)
  }

  /** Whether a peer was ever heard of: connected, a member, or known by name. */
  knows(id: PeerId): boolean {
    const { manager, network, people } = this.#setup
    if (manager.peer(id) !== undefined || network.membership.stateOf(id) !== undefined) return true
    return people.isHeardOf(id)
  }

  /** The wall clock of this node, ms. */
  unixMs(): number {
    return this.#setup.clock.unixMs()
  }

  /** Sends and takes nothing any more; what was accepted is on the disk. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#exchange.close()
    await this.#opening?.catch(() => undefined)
    this.#open?.machine.stop()
    await this.#open?.database.close()
    this.events.clear()
  }

  async #openAll(): Promise<OpenMail> {
    const { identity, clock, random, log } = this.#setup
    const options = { ...defaultMailOptions, ...this.#setup.options.mail?.options }
    const [database, sealer] = await Promise.all([
      this.#openDatabase(),
      createSealer(identity, clock),
    ])
    // Virtual time does not wait for other threads.
    const isReal = this.#setup.storage instanceof FolderStorage
    const signer = isReal ? poolSigner(identity) : signerAtOnce(identity)
    const warn = (message: string): void => log.debug({ scope: 'mail' }, message)
    try {
      const blocked = await database.read({ sql: 'SELECT peer FROM blocked' })
      this.#noteBlocked(blocked.map((row) => textIn(row, 'peer') as PeerId))
      this.#onRecall()
      for (const row of await database.read({ sql: 'SELECT peer FROM nearby' })) {
        this.#nearby.add(textIn(row, 'peer') as PeerId)
      }
      const shared = { signer, sealer, clock, random, options, database, warn }
      const machine = await MailMachine.start(
        { ...shared, network: this.#network() },
        {
          onMessage: (message) => this.events.emit('message', message),
          onPost: (post) => this.events.emit('post', post),
          onSent: (id) => this.events.emit('sent', id),
        },
      )
      this.#open = { machine, database }
      this.#writeNearby()
      this.#failed = undefined
      return this.#open
    } catch (thrown) {
      await database.close()
      throw this.#fail(thrown)
    }
  }

  async #openDatabase(): Promise<Database> {
    const { storage, clock, options } = this.#setup
    try {
      if (storage instanceof FolderStorage) {
        const path = storage.pathOf(mailSchema.name)
        const onDeath = (error: SkeinError): void => this.#onDeath(error)
        return await openDatabase(path, mailSchema, {
          workerUrl: options.databaseWorkerUrl,
          onDeath,
        })
      }
      const disk = disks.get(storage) ?? new MemoryDisk(mailSchema)
      disks.set(storage, disk)
      return disk.open(clock, flushMs)
    } catch (thrown) {
      throw this.#fail(thrown)
    }
  }

  /** The database's thread ended by itself: opens it again, once within a minute. */
  #onDeath(error: SkeinError): void {
    const { clock, log } = this.#setup
    const open = this.#open
    if (open === undefined || this.#isClosed) return // What was opening it hears of it.
    this.#open = undefined
    open.machine.stop()
    this.#noteBlocked(open.machine.inbox.blocked)
    const isAgain = clock.nowMs() - this.#diedMs < steadyMs
    this.#diedMs = clock.nowMs()
    if (isAgain) {
      this.#fail(error)
      return
    }
    log.error({ scope: 'mail' }, `${error.message}; it is opened again`)
    const later = new Promise<void>((resolve) => clock.after(reopenMs, resolve))
    this.#opening = later
      .then(() => this.#reopen())
      .finally(() => {
        this.#opening = undefined
      })
    background(this.#opening, 'open mail again', log)
  }

  #noteBlocked(ids: Iterable<PeerId>): void {
    this.#blocked.clear()
    for (const id of ids) this.#blocked.add(id)
  }

  async #reopen(): Promise<OpenMail> {
    if (this.#isClosed) throw new SkeinError('NODE_CLOSED', 'this node was closed')
    return this.#openAll()
  }

  #fail(thrown: unknown): SkeinError {
    const { clock, log } = this.#setup
    const error =
      thrown instanceof SkeinError
        ? thrown
        : new SkeinError('STORAGE_FAILED', messageOf(thrown), { cause: thrown })
    if (this.#failed?.error.message !== error.message) {
      log.error({ scope: 'mail' }, `mail does not work: ${error.message}`)
    }
    this.#failed = { error, untilMs: clock.nowMs() + tryAgainMs }
    return error
  }

  async #answer(from: PeerId, request: MailRequest): Promise<Partial<MailAnswer>> {
    const isEmpty = this.#open === undefined && this.#opening === undefined
    // Who never had mail has an empty wall, and holds nothing: no file is made for saying so.
    if (isEmpty && request.kind === 'collect') return {}
    if (isEmpty && request.kind === 'wall' && request.hash === emptyWallHash) return {}
    const { machine } = await this.ready()
    return machine.answer(from, request)
  }

  #network(): MailNetwork {
    const { manager, network, clock, incarnation, identity, affiliation } = this.#setup
    const upMs = (start: number): number => Math.max(0, clock.unixMs() - start)
    const isConnected = (id: PeerId): boolean => {
      const connection = manager.peer(id)?.connection
      return connection?.state === 'open' && !connection.isDoubtful
    }
    return {
      ask: async (to, request) => {
        const state = manager.peer(to)?.connection?.state
        // It may be back in a moment, and is asked again then; nobody waits for it meanwhile.
        if (state === 'suspended') throw new SkeinError('DIAL_FAILED', 'it is out of reach for now')
        return this.#exchange.ask(to, request)
      },
      isUp: (id) => isConnected(id) || network.membership.stateOf(id) === 'alive',
      tag: () => tagOf(affiliation.network),
      candidates: () => {
        const others = network.membership.alive().filter(({ id }) => id !== identity.peerId)
        return others.map((each) => ({ id: each.id, upMs: upMs(each.incarnation) }))
      },
      ownUpMs: () => upMs(incarnation),
      neighbours: () => {
        const ids = [...manager.peers].map(({ id }) => id)
        return ids.filter((id) => isConnected(id) && this.#takesPart(id))
      },
      ownPass: () => affiliation.passBytes,
      refusal: (author, what, pass) => {
        const refusal = this.#refusal(author, what)
        if (refusal === undefined || refusal.isFinal || pass === undefined) return refusal
        affiliation.note(author, pass)
        return this.#refusal(author, what)
      },
    }
  }

  #takesPart(id: PeerId): boolean {
    return findRule(everybodyHere, this.#subject(id)) !== undefined
  }

  #refusal(author: PeerId, what: 'mail' | 'wall'): MailRefusal | undefined {
    const { options, people, identity } = this.#setup
    if (author === identity.peerId) return undefined
    const { allow: mayWrite, wallAllow } = options.mail ?? {}
    const allow = (what === 'mail' ? mayWrite : wallAllow) ?? everybodyHere
    if (people.isDenied(author)) {
      return { reason: `${what}: this node shut you out`, isFinal: true }
    }
    if (findRule(allow, this.#subject(author)) !== undefined) return undefined
    const reason = `${what}.allow = ${allow.join(', ') || 'nobody'}`
    return { reason, isFinal: !this.#mayBecomeKnown(author, allow) }
  }

  /**
   * Whether there may be more to know of an author than is known now: it is not here, has shown no pass,
   * and a role that it may turn out to have would let it in.
   */
  #mayBecomeKnown(author: PeerId, allow: readonly Rule[]): boolean {
    const { affiliation, manager, people } = this.#setup
    if (manager.peer(author)?.connection?.state === 'open') return false
    if (people.directory.isKnown(author) || affiliation.stateOf(author) !== 'none') return false
    const isKeyless = affiliation.network === undefined
    const mayHave = (rule: Rule): boolean =>
      rule === 'role:local' || (!isKeyless && rule.startsWith('role:') && rule !== 'role:known')
    return allow.some(mayHave)
  }

  #subject(id: PeerId) {
    const { manager, people } = this.#setup
    const isLocal = manager.peer(id)?.connection?.isLocal ?? this.#nearby.has(id)
    return people.subject(id, isLocal)
  }

  #follow(): void {
    const { manager, events, log } = this.#setup
    manager.events.on('peer:connect', ({ peer, isLocal }) => {
      if (isLocal) this.#noteNearby(peer.id)
      this.#open?.machine.onUp(peer.id)
      // Who has no wall asks for none: one that has asks, and opens this node's.
      if (this.#takesPart(peer.id)) this.#open?.machine.wall.onNeighbour(peer.id)
    })
    events.on('network:change', () => {
      const moving = this.#open?.machine.wall.moved()
      if (moving !== undefined) background(moving, 'begin a wall', log)
    })
    events.on('member:join', ({ id }) => {
      this.#open?.machine.onUp(id)
      this.#open?.machine.onMembers()
    })
    for (const name of ['member:gone', 'member:left'] as const) {
      events.on(name, () => this.#open?.machine.onMembers())
    }
  }

  /** Who was once on this machine counts as local also when its message comes through others. */
  #noteNearby(id: PeerId): void {
    if (this.#nearby.has(id)) return
    this.#nearby.add(id)
    this.#unwritten.add(id)
    this.#writeNearby()
  }

  /** Keeps who was on this machine; those who came before the file was open wait for it. */
  #writeNearby(): void {
    if (this.#open === undefined || this.#unwritten.size === 0) return
    const { clock, log } = this.#setup
    const sql = 'INSERT OR IGNORE INTO nearby (peer, since_ms) VALUES (?, ?)'
    const statements = [...this.#unwritten].map((id) => ({ sql, values: [id, clock.unixMs()] }))
    this.#unwritten.clear()
    background(this.#open.database.write(statements), 'note who is on this machine', log)
  }
}

/** 40 bits of a network's ID, never 0: as a whole number they fit into any column. */
function tagOf(network: NetworkId | undefined): number {
  return network === undefined ? 0 : Number.parseInt(`1${network.slice(0, 8)}`, 36)
}
