/**
 * How what is no data travels in values: which description leaves, and what one that comes becomes.
 * One for each session: it counts what was given to the peer, and what the peer gave.
 *
 *   ours     [kind, number, token, name?]   a number of ours, counted at each giving
 *   theirs   [yours, number]                their own object goes home: it is the same one, `===`
 *   a third's  [named, peer, name] or [third, peer, number, token, kind]
 *   [promise, number] and [signal, number, aborted, reason]: told once how they end
 *
 * **Invariant**: a peer can name only what was given to it, what it has the token of, and what its
 * roles let it find by name.
 */
import { SkeinError } from '../base/errors.ts'
import { isPeerId, keyFromPeerId } from '../base/peer-id.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { References } from '../codec/references.ts'
import { Endings } from './endings.ts'
import type { EndingsOutlet } from './endings.ts'
import { Exposure } from './exposure.ts'
import { streamOf } from './iteration.ts'
import { referenceType, tokenBytes } from './messages.ts'
import type { ReferenceKind } from './messages.ts'
import type { Entry, ObjectTable } from './object-table.ts'
import { Imports } from './imports.ts'
import type { Collector } from './imports.ts'
import { makeProxy, remoteOf } from './proxy.ts'
import { asKind, asName, asNumber, asPeer, asToken } from './reference-fields.ts'
import { Reference } from './reference.ts'
import type { Calling, SessionFinder } from './reference.ts'
import { violation } from './frame-reader.ts'

/** What the marshal asks of its session. */
export interface MarshalOwner extends Calling {
  readonly peer: PeerId
  readonly self: PeerId
  readonly table: ObjectTable
  readonly collector: Collector
  readonly maxReferences: number
  readonly find: SessionFinder
  /** Whether instances of a class travel as data. */
  isData(value: object): boolean
  /** Whether the peer may find one of our names. */
  mayFind(entry: Entry): boolean
  /** The proxy of an object of a third peer. */
  proxyOf(setup: ThirdReference): object
  /** The proxy of a name of the peer, where one is in use. */
  namedProxy(name: string): object | undefined
  /** Lets a third peer's object be handed to somebody: its owner keeps it for a while. */
  lease(reference: Reference): void
  readonly outbound: EndingsOutlet
}

/** A reference of a peer that is neither of the two. */
export interface ThirdReference {
  readonly peer: PeerId
  readonly kind: ReferenceKind
  readonly name?: string
  readonly number?: number
  readonly token?: Uint8Array
}

interface Given {
  readonly entry: Entry
  count: number
}

/** See the file's head. */
export class Marshal implements References {
  readonly imports: Imports
  readonly endings: Endings
  /** Through what the value that is being encoded is given. */
  giver: Entry | undefined
  /** What was wrong with a reference in the decoding at hand. */
  broken: SkeinError | undefined
  readonly #owner: MarshalOwner
  readonly #given = new Map<number, Given>()
  /** How many of them are built in: nobody is kept connected for the sake of one. */
  #givenBuiltIn = 0
  /** What the encoding at hand gave: how to take it back. */
  #undo: (() => void)[] = []

  constructor(owner: MarshalOwner) {
    this.#owner = owner
    this.imports = new Imports(owner)
    this.endings = new Endings(owner)
  }

  get describesPlain(): boolean {
    return this.#owner.table.hasPlain
  }

  /** References that the peer holds of us. */
  get givenCount(): number {
    return this.#given.size + this.endings.givenCount
  }

  /** Whether the peer holds anything for whose sake the connection should stay. */
  get isHeld(): boolean {
    return this.givenCount > this.#givenBuiltIn
  }

  /** References that we hold of the peer, and what of it we wait for. */
  get heldCount(): number {
    return this.imports.size + this.endings.awaitedCount
  }

  /** What of ours a number means to the peer. */
  given(number: number): Entry | undefined {
    return this.#given.get(number)?.entry
  }

  /** Begins an encoding. */
  begin(giver: Entry | undefined): void {
    this.giver = giver
    if (this.#undo.length > 0) this.#undo = []
  }

  /** The encoding failed: nothing of it was given. */
  takeBack(): void {
    const undo = this.#undo
    this.#undo = []
    for (const each of undo) each()
  }

  describe(value: object): unknown {
    const remote = remoteOf(value)
    if (remote instanceof Reference) return this.#describeReference(remote)
    if (typeof value === 'function') return this.#give(value, 'function')
    if (value instanceof Promise) return this.#describePromise(value as Promise<unknown>)
    if (value instanceof AbortSignal) return this.#describeSignal(value)
    const { giver } = this
    if (giver?.target === value) return this.#count(giver)
    const known = this.#owner.table.find(value)
    if (known !== undefined) return this.#count(known)
    if (value instanceof ReadableStream) return this.#give(value, 'stream')
    if (value instanceof Error || this.#owner.isData(value)) return undefined
    const exposure = Exposure.of(value, giver?.exposure)
    if (isIterable(value) && exposure?.isMarked !== true) return this.#give(value, 'iterable')
    if (exposure === undefined) return undefined
    return this.#count(this.#owner.table.enter(value, 'object', () => exposure))
  }

  revive(description: unknown): unknown {
    try {
      return this.#revive(description)
    } catch (thrown) {
      if (thrown instanceof SkeinError) this.broken ??= thrown
      throw thrown
    }
  }

  #revive(description: unknown): unknown {
    if (!Array.isArray(description)) throw violation('O20: a reference that is no list')
    const [type, first, second, third, fourth] = description as readonly unknown[]
    switch (type) {
      case referenceType.promise:
        return this.#revivePromise(asNumber(first))
      case referenceType.signal:
        return this.#reviveSignal(asNumber(first), second === true, third)
      case referenceType.yours:
        return this.#reviveOurs(asNumber(first))
      case referenceType.named:
        return this.#reviveNamed(asPeer(first), asName(second))
      case referenceType.third: {
        const kind = asKind(fourth)
        const number = asNumber(second)
        return this.#reviveThird({ peer: asPeer(first), kind, number, token: asToken(third) })
      }
      default: {
        const name = third === undefined ? undefined : asName(third)
        return this.#reviveTheirs(asKind(type), {
          number: asNumber(first),
          token: asToken(second),
          name,
        })
      }
    }
  }

  /** The peer let go of something as often as it says. */
  release(number: number, count: number): void {
    const given = this.#given.get(number)
    if (given === undefined || count < 1 || count > given.count) {
      throw violation(
        `O23: ${count} releases of reference ${number}, given ${given?.count ?? 0} times`,
      )
    }
    this.#uncount(number, count)
  }

  /** Counts an object as given to the peer, and describes it. @throws {SkeinError} `LIMIT_EXCEEDED`. */
  giveEntry(entry: Entry): unknown {
    this.begin(undefined)
    return this.#count(entry)
  }

  /** The session is over. Objects stay for a while, for whoever has their token. */
  close(error: SkeinError, leaseMs: number): void {
    const { table } = this.#owner
    for (const { entry } of this.#given.values()) {
      if (leaseMs > 0) table.lease(entry, leaseMs)
      table.letGo(entry)
    }
    this.#given.clear()
    this.#givenBuiltIn = 0
    this.imports.clear()
    this.endings.close(error)
  }

  #give(value: object, kind: ReferenceKind): unknown {
    const { giver, table } = { giver: this.giver, table: this.#owner.table }
    return this.#count(table.enter(value, kind, () => Exposure.bare(giver?.exposure)))
  }

  #count(entry: Entry): unknown {
    const { table } = this.#owner
    const given = this.#given.get(entry.number)
    if (given !== undefined) given.count++
    else {
      this.#checkRoom()
      this.#given.set(entry.number, { entry, count: 1 })
      if (entry.exposure.isBuiltIn) this.#givenBuiltIn++
      table.hold(entry)
    }
    this.#undo.push(() => this.#uncount(entry.number, 1))
    const type = referenceType[entry.kind]
    const { name } = entry.exposure
    const { number, token } = entry
    return name === undefined ? [type, number, token] : [type, number, token, name]
  }

  #checkRoom(): void {
    if (this.givenCount < this.#owner.maxReferences) return
    const text = `a peer holds ${this.#owner.maxReferences} references already`
    throw new SkeinError('LIMIT_EXCEEDED', `${text}; let some go, or raise objectReferencesPerPeer`)
  }

  #uncount(number: number, count: number): void {
    const given = this.#given.get(number)
    if (given === undefined) return
    given.count -= count
    if (given.count > 0) return
    this.#given.delete(number)
    if (given.entry.exposure.isBuiltIn) this.#givenBuiltIn--
    this.#owner.table.letGo(given.entry)
  }

  #describeReference(reference: Reference): unknown {
    const { peer } = reference
    if (peer === this.#owner.peer) {
      const isBoundHere = reference.boundSession === this.#owner
      if (isBoundHere) return [referenceType.yours, reference.number]
    }
    const { name, number, token, kind } = reference
    if (!isPeerId(peer)) {
      throw new SkeinError('INVALID', 'what a program of the owner’s gave cannot be handed on')
    }
    if (number === undefined || token === undefined) {
      return [referenceType.named, keyFromPeerId(peer), name]
    }
    if (name !== undefined) return [referenceType.named, keyFromPeerId(peer), name]
    if (peer !== this.#owner.peer) this.#owner.lease(reference)
    const kindNumber = referenceType[kind]
    return [referenceType.third, keyFromPeerId(peer), number, token, kindNumber]
  }

  #describePromise(promise: Promise<unknown>): unknown {
    this.#checkRoom()
    const { number, undo } = this.endings.givePromise(promise)
    this.#undo.push(undo)
    return [referenceType.promise, number]
  }

  #describeSignal(signal: AbortSignal): unknown {
    if (!signal.aborted && !this.endings.isWatched(signal)) this.#checkRoom()
    const { description, undo } = this.endings.giveSignal(signal)
    if (undo !== undefined) this.#undo.push(undo)
    return description
  }

  #reviveTheirs(
    kind: ReferenceKind,
    given: {
      readonly number: number
      readonly token: Uint8Array
      readonly name: string | undefined
    },
  ): unknown {
    const { number, name } = given
    const owner = this.#owner
    const known = name === undefined ? undefined : owner.namedProxy(name)
    const reference = known === undefined ? undefined : remoteOf(known)
    const isSame = reference instanceof Reference && reference.number === number
    if (isSame && reference.boundSession === owner) {
      owner.sendRelease(number, 1) // It holds the object already.
      return known
    }
    return this.imports.take(number, () => {
      const onRelease = (): void => this.imports.release(number)
      const { peer, find } = owner
      const setup = { ...given, peer, kind, find, session: owner, onRelease }
      return present(new Reference(setup))
    })
  }

  #revivePromise(number: number): Promise<unknown> {
    this.#checkAwaited(number)
    return this.endings.revivePromise(number)
  }

  #reviveSignal(number: number, isAborted: boolean, reason: unknown): AbortSignal {
    const known = this.endings.knownSignal(number)
    if (known !== undefined) return known
    if (!isAborted) this.#checkAwaited(number)
    return this.endings.reviveSignal(number, isAborted, reason)
  }

  #checkAwaited(number: number): void {
    if (this.endings.isAwaited(number)) throw violation(`O25: ${number} is awaited already`)
    if (this.heldCount < this.#owner.maxReferences) return
    throw violation(`O24: more than ${this.#owner.maxReferences} references of one peer`)
  }

  #reviveOurs(number: number): unknown {
    const given = this.#given.get(number)
    if (given === undefined) throw violation(`O22: reference ${number}, which was never given`)
    return given.entry.target
  }

  #reviveNamed(peer: PeerId, name: string): unknown {
    if (peer !== this.#owner.self) return this.#owner.proxyOf({ peer, kind: 'object', name })
    const entry = this.#owner.table.named(name)
    if (entry !== undefined && this.#owner.mayFind(entry)) return entry.target
    return broken(`nobody may use '${name}' here by the word of another`)
  }

  #reviveThird(third: ThirdReference): unknown {
    const { peer, number = 0, token = noToken } = third
    if (peer !== this.#owner.self) return this.#owner.proxyOf(third)
    const entry = this.#owner.table.claim(number, token)
    return entry === undefined ? broken('its owner let it go') : entry.target
  }
}

const noToken = new Uint8Array(tokenBytes)

/** What a program gets of a reference. */
export function present(reference: Reference): object {
  switch (reference.kind) {
    case 'stream':
      return streamOf(() => reference.iterate([]))
    case 'object':
    case 'function':
    case 'iterable':
      return makeProxy(reference)
    default:
      return reference.kind satisfies never
  }
}

/** Stands for a reference that leads nowhere: whoever uses it is told. */
function broken(why: string): object {
  const find = (): never => {
    throw new SkeinError('OBJECT_GONE', `the reference leads nowhere: ${why}`)
  }
  return makeProxy(new Reference({ peer: find, kind: 'object', find }))
}

function isIterable(value: object): boolean {
  return (
    Symbol.asyncIterator in value || Object.prototype.toString.call(value) === '[object Generator]'
  )
}
