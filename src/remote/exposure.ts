/**
 * What of an object others may reach: its agent's side.
 *
 * Nothing is reachable that is not a method of its class, or listed. Names that the language gives to
 * every object, those that start with `#` or `_`, and symbols are never reachable, listed or not.
 *
 * **Invariant**: looking up what may be reached runs none of the owner's code.
 */
import { SkeinError } from '../base/errors.ts'
import { findRule, isRule } from '../base/policy.ts'
import type { Rule, Subject } from '../base/policy.ts'
import { maxNameLength } from './options.ts'
import type { StandardSchema } from './standard-schema.ts'

/** How an object is exposed. */
export interface ExposeOptions {
  /** Who may use it: `role:NAME`, `peer:ID`. Nobody where absent. */
  readonly allow?: readonly Rule[]
  /**
   * The members that may be used: methods and properties. Where absent: the methods that its class
   * defines, and no property. A record says for each member who may use it, beside `allow`.
   */
  readonly members?: readonly string[] | Readonly<Record<string, readonly Rule[]>>
  /** What checks a method's arguments, an array; what it returns is what the method gets. */
  readonly validate?: Readonly<Record<string, StandardSchema>>
  /** Whether errors that leave show their stack. Default false: it names files. */
  readonly sendsStacks?: boolean
}

/** A member as others see it. */
export interface MemberInfo {
  readonly name: string
  readonly kind: 'method' | 'property'
}

/**
 * Under this symbol a class (static) or an object lists what others may reach: it then travels as a
 * reference, also where it is a plain object. `Symbol.for('skein.members')`.
 */
export const membersSymbol: unique symbol = Symbol.for('skein.members') as never

/** An object's members and who may use them. */
export class Exposure {
  readonly name: string | undefined
  readonly allow: readonly Rule[]
  readonly sendsStacks: boolean
  /** Whether the object or its class lists its members itself. */
  readonly isMarked: boolean
  /** Whether it is a node's own, under a reserved name: see `built-in.ts`. */
  readonly isBuiltIn: boolean
  readonly #members: ReadonlySet<string>
  readonly #rules: Readonly<Record<string, readonly Rule[]>> | undefined
  readonly #schemas: Readonly<Record<string, StandardSchema>> | undefined

  private constructor(parts: {
    readonly name?: string | undefined
    readonly members: ReadonlySet<string>
    readonly isMarked?: boolean
    readonly isBuiltIn?: boolean
    readonly options: ExposeOptions
  }) {
    const { name, members, options } = parts
    this.isMarked = parts.isMarked ?? false
    this.isBuiltIn = parts.isBuiltIn ?? false
    this.name = name
    this.allow = options.allow ?? []
    this.sendsStacks = options.sendsStacks ?? false
    this.#members = members
    this.#rules = isList(options.members) ? undefined : options.members
    this.#schemas = options.validate
  }

  /**
   * Exposes an object under a name.
   *
   * @throws {SkeinError} `INVALID` a rule, a member or a schema is none.
   */
  static named(name: string, target: object, options: ExposeOptions): Exposure {
    const { allow = [], members: listed, validate = {} } = options
    const rules = isList(listed) ? [] : Object.values(listed ?? {}).flat()
    for (const rule of [...allow, ...rules]) {
      if (isRule(rule)) continue
      throw new SkeinError('INVALID', `${name}: '${String(rule)}' is neither role:NAME nor peer:ID`)
    }
    const names = isList(listed) ? listed : listed && Object.keys(listed)
    const members = names === undefined ? methodsOf(target) : checkMembers(name, target, names)
    for (const [member, schema] of Object.entries(validate)) {
      const isSchema = typeof schema?.['~standard']?.validate === 'function'
      if (isSchema && members.has(member)) continue
      const problem = isSchema ? 'is no member' : 'has no Standard Schema'
      throw new SkeinError('INVALID', `${name}: validate: '${member}' ${problem}`)
    }
    return new Exposure({ name, members, options })
  }

  /** An object of the node's own, which decides itself who may do what. */
  static builtIn(name: string, members: readonly string[]): Exposure {
    return new Exposure({ name, members: new Set(members), isBuiltIn: true, options: {} })
  }

  /**
   * What a value that a program gives away exposes, where it is an object with a class: the methods
   * of the class, or what it lists under {@link membersSymbol}. `undefined` for what is data.
   *
   * @param giver - Through what it was given: who may use that may use this.
   */
  static of(target: object, giver: Exposure | undefined): Exposure | undefined {
    const marked = markedMembers(target)
    const members = marked ?? classMethods(target)
    if (members === undefined || (members.size === 0 && marked === undefined)) return undefined
    const { allow = [], sendsStacks = false } = giver ?? {}
    const isMarked = marked !== undefined
    return new Exposure({ members, isMarked, options: { allow, sendsStacks } })
  }

  /** A function, which has no members. */
  static bare(giver: Exposure | undefined): Exposure {
    const { allow = [], sendsStacks = false } = giver ?? {}
    return new Exposure({ members: none, options: { allow, sendsStacks } })
  }

  /** The schema of a method's arguments. */
  schemaOf(member: string): StandardSchema | undefined {
    const schemas = this.#schemas
    return schemas !== undefined && Object.hasOwn(schemas, member) ? schemas[member] : undefined
  }

  /** Tells whether a member may be reached by somebody. */
  has(member: string, subject: () => Subject): boolean {
    if (!this.#members.has(member)) return false
    const rules = this.#rules?.[member]
    return rules === undefined || rules.length === 0 || findRule(rules, subject()) !== undefined
  }

  /** What somebody may reach, in the order of the names. */
  list(target: object, subject: Subject): readonly MemberInfo[] {
    return [...this.#members]
      .filter((name) => this.has(name, () => subject))
      .toSorted()
      .map((name) => ({ name, kind: isMethod(target, name) ? 'method' : 'property' }))
  }
}

const none: ReadonlySet<string> = new Set()

function isList(members: ExposeOptions['members']): members is readonly string[] {
  return Array.isArray(members)
}

/** Names that every object has, those of promises, and what is private by custom. */
export function isForbiddenName(name: string): boolean {
  if (name === '' || name.length > maxNameLength) return true
  const first = name.charCodeAt(0)
  return first === hash || first === underscore || forbidden.has(name)
}

const hash = 0x23
const underscore = 0x5f
const forbidden: ReadonlySet<string> = new Set([
  ...Object.getOwnPropertyNames(Object.prototype),
  'prototype',
  'then', // Whoever awaits an object asks for it.
  'toJSON', // Whoever prints one does.
])

function checkMembers(
  name: string,
  target: object,
  members: readonly string[],
): ReadonlySet<string> {
  for (const member of members) {
    if (typeof member !== 'string' || isForbiddenName(member)) {
      const text = `${name}: '${String(member)}' is never reachable; leave it out of members`
      throw new SkeinError('INVALID', text)
    }
    if (!(member in target)) {
      throw new SkeinError('INVALID', `${name}: it has no member '${member}'`)
    }
  }
  return new Set(members)
}

function markedMembers(target: object): ReadonlySet<string> | undefined {
  const own = listUnder(target)
  const { constructor } = target as { readonly constructor?: unknown }
  const listed = own ?? (typeof constructor === 'function' ? listUnder(constructor) : undefined)
  if (!Array.isArray(listed)) return undefined
  const names = listed.filter((each): each is string => typeof each === 'string')
  return new Set(names.filter((each) => !isForbiddenName(each)))
}

function listUnder(holder: object): unknown {
  return (holder as { readonly [membersSymbol]?: unknown })[membersSymbol]
}

/** Methods of an object's class, or of a plain object its own functions. */
function methodsOf(target: object): ReadonlySet<string> {
  if (typeof target === 'function') return none
  const marked = markedMembers(target)
  if (marked !== undefined) return marked
  const prototype: unknown = Object.getPrototypeOf(target)
  if (prototype !== null && prototype !== Object.prototype) return classMethods(target) ?? none
  return new Set(ownMethods(target))
}

const methodsOfPrototypes = new WeakMap<object, ReadonlySet<string>>()

/** The methods that an object's class and those above it define; `undefined` where it has no class. */
function classMethods(target: object): ReadonlySet<string> | undefined {
  const prototype: unknown = Object.getPrototypeOf(target)
  if (typeof prototype !== 'object' || prototype === null) return undefined
  if (Object.getPrototypeOf(prototype) === null) return undefined
  const known = methodsOfPrototypes.get(prototype)
  if (known !== undefined) return known
  const names = new Set<string>()
  for (let at: object | null = prototype; at !== null; at = parentOf(at)) {
    if (isBuiltIn(at)) break
    for (const name of ownMethods(at)) names.add(name)
  }
  methodsOfPrototypes.set(prototype, names)
  return names
}

function parentOf(prototype: object): object | null {
  return Object.getPrototypeOf(prototype) as object | null
}

/** Of the language or the platform: `Object`, `Map`, `EventTarget`, …, and Node's `EventEmitter`. */
function isBuiltIn(prototype: object): boolean {
  if (Object.hasOwn(prototype, 'emit') && Object.hasOwn(prototype, 'removeListener')) return true
  const constructor = Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value as unknown
  if (typeof constructor !== 'function') return parentOf(prototype) === null
  return Function.prototype.toString.call(constructor).includes('[native code]')
}

function ownMethods(holder: object): readonly string[] {
  const descriptors = Object.entries(Object.getOwnPropertyDescriptors(holder))
  return descriptors
    .filter(([name, { value }]) => typeof value === 'function' && !isForbiddenName(name))
    .map(([name]) => name)
}

/** Tells whether a member is a method, without running a getter. */
function isMethod(target: object, name: string): boolean {
  for (let at: object | null = target; at !== null; at = parentOf(at)) {
    const descriptor = Object.getOwnPropertyDescriptor(at, name)
    if (descriptor !== undefined) return typeof descriptor.value === 'function'
  }
  return false
}
