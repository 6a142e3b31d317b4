/**
 * The types of what a program holds of another peer's object.
 *
 * They map what can be used: public members. What cannot be seen in a type (which members the owner
 * lists, whether a class travels as data) is decided when it is used.
 */

declare const original: unique symbol

/** A function of any kind. */
type AnyFunction = (...args: never[]) => unknown

/** Values that arrive as what they are. */
type Plain =
  | string
  | number
  | bigint
  | boolean
  | null
  | undefined
  | void
  | Date
  | RegExp
  | Error
  | URL
  | ArrayBuffer
  | ArrayBufferView
  | AbortSignal

/** Members that are never remote. */
type LocalName =
  | 'then'
  | 'toJSON'
  | 'constructor'
  | 'toString'
  | 'toLocaleString'
  | 'valueOf'
  | 'hasOwnProperty'
  | 'isPrototypeOf'
  | 'propertyIsEnumerable'

/** Public members by name. */
type MemberName<T> = Exclude<Extract<keyof T, string>, LocalName | `_${string}`>

/** Whether something has methods, and so travels as a reference. */
type HasMethods<T> = [
  { [Name in MemberName<T>]: T[Name] extends AnyFunction ? Name : never }[MemberName<T>],
] extends [never]
  ? false
  : true

/**
 * An object of another peer, typed: every member is asynchronous. Methods return promises of what they
 * return, on which members of the result can be called at once; properties are awaited.
 *
 * @example
 * const counter: Remote<Counter> = node.peer('bob').object<Counter>('counter')
 * await counter.add(5)
 * await counter.name
 */
export type Remote<T> = RemoteMembers<T> &
  Disposable & {
    readonly [original]?: T
  } & (T extends (...args: infer Args) => infer Result ? RemoteCall<Args, Result> : unknown)

type RemoteMembers<T> = {
  readonly [Name in MemberName<T>]: RemoteMember<T[Name]>
}

type RemoteMember<M> = M extends (...args: infer Args) => infer Result
  ? RemoteCall<Args, Result>
  : RemoteProperty<M>

type RemoteCall<Args extends readonly unknown[], Result> = (
  ...args: { [Index in keyof Args]: RemoteArgument<Args[Index]> }
) => RemoteResult<Result>

/** What may be given for an argument: the same, or a reference to it. */
type RemoteArgument<Value> = Value | (Value extends Plain ? never : Remote<Value>)

/** What a property is: a promise of its value, with its own members where it has some. */
type RemoteProperty<Value> = PromiseLike<RemoteValue<Awaited<Value>>> & Pipelined<Awaited<Value>>

/** What a call returns: a promise, with the members of what it is a promise of. */
type RemoteResult<Result> = Promise<RemoteValue<Awaited<Result>>> & Pipelined<Awaited<Result>>

/** Members of a result that is not there yet. */
type Pipelined<Value> = Value extends Plain
  ? unknown
  : Value extends AsyncIterable<infer Item>
    ? AsyncIterable<RemoteValue<Item>>
    : Value extends Iterator<infer Item>
      ? AsyncIterable<RemoteValue<Item>>
      : Value extends { readonly [original]?: infer Inner }
        ? Omit<RemoteMembers<Exclude<Inner, undefined>>, keyof Promise<unknown>>
        : Value extends ReadonlyMap<unknown, unknown> | ReadonlySet<unknown>
          ? unknown
          : Omit<RemoteMembers<Value>, keyof Promise<unknown>>

/** How a value arrives. */
type RemoteValue<Value> = Value extends Plain
  ? Value
  : Value extends { readonly [original]?: unknown }
    ? Value
    : Value extends ReadableStream<infer Item>
      ? ReadableStream<RemoteValue<Item>>
      : Value extends AsyncIterable<infer Item>
        ? AsyncIterableIterator<RemoteValue<Item>>
        : Value extends Iterator<infer Item>
          ? AsyncIterableIterator<RemoteValue<Item>>
          : Value extends Promise<infer Inner>
            ? Promise<RemoteValue<Inner>>
            : Value extends AnyFunction
              ? Remote<Value>
              : Value extends ReadonlyMap<infer Key, infer Item>
                ? Map<RemoteValue<Key>, RemoteValue<Item>>
                : Value extends ReadonlySet<infer Item>
                  ? Set<RemoteValue<Item>>
                  : Value extends readonly unknown[]
                    ? { [Index in keyof Value]: RemoteValue<Value[Index]> }
                    : HasMethods<Value> extends true
                      ? Remote<Value>
                      : { [Name in keyof Value]: RemoteValue<Value[Name]> }
