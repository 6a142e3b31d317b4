/**
 * What a program holds of another peer's object: proxies, their members, and promises of results.
 *
 *   proxy ──.name──▶ member ──()──▶ promise of a result ──.name──▶ member ──()──▶ …
 *                       └─await──▶ the property's value
 *
 * Naming a member sends nothing; calling or awaiting it does. A promise of a result has members too:
 * calls on them leave at once, and are carried out where the result comes to be (pipelining).
 *
 * All are made of a function, which the codec takes for a reference and nothing looks into. A promise
 * of a result is a native promise, whose prototype's prototype answers for names that promises do not
 * have: so `await` takes the short way.
 */

/** What stands behind a proxy or a promise: something at a peer on which members can be used. */
export interface Remotely {
  /** Calls what stands at the end of `path`; the thing itself where it is empty. Never throws. */
  call(path: readonly string[], args: readonly unknown[]): Promise<unknown>
  /** Reads a property. Never throws. */
  read(path: readonly string[]): Promise<unknown>
  /** Iterates over what stands there. Never throws. */
  iterate(path: readonly string[]): AsyncIterableIterator<unknown>
  /** Lets it go. */
  release(): void
  /** For people. */
  describe(): string
}

/** Under this key every proxy has what stands behind it. */
const remoteKey = Symbol('skein.remote')

/** What stands behind a proxy; `undefined` for what is none. Runs no code of the value's. */
export function remoteOf(value: object): Remotely | undefined {
  return (value as { readonly [remoteKey]?: Remotely })[remoteKey]
}

/** Makes a proxy of something at a peer. */
export function makeProxy(remote: Remotely): object {
  const call: Call = (...args) => remote.call(noPath, args)
  return new Proxy(call, new RemoteHandler(remote))
}

/** Tells what a proxy of a peer's object is not: `then` above all, so that it can be awaited. */
const localNames: ReadonlySet<string> = new Set([
  ...Object.getOwnPropertyNames(Object.prototype),
  'then',
  'toJSON',
  'prototype',
])

const noPath: readonly string[] = []

type Call = (...args: readonly unknown[]) => Promise<unknown>

class RemoteHandler implements ProxyHandler<Call> {
  readonly #remote: Remotely
  #members: Map<string, Call> | undefined

  constructor(remote: Remotely) {
    this.#remote = remote
  }

  get(_target: Call, key: string | symbol): unknown {
    if (typeof key === 'symbol') return this.#symbol(key)
    const known = this.#members?.get(key)
    if (known !== undefined) return known
    if (localNames.has(key)) return this.#local(key)
    const member = makeMember(this.#remote, [key])
    this.#members ??= new Map()
    if (this.#members.size < maxKnownMembers) this.#members.set(key, member)
    return member
  }

  set(): boolean {
    return refuse('a property of a remote object cannot be set; call a method that does')
  }

  defineProperty(): boolean {
    return refuse('a remote object takes no new properties')
  }

  deleteProperty(): boolean {
    return refuse('a property of a remote object cannot be deleted')
  }

  has(_target: Call, key: string | symbol): boolean {
    return key === remoteKey
  }

  #symbol(key: symbol): unknown {
    if (key === remoteKey) return this.#remote
    if (key === Symbol.asyncIterator) return () => this.#remote.iterate([])
    if (key === Symbol.toPrimitive) return () => this.#remote.describe()
    if (key === disposeSymbol) return () => this.#remote.release()
    return undefined
  }

  #local(key: string): unknown {
    if (key === 'toString') return () => this.#remote.describe()
    if (key === 'constructor') return Object
    return undefined
  }
}

const maxKnownMembers = 1_024 // Guess: more names than a class has; beyond, they are made again.
const disposeSymbol: symbol | undefined = Symbol.dispose

function refuse(text: string): never {
  throw new TypeError(text)
}

/** Under this key a member has what it is a member of; under the next, the way to it. */
const ownerKey = Symbol('skein.owner')
const pathKey = Symbol('skein.path')

interface Member extends Call {
  readonly [ownerKey]: Remotely
  readonly [pathKey]: readonly string[]
}

function makeMember(remote: Remotely, path: readonly string[]): Call {
  const member = callOf(remote, path) as Member & { [ownerKey]: Remotely; [pathKey]: unknown }
  member[ownerKey] = remote
  member[pathKey] = path
  Object.setPrototypeOf(member, memberPrototype)
  return member
}

/** A function that calls; without the names that functions have of themselves. */
function callOf(remote: Remotely, path: readonly string[]): Call {
  const call: Call = (...args) => remote.call(path, args)
  Reflect.deleteProperty(call, 'name')
  Reflect.deleteProperty(call, 'length')
  return call
}

/** Answers for every name of every member. */
const memberPrototype = new Proxy(Object.create(null) as object, {
  get(_target, key, member: Member) {
    const remote = member[ownerKey]
    const path = member[pathKey]
    if (typeof key === 'symbol') {
      return key === Symbol.asyncIterator ? () => remote.iterate(path) : undefined
    }
    if (key === 'then') return thenOf(() => remote.read(path))
    if (key === 'catch' || key === 'finally') return undefined
    if (localNames.has(key))
      return key === 'toString' ? () => `${remote.describe()}.${path.join('.')}` : undefined
    return makeMember(remote, [...path, key])
  },
  set: () => refuse('a property of a remote object cannot be set; call a method that does'),
  getPrototypeOf: () => Function.prototype,
})

function thenOf(read: () => Promise<unknown>): Promise<unknown>['then'] {
  return (onResolve, onReject) => read().then(onResolve, onReject)
}

/** Under this key a promise of a result has what stands behind it. */
const resultKey = Symbol('skein.result')

/** A promise of a result at a peer. */
export class RemotePromise extends Promise<unknown> {
  /** @internal */
  declare [resultKey]: Remotely
}

/** Gives a promise the members of what it is a promise of. */
export function bindPromise(promise: RemotePromise, remote: Remotely): void {
  promise[resultKey] = remote
}

const {
  then: thenMethod,
  catch: catchMethod,
  finally: finallyMethod,
} = Object.getOwnPropertyDescriptors(Promise.prototype)

void Object.defineProperties(RemotePromise.prototype, {
  // `await` looks whether it is a promise like all others; in all that is seen of it, it is.
  constructor: { value: Promise, writable: true, configurable: true },
  // oxlint-disable-next-line unicorn/no-thenable -- it is a promise; this is the short way to it
  then: thenMethod,
  catch: catchMethod,
  finally: finallyMethod,
  [Symbol.asyncIterator]: {
    value(this: RemotePromise) {
      markHandled(this)
      return this[resultKey].iterate([])
    },
    configurable: true,
  },
})

Object.setPrototypeOf(
  RemotePromise.prototype,
  new Proxy(Promise.prototype, {
    get(target, key, promise: RemotePromise) {
      if (typeof key === 'symbol' || localNames.has(key)) return Reflect.get(target, key) as unknown
      const remote = promise[resultKey]
      if (remote === undefined) return undefined
      return makeMember(new Pipelined(promise, remote), [key])
    },
  }),
)

/** Members of a promise's result: whoever uses them gets their error, and nobody else need. */
class Pipelined implements Remotely {
  readonly #promise: RemotePromise
  readonly #remote: Remotely

  constructor(promise: RemotePromise, remote: Remotely) {
    this.#promise = promise
    this.#remote = remote
  }

  call(path: readonly string[], args: readonly unknown[]): Promise<unknown> {
    markHandled(this.#promise)
    return this.#remote.call(path, args)
  }

  read(path: readonly string[]): Promise<unknown> {
    markHandled(this.#promise)
    return this.#remote.read(path)
  }

  iterate(path: readonly string[]): AsyncIterableIterator<unknown> {
    markHandled(this.#promise)
    return this.#remote.iterate(path)
  }

  release(): void {
    this.#remote.release()
  }

  describe(): string {
    return this.#remote.describe()
  }
}

/** A rejection is somebody else's to handle. */
export function markHandled(promise: Promise<unknown>): void {
  promise.then(undefined, ignore)
}

function ignore(): void {
  // Whoever uses the members of the result is told.
}

/** A promise that was refused before anything was sent. */
export function rejected(reason: unknown, remote: Remotely): RemotePromise {
  // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- what was thrown, as it is
  const promise = RemotePromise.reject(reason) as RemotePromise
  bindPromise(promise, remote)
  markHandled(promise)
  return promise
}
