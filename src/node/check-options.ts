/**
 * Whether the options of `Node.start` have the shape that they must have: plain JavaScript has no types
 * that say so. All that is wrong is said at once, each by the name of its option.
 */
import { messageOf } from '../base/errors.ts'
import { isPeerId } from '../base/peer-id.ts'
import { isRule } from '../base/policy.ts'
import { defaultMailOptions } from '../mail/options.ts'
import { defaultTopicOptions } from '../topic/options.ts'
import { limitBounds } from './limit-bounds.ts'
import { admissions, builtinNames, readAddress, readListenAddress } from './options.ts'
import {
  byName,
  list,
  numbers,
  oneOf,
  refuse,
  shape,
  wholeCall,
  where,
  whole,
  withMethods,
} from './shape.ts'
import type { Identity } from '../base/identity.node.ts'
import type { AliasConfig } from '../command/registry.ts'
import type { ProgramConfig } from '../command/program.node.ts'
import type {
  DiscoveryOptions,
  MailSettings,
  NodeOptions,
  PeerTarget,
  TopicSettings,
} from './options.ts'
import type { Check } from './shape.ts'

/** A check for each option, so that one that is added is checked, too. */
type Shape<T> = Readonly<Record<keyof T, Check>>

const maxPort = 65_535
const maxTimeoutMs = 2 ** 31 - 1 // What setTimeout can take.
const maxOutputBytes = 2 ** 40 // As in a configuration.

const text = where('a text', (value) => typeof value === 'string')
const someText = where(
  'a text that is not empty',
  (value) => typeof value === 'string' && value !== '',
)
const yesNo = where('true or false', (value) => typeof value === 'boolean')
const bytes = where('a Uint8Array', (value) => value instanceof Uint8Array)
const url = where('a URL or a text', (value) => typeof value === 'string' || value instanceof URL)
const peerId = where("a peer's ID, 52 of a-z and 2-7", isPeerId)
const rule = where('role:NAME or peer:ID', (value) => typeof value === 'string' && isRule(value))
const rules = list(rule, "['role:known']")
const texts = list(text, "['…']")

/** An address that `read` can read. */
function address(read: (text: string) => string): Check {
  return (value, at) => {
    if (typeof value !== 'string') return text(value, at)
    try {
      read(value)
      return []
    } catch (thrown) {
      return [`${at}: ${messageOf(thrown)}`]
    }
  }
}

const dialled = address(readAddress)

const targetShape: Shape<PeerTarget> = { address: dialled, id: peerId }
const target = shape(targetShape, ['address'])

/** An address, or one with who must be there. */
function peer(value: unknown, at: string): readonly string[] {
  if (typeof value === 'string') return dialled(value, at)
  if (typeof value === 'object' && value !== null) return target(value, at)
  return where('a text such as 127.0.0.1:14590, or { address, id }', () => false)(value, at)
}

const aliasShape: Shape<AliasConfig> = { run: someText, allow: rules }
const aliasObject = shape(aliasShape, ['run'])

/** What an alias stands for, alone or with who may run it. */
function alias(value: unknown, at: string): readonly string[] {
  if (typeof value === 'string') return someText(value, at)
  if (typeof value === 'object' && value !== null) return aliasObject(value, at)
  const wanted = "a text such as 'calc $1+$2', or { run, allow }; functions go to node.command()"
  return where(wanted, () => false)(value, at)
}

const programShape: Shape<ProgramConfig> = {
  file: someText,
  args: texts,
  allow: rules,
  arguments: oneOf(['refuse', 'append']),
  stdin: yesNo,
  timeoutMs: whole(1, maxTimeoutMs),
  maxOutputBytes: whole(0, maxOutputBytes),
  summary: text,
}

const discoveryShape: Shape<DiscoveryOptions> = {
  lan: yesNo,
  lanPort: whole(1, maxPort),
  mdns: yesNo,
  dnsNames: list(someText, "['peers.example.org']"),
  dnsServers: list(someText, "['127.0.0.1:53']"),
  isOpen: yesNo,
  others: list(withMethods(['start', 'stop'], { source: text }), '[discovery]'),
}

/** A check for each of these defaults. A rate may have a fraction. */
function bounds(defaults: object): Check {
  const isRate = (value: unknown): boolean => Number.isFinite(value) && Number(value) >= 0
  const rate = where('a finite number from 0 up', isRate)
  const count = whole(0, Number.MAX_SAFE_INTEGER)
  const names = Object.keys(defaults)
  return numbers(
    Object.fromEntries(names.map((name) => [name, /Rate$|PerSecond$/.test(name) ? rate : count])),
  )
}

const mailShape: Shape<MailSettings> = {
  allow: rules,
  wallAllow: rules,
  options: bounds(defaultMailOptions),
}

const topicShape: Shape<TopicSettings> = {
  allow: rules,
  writers: byName(rules, "{ prices: ['role:known'] }"),
  options: bounds(defaultTopicOptions),
}

const limits = numbers(
  Object.fromEntries(
    Object.entries(limitBounds).map(([name, { min, max }]) => [name, whole(min, max)]),
  ),
)

const identityFields: Omit<Shape<Identity>, 'sign'> = {
  peerId,
  publicKey: bytes,
  privateKeyPem: text,
}

const nodeShape: Shape<NodeOptions> = {
  label: text,
  storage: withMethods(['read', 'write', 'create', 'remove', 'readSecret']),
  identity: withMethods(['sign'], identityFields),
  listen: list(address(readListenAddress), "['127.0.0.1:0']"),
  peers: list(peer, "['127.0.0.1:14590']"),
  mesh: yesNo,
  discovery: shape(discoveryShape),
  admit: oneOf(admissions),
  known: byName(text, "{ bob: 'ID' }"),
  roles: byName(list(peerId, "['ID']"), "{ ops: ['ID'] }"),
  commands: byName(alias, "{ add: 'calc $1+$2' }"),
  programs: byName(shape(programShape, ['file']), "{ backup: { file: '/usr/bin/backup' } }"),
  builtin: list(oneOf(builtinNames), "['calc']"),
  mail: shape(mailShape),
  topics: shape(topicShape),
  limits,
  log: withMethods(['debug', 'info', 'warn', 'error', 'child']),
  clock: withMethods(['nowMs', 'nowMicros', 'unixMs', 'after', 'lateMs']),
  random: withMethods(['next', 'bytes']),
  calcWorkerUrl: url,
  databaseWorkerUrl: url,
  transports: list(withMethods(['dial', 'listen'], { scheme: text }), '[transport]'),
}

const nodeOptions = shape(nodeShape)

/**
 * Checks the options of a call of `Node.start`, whatever was given.
 *
 * @throws {SkeinError} `INVALID` a line for each that is wrong: its name, what was given, what is wanted.
 */
export function checkShape(options: unknown): asserts options is NodeOptions {
  refuse('Node.start', nodeOptions(options, wholeCall))
}
