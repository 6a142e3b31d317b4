/**
 * The objects of one node: what it exposes, a session for each peer, and references to objects
 * anywhere. `node` passes in how peers are reached and who they are.
 */
import { encodeBase32 } from '../base/base32.ts'
import { messageOf, SkeinError, toSkeinError } from '../base/errors.ts'
import { findRule } from '../base/policy.ts'
import { shortPeerId } from '../base/peer-id.ts'
import type { Clock } from '../base/clock.ts'
import type { Unsubscribe } from '../base/emitter.ts'
import type { Log } from '../base/log.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { Subject } from '../base/policy.ts'
import type { Random } from '../base/random.ts'
import { ClassRegistry } from '../codec/class-registry.ts'
import type { AnyClass, ClassOptions } from '../codec/class-registry.ts'
import type { Stream } from '../connection/contract.ts'
import { SessionBuiltIns } from './built-in.ts'
import type { BuiltIns } from './built-in.ts'
import { Exposure, isForbiddenName } from './exposure.ts'
import type { ExposeOptions, MemberInfo } from './exposure.ts'
import { systemCollector } from './imports.ts'
import type { Collector } from './imports.ts'
import { present } from './marshal.ts'
import type { ThirdReference } from './marshal.ts'
import { isObjectStream, objectProtocol } from './messages.ts'
import { ObjectTable } from './object-table.ts'
import type { Entry } from './object-table.ts'
import { defaultObjectLimits } from './options.ts'
import type { ObjectLimits } from './options.ts'
import { remoteOf } from './proxy.ts'
import { formatReference, parseReference } from './reference-text.ts'
import { Reference } from './reference.ts'
import type { CallOptions } from './reference.ts'
import type { Remote } from './remote-type.ts'
import { Session } from './session.ts'
import type { SessionCounts } from './session-setup.ts'
import { SessionLink } from './session-link.ts'
import type { ObjectConnection } from './connection.ts'

/** What the service stands on. */
export interface ObjectServiceSetup {
  readonly self: PeerId
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly limits?: Partial<ObjectLimits>
  /** Returns the connection to a peer, dialling if need be. */
  readonly reach: (peer: PeerId) => Promise<ObjectConnection>
  /** Who a peer is to the policy, now. */
  readonly subject: (peer: PeerId) => Subject
  /** Objects under reserved names; none where absent. */
  readonly builtIns?: BuiltIns
  /** Tells when programs let go of things; the language's own where absent. */
  readonly collector?: Collector
}

/** An exposed object as somebody sees it. */
export interface ObjectInfo {
  readonly name: string
  readonly kind: 'object' | 'function'
  readonly members: readonly MemberInfo[]
}

/** See the file's head. */
export class ObjectService {
  readonly #setup: ObjectServiceSetup
  readonly #limits: ObjectLimits
  readonly #table: ObjectTable
  readonly #collector: Collector
  readonly #classes = new ClassRegistry()
  readonly #dataClasses = new WeakSet<object>()
  readonly #links = new Map<PeerId, SessionLink>()
  /** Connections of the owner's programs, which have no peer ID: a name for each, of this node's own. */
  readonly #direct = new Map<ObjectConnection, PeerId>()
  #lastDirect = 0
  /** Proxies of named and third objects that are in use, by whose and which. */
  readonly #proxies = new Map<string, WeakRef<object>>()
  #isClosed = false

  constructor(setup: ObjectServiceSetup) {
    this.#setup = setup
    this.#limits = { ...defaultObjectLimits, ...setup.limits }
    this.#table = new ObjectTable(setup)
    this.#collector = setup.collector ?? systemCollector()
  }

  /**
   * Exposes an object under a name.
   *
   * @returns Takes it away again.
   * @throws {SkeinError} `INVALID` the name is taken, reserved or none, or an option is wrong.
   */
  expose(name: string, target: object, options: ExposeOptions = {}): Unsubscribe {
    if (!isObjectName(name)) {
      throw new SkeinError('INVALID', `'${name}' is no name of an object: letters, digits, - and _`)
    }
    if (Object.hasOwn(this.#setup.builtIns ?? {}, name)) {
      const text = `'${name}' is the name of an object that every node has; choose another`
      throw new SkeinError('INVALID', text)
    }
    const isUsable = (typeof target === 'object' && target !== null) || typeof target === 'function'
    if (!isUsable)
      throw new SkeinError('INVALID', `${name}: only objects and functions are exposed`)
    if (remoteOf(target) !== undefined) {
      throw new SkeinError('INVALID', `${name}: it is another peer's; its owner exposes it`)
    }
    return this.#table.expose(name, target, Exposure.named(name, target, options))
  }

  /** Lets instances of a class travel as data; see `ClassOptions`. */
  register<T extends object>(constructor: AnyClass<T>, options?: ClassOptions<T>): void {
    this.#classes.register(constructor, options)
    this.#dataClasses.add(constructor.prototype as object)
  }

  /** A proxy of an object that a peer exposes. Costs nothing; its first use asks for it. */
  object(
    peer: PeerId | (() => PeerId),
    { name, options }: { readonly name: string; readonly options?: CallOptions | undefined },
  ): object {
    if (!isObjectName(name)) {
      throw new SkeinError('INVALID', `'${name}' is no name of an object`)
    }
    if (typeof peer === 'string' && options === undefined) {
      return this.#shared(`${peer}/${name}`, { peer, kind: 'object', name })
    }
    return this.#makeProxy({ peer, kind: 'object', name, options })
  }

  /** What a peer exposes to this node. */
  async list(peer: PeerId, options?: CallOptions): Promise<readonly ObjectInfo[]> {
    return readList(await this.#session(peer).list(options))
  }

  /** What of this node's objects somebody may use. */
  exposedTo(subject: Subject): readonly ObjectInfo[] {
    return [...this.#table.names()]
      .filter(([, { exposure }]) => findRule(exposure.allow, subject) !== undefined)
      .map(([name, { target, kind, exposure }]) => ({
        name,
        kind: kind === 'function' ? ('function' as const) : ('object' as const),
        members: exposure.list(target, subject),
      }))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1))
  }

  /**
   * Writes a reference as text, for {@link restore}. Whoever has the text can use the object as far as
   * its owner's rules let them: keep it as a secret.
   *
   * @throws {SkeinError} `INVALID` it is no reference, or its owner has not been asked for it yet.
   */
  save(value: object): string {
    const remote = remoteOf(value)
    if (remote instanceof Reference) {
      const { peer, name, number, token, kind } = remote
      if (name === undefined) this.#lease(remote)
      return formatReference({ peer, name, number, token, kind })
    }
    const entry = this.#table.find(value)
    if (entry === undefined) {
      throw new SkeinError('INVALID', 'it is no reference: neither a proxy nor exposed here')
    }
    const { name } = entry.exposure
    if (name === undefined) this.#table.lease(entry, this.#limits.objectLeaseMs)
    return formatReference({ ...entry, name, peer: this.#setup.self })
  }

  /**
   * Makes a proxy of a text that {@link save} wrote; this node's own object where it is one.
   *
   * @throws {SkeinError} `INVALID` it is no such text; `OBJECT_GONE` it was ours, and is no more.
   */
  restore<T = object>(text: string, options?: CallOptions): Remote<T> {
    const third = parseReference(text)
    if (third.peer !== this.#setup.self) {
      const isShared = options === undefined
      const proxy = isShared ? this.#proxyOf(third) : this.#makeProxy({ ...third, options })
      return proxy as Remote<T>
    }
    const { name = '', number = 0, token } = third
    const entry = token === undefined ? this.#table.named(name) : this.#table.claim(number, token)
    if (entry !== undefined) return entry.target as Remote<T>
    throw new SkeinError('OBJECT_GONE', 'it was this node’s own object, and is no more')
  }

  /** Lets an object of a peer go, before the collector would. */
  release(proxy: object): void {
    remoteOf(proxy)?.release()
  }

  /** How much this node shares with a peer; for tests and people. */
  counts(peer: PeerId): SessionCounts | undefined {
    return this.#links.get(peer)?.session.counts
  }

  /** Objects of this node that others hold, or may find. */
  get tableSize(): number {
    return this.#table.size
  }

  /** Takes a stream that a peer opened for this layer. */
  accept(stream: Stream, peer: PeerId, connection: ObjectConnection): void {
    if (this.#isClosed) return stream.reset('NODE_CLOSED', 'the node is closing')
    const link = this.#link(peer, () => this.#setup.subject(peer))
    link.attach(connection)
    if (stream.protocol === objectProtocol) link.read(stream)
    else link.session.receiveLarge(stream)
  }

  /**
   * Takes a stream that a program of the owner's opened, on a connection without peer IDs. What the two
   * share ends with the connection.
   *
   * @param subject - Who the program is to the policy.
   * @returns false for a stream of another layer.
   */
  acceptDirect(stream: Stream, connection: ObjectConnection, subject: Subject): boolean {
    if (!isObjectStream(stream)) return false
    if (this.#isClosed) {
      stream.reset('NODE_CLOSED', 'the node is closing')
      return true
    }
    const link = this.#directLink(connection, subject)
    if (stream.protocol === objectProtocol) link.read(stream)
    else link.session.receiveLarge(stream)
    return true
  }

  /** Ends everything that is shared with anybody. */
  close(): void {
    this.#isClosed = true
    const error = new SkeinError('NODE_CLOSED', 'the node was closed')
    for (const link of [...this.#links.values()]) link.session.close(error)
    this.#table.close()
  }

  readonly #find = (peer: PeerId): Session => this.#session(peer)

  /** The session with a peer, begun where there is none. */
  #session(peer: PeerId): Session {
    if (this.#isClosed) throw new SkeinError('NODE_CLOSED', 'this node was closed')
    if (peer === this.#setup.self) {
      throw new SkeinError('INVALID', 'it is this very node; use the object itself')
    }
    const known = this.#links.get(peer)
    if (known !== undefined) return known.session
    if (peer.startsWith(directPrefix)) {
      throw new SkeinError('CONNECTION_CLOSED', 'the program that it was of is gone')
    }
    const link = this.#link(peer, () => this.#setup.subject(peer))
    this.#setup.reach(peer).then(
      (connection) => link.attach(connection),
      (thrown: unknown) => link.session.close(toSkeinError(thrown)),
    )
    return link.session
  }

  #directLink(connection: ObjectConnection, subject: Subject): SessionLink {
    const known = this.#direct.get(connection)
    const peer = known ?? (`${directPrefix}${++this.#lastDirect}` as PeerId)
    this.#direct.set(connection, peer)
    const link = this.#link(peer, () => subject)
    link.attach(connection)
    return link
  }

  #link(peer: PeerId, subject: () => Subject): SessionLink {
    const known = this.#links.get(peer)
    if (known !== undefined) return known
    const isDirect = peer.startsWith(directPrefix)
    const isTheirs = (value: unknown): boolean => isOfSession(value, link.session)
    const { builtIns = {} } = this.#setup
    const own = new SessionBuiltIns(builtIns, this.#table, { subject, isDirect, isTheirs })
    const link: SessionLink = new SessionLink(this.#limits.objectUnsentBytes, (outlet) => {
      return new Session({
        ...{ self: this.#setup.self, peer, clock: this.#setup.clock, limits: this.#limits },
        ...{ table: this.#table, collector: this.#collector, classes: this.#classes },
        isData: (value) => this.#dataClasses.has(Object.getPrototypeOf(value) as object),
        find: this.#find,
        proxyOf: (third) => this.#proxyOf(third),
        namedProxy: (name) => this.#proxies.get(`${peer}/${name}`)?.deref(),
        lease: (reference) => this.#lease(reference),
        subject,
        findNamed: (name, asker) => own.find(name) ?? this.#findNamed(name, asker),
        list: (asker) => this.exposedTo(asker),
        ...outlet,
        onClose: (error, isViolation) => {
          if (this.#links.get(peer) === link) this.#links.delete(peer)
          for (const [connection, each] of isDirect ? this.#direct : []) {
            if (each === peer) this.#direct.delete(connection)
          }
          own.close(error)
          outlet.onClose(error, isViolation)
          if (isViolation) this.#report(peer, error)
        },
      })
    })
    this.#links.set(peer, link)
    return link
  }

  #report(peer: PeerId, error: SkeinError): void {
    const { log } = this.#setup
    log.warn({ peer: shortPeerId(peer), rule: error.message }, 'a peer broke the rules of object/1')
  }

  #findNamed(name: string, subject: Subject): Entry {
    const entry = this.#table.named(name)
    if (entry === undefined) {
      throw new SkeinError('UNKNOWN_OBJECT', `no object '${name.slice(0, 64)}' is exposed here`)
    }
    const { allow } = entry.exposure
    if (findRule(allow, subject) !== undefined) return entry
    const whom = allow.length === 0 ? 'nobody' : allow.join(', ')
    const text = `${subject.name} may not use '${name}': it is for ${whom}`
    throw new SkeinError('DENIED', `${text}; ask its owner to add your role or ID to its allow`)
  }

  #proxyOf(third: ThirdReference): object {
    const { peer, name, number, token = new Uint8Array(0) } = third
    // With the token: who names a number without it must not get what this node has the token of.
    const key = name === undefined ? `${peer}#${number}#${encodeBase32(token)}` : `${peer}/${name}`
    return this.#shared(key, third)
  }

  #shared(key: string, setup: ThirdReference): object {
    const known = this.#proxies.get(key)?.deref()
    if (known !== undefined) return known
    const proxy = this.#makeProxy(setup)
    const ref = new WeakRef(proxy)
    this.#proxies.set(key, ref)
    this.#collector.watch(proxy, () => {
      if (this.#proxies.get(key) === ref) this.#proxies.delete(key)
    })
    return proxy
  }

  #makeProxy(
    setup: Omit<ThirdReference, 'peer'> & {
      readonly peer: PeerId | (() => PeerId)
      readonly options?: CallOptions | undefined
    },
  ): object {
    const reference = new Reference({ ...setup, find: this.#find })
    const proxy = present(reference)
    this.#collector.watch(proxy, () => reference.release())
    return proxy
  }

  /** Asks an owner to keep an object until whom we give it to has asked for it. */
  #lease(reference: Reference): void {
    if (reference.number === undefined) return
    try {
      reference.bind()
      this.#session(reference.peer).outbound.sendLease(reference.number, this.#limits.objectLeaseMs)
    } catch (thrown) {
      const { log } = this.#setup
      log.debug({ error: messageOf(thrown) }, 'could not have an object kept for somebody')
    }
  }
}

const maxObjectName = 64
/** No peer ID begins so. */
const directPrefix = 'direct/'

/** Whether a value is a proxy of what the peer of a session gave in it. */
function isOfSession(value: unknown, session: Session): boolean {
  const isProxy = typeof value === 'function' || (typeof value === 'object' && value !== null)
  const remote = isProxy ? remoteOf(value) : undefined
  return remote instanceof Reference && remote.boundSession === session
}

/** 1 to 64 letters, digits, `-` and `_`; it begins with a letter. */
function isObjectName(name: string): boolean {
  const isWord = /^[A-Za-z][\w-]*$/.test(name) && name.length <= maxObjectName
  return isWord && !isForbiddenName(name)
}

/** Reads what a peer says that it exposes. */
function readList(value: unknown): readonly ObjectInfo[] {
  if (!Array.isArray(value)) throw new SkeinError('INVALID', 'the peer’s list of objects is none')
  return Object.freeze(
    (value as Readonly<Record<string, unknown>>[]).map(({ name, kind, members }) => {
      const listed = Array.isArray(members) ? (members as Readonly<Record<string, unknown>>[]) : []
      return Object.freeze({
        name: textOf(name),
        kind: kind === 'function' ? ('function' as const) : ('object' as const),
        members: listed.map((member) => ({
          name: textOf(member['name']),
          kind: member['kind'] === 'property' ? ('property' as const) : ('method' as const),
        })),
      })
    }),
  )
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
