/** `skein call @PEER OBJECT.MEMBER [JSON…]`: uses a peer's object from a shell. */
import { SkeinError } from '../base/errors.ts'
import type { Clock } from '../base/clock.ts'
import type { Command, CommandContext } from '../command/command.ts'
import { isForbiddenName } from '../remote/exposure.ts'
import type { CallOptions } from '../remote/reference.ts'
import type { ObjectInfo, ObjectService } from '../remote/service.ts'
import { required } from './command-words.ts'
import { withPatience } from './patience.ts'
import type { Peer, PeerInfo } from './peer.ts'

/** What the command asks of its node. */
export interface CallHost {
  readonly clock: Clock
  readonly objects: ObjectService
  peers(): readonly PeerInfo[]
  peer(name: string): Peer
}

const usage = 'call @PEER [OBJ.NAME JSON…]'

/** The owner's command `call`. */
export function callCommand(node: CallHost): Command {
  return {
    summary: "Use a peer's object, or list those that it offers",
    usage,
    allow: [],
    async run(context) {
      const words = context.args.filter((word) => word !== '--json')
      const isJson = words.length < context.args.length
      const [target, place, ...args] = words
      const peer = node.peer(required(target, usage).replace(/^@/, ''))
      const isReached = (): boolean => {
        const info = node.peers().find(({ id }) => id === peer.id)
        return info?.state === 'open' && info.paths[0]?.isDoubtful !== true
      }
      const waiting = { clock: node.clock, isReached, name: peer.name }
      const offered = await withPatience(waiting, context.signal, (signal) =>
        peer.exposed({ signal }),
      )
      if (place === undefined) return isJson ? lines(offered) : formatOffer(offered)
      const result = await withPatience(waiting, context.signal, (signal) => {
        return use(peer, { place, args: args.map(readJson), offered, options: { signal } })
      })
      if (isIterable(result)) return print(result, { context, isJson })
      if (result === undefined && !isJson) return undefined
      return format(result, isJson)
    },
  }
}

interface Use {
  readonly place: string
  readonly args: readonly unknown[]
  readonly offered: readonly ObjectInfo[]
  readonly options: CallOptions
}

/** Calls what `place` names, or reads it where it is a property. */
async function use(peer: Peer, { place, args, offered, options }: Use): Promise<unknown> {
  const [name = '', ...path] = place.split('.')
  const info = offered.find((each) => each.name === name)
  const object = peer.object<Readonly<Record<string, unknown>>>(name, options) as unknown
  const holder = path.slice(0, -1).reduce((at, step) => member(at, step), object)
  const last = path.at(-1)
  const found = last === undefined ? object : member(holder, last)
  const isProperty =
    path.length === 1 &&
    info?.members.some((each) => each.name === last && each.kind === 'property')
  if (info !== undefined && last === undefined && info.kind === 'object') {
    const members = info.members.map((each) => `${name}.${each.name}`).join(', ')
    throw new SkeinError('INVALID', `'${name}' is an object; name a member: ${members}`)
  }
  if (isProperty === true && args.length === 0) return await found
  if (typeof found !== 'function') throw new SkeinError('INVALID', `'${place}' names no member`)
  return await (found as (...args: readonly unknown[]) => unknown)(...args)
}

function member(holder: unknown, name: string): unknown {
  const found = (holder as Readonly<Record<string, unknown>>)[name]
  if (!isForbiddenName(name) && typeof found === 'function') return found
  throw new SkeinError('UNKNOWN_MEMBER', `'${name}' is never a member`)
}

/** A word that is no JSON is text. */
function readJson(word: string): unknown {
  try {
    return JSON.parse(word) as unknown
  } catch {
    return word
  }
}

function isIterable(value: unknown): value is AsyncIterable<unknown> {
  if (value instanceof ReadableStream) return true
  return typeof value === 'function' && String(value).startsWith('[remote iterable')
}

async function print(
  items: AsyncIterable<unknown>,
  { context, isJson }: { readonly context: CommandContext; readonly isJson: boolean },
): Promise<undefined> {
  for await (const item of items) {
    const isRoom = context.out(`${format(item, isJson)}\n`)
    if (!isRoom) await context.drained()
    context.signal.throwIfAborted()
  }
  return undefined
}

function format(value: unknown, isJson: boolean): string {
  if (typeof value === 'string' && !isJson) return value
  return JSON.stringify(value === undefined ? null : toJson(value))
}

/** What JSON has no word for, in the nearest that it has. */
function toJson(value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString()
  if (typeof value === 'function') return String(value)
  if (typeof value !== 'object' || value === null || value instanceof Date) return value
  if (value instanceof Map) return [...value].map(toJson)
  if (value instanceof Set) return [...value].map(toJson)
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (value instanceof Error) return { name: value.name, message: value.message }
  if (Array.isArray(value)) return value.map(toJson)
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, toJson(each)]))
}

function lines(objects: readonly ObjectInfo[]): string {
  return objects.map((each) => JSON.stringify(each)).join('\n')
}

function formatOffer(objects: readonly ObjectInfo[]): string {
  if (objects.length === 0) return 'It offers us no objects'
  return objects
    .flatMap(({ name, kind, members }) => {
      if (kind === 'function') return [`${name}(…)`]
      return members.map((each) => `${name}.${each.name}${each.kind === 'method' ? '(…)' : ''}`)
    })
    .join('\n')
}
