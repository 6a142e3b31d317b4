import type { Rule } from '../../base/policy.ts'
import type { PeerId } from '../../base/peer-id.ts'
import type { MailSettings, NodeLimits, TopicSettings } from '../../node/options.ts'
import { type LimitName, limitNames } from './limits.ts'
import { defaultTopicOptions } from '../../topic/options.ts'
import type { Entry } from './merge.ts'
import type { Alias, PeerTarget } from './network-kinds.ts'
import { type SettingKey, type SettingValue, settings } from './settings.ts'

/** A program that peers may run. */
export interface Program {
  /** A name to be found on the PATH, or an absolute path. */
  readonly file: string
  readonly args: readonly string[]
  /** Absent: `known`, `member` and `local`. */
  readonly allow?: readonly Rule[]
  /** What happens to arguments that a caller adds. */
  readonly arguments: 'refuse' | 'append'
  readonly stdin: boolean
  readonly timeoutMs: number
  readonly maxOutputBytes: number
}

/** Where a node reads and writes. All are absolute; none need exist. */
export interface Folders {
  readonly config: string
  readonly data: string
  /** The control socket, or the name of the pipe on Windows. */
  readonly controlPath: string
}

/** Everything that is configured: checked, complete and frozen. */
export interface Config {
  readonly profile: string
  readonly folders: Folders
  readonly network: {
    readonly label: string
    readonly listen: { readonly host: string; readonly port: number; readonly enabled: boolean }
    /** Those of `network.peers`, then those of `network.target.path`; no address twice. */
    readonly peers: readonly PeerTarget[]
    readonly mesh: boolean
    readonly admit: SettingValue<'network.admit'>
  }
  readonly discovery: {
    readonly lan: { readonly enabled: boolean; readonly port: number }
    readonly mdns: { readonly enabled: boolean }
    readonly dns: {
      readonly enabled: boolean
      readonly names: readonly string[]
      readonly servers: readonly string[]
    }
    readonly open: boolean
  }
  /** IDs by label. */
  readonly known: ReadonlyMap<string, PeerId>
  /** Who has a role, by its name. */
  readonly roles: ReadonlyMap<string, readonly PeerId[]>
  readonly commands: {
    readonly builtin: SettingValue<'commands.builtin'>
    readonly aliases: ReadonlyMap<string, Alias>
  }
  readonly programs: ReadonlyMap<string, Program>
  readonly prompt: { readonly enabled: boolean }
  readonly web: {
    readonly enabled: boolean
    readonly host: string
    readonly port: number
    readonly origins: readonly string[]
    readonly metrics: SettingValue<'web.metrics'>
  }
  readonly mail: MailSettings
  readonly topics: TopicSettings
  readonly log: { readonly level: SettingValue<'log.level'> }
  readonly limits: NodeLimits
  /** Every value with where it came from, for `skein config`. */
  readonly origins: readonly Entry[]
}

/** What a configuration is put together from. */
export interface Parts {
  readonly profile: string
  readonly folders: Folders
  /** Merged and checked, with a label. */
  readonly entries: ReadonlyMap<string, Entry>
  /** From `network.target.path`. */
  readonly targets: readonly PeerTarget[]
}

/** Turns checked entries into the typed, frozen value. */
export function assembleConfig({ profile, folders, entries, targets }: Parts): Config {
  const get = <Key extends SettingKey>(key: Key): SettingValue<Key> =>
    entries.get(key)?.value as SettingValue<Key>
  const config: Config = {
    profile,
    folders,
    network: {
      label: get('network.label'),
      listen: {
        host: get('network.listen.host'),
        port: get('network.listen.port'),
        enabled: get('network.listen.enabled'),
      },
      peers: withoutRepeats([...get('network.peers'), ...targets]),
      mesh: get('network.mesh'),
      admit: get('network.admit'),
    },
    discovery: {
      lan: { enabled: get('discovery.lan.enabled'), port: get('discovery.lan.port') },
      mdns: { enabled: get('discovery.mdns.enabled') },
      dns: {
        enabled: get('discovery.dns.enabled'),
        names: get('discovery.dns.names'),
        servers: get('discovery.dns.servers'),
      },
      open: get('discovery.open'),
    },
    known: namedValues(entries, 'known.*'),
    roles: namedValues(entries, 'roles.*'),
    commands: { builtin: get('commands.builtin'), aliases: namedValues(entries, 'commands.*') },
    programs: assemblePrograms(entries),
    prompt: { enabled: get('prompt.enabled') },
    web: {
      enabled: get('web.enabled'),
      host: get('web.host'),
      port: get('web.port'),
      origins: get('web.origins'),
      metrics: get('web.metrics'),
    },
    mail: assembleMail(get),
    topics: assembleTopics(get, namedValues(entries, 'topics.writers.*')),
    log: { level: get('log.level') },
    limits: assembleLimits((name) => get(`limits.${name}`)),
    origins: [...entries.values()],
  }
  return deepFreeze(config)
}

/** The values of a row with `*`, by the name that stands there. */
export function namedValues<Key extends SettingKey>(
  entries: ReadonlyMap<string, Entry>,
  row: Key,
): ReadonlyMap<string, SettingValue<Key>> {
  const ofRow = [...entries.values()].filter((entry) => entry.setting === row)
  return new Map(ofRow.map((entry) => [entry.name, entry.value as SettingValue<Key>]))
}

function assemblePrograms(entries: ReadonlyMap<string, Entry>): ReadonlyMap<string, Program> {
  const programs = new Map<string, Program>()
  for (const [name, file] of namedValues(entries, 'programs.*.file')) {
    const get = <Key extends SettingKey>(row: Key): SettingValue<Key> =>
      namedValues(entries, row).get(name) ?? (settings[row].fallback as SettingValue<Key>)
    const { allow, ...rest }: Program = {
      file,
      args: get('programs.*.args'),
      allow: get('programs.*.allow'),
      arguments: get('programs.*.arguments'),
      stdin: get('programs.*.stdin'),
      timeoutMs: get('programs.*.timeoutMs'),
      maxOutputBytes: get('programs.*.maxOutputBytes'),
    }
    programs.set(name, allow === undefined ? rest : { ...rest, allow })
  }
  return programs
}

function assembleMail(get: <Key extends SettingKey>(key: Key) => SettingValue<Key>): MailSettings {
  const dayMs = 86_400_000
  const heldBytes = get('mail.holdMb') * 2 ** 20
  return {
    allow: get('mail.allow'),
    wallAllow: get('wall.allow'),
    options: {
      keepMs: get('mail.keepDays') * dayMs,
      keepBytes: get('mail.keepMb') * 2 ** 20,
      wallKeepMs: get('wall.keepDays') * dayMs,
      heldBytes,
      heldPerCarrierBytes: heldBytes / 4, // As the defaults relate.
      heldPerRecipientBytes: heldBytes / 8,
      heldPerAuthorBytes: heldBytes / 16,
    },
  }
}

function assembleTopics(
  get: <Key extends SettingKey>(key: Key) => SettingValue<Key>,
  writers: ReadonlyMap<string, readonly Rule[]>,
): TopicSettings {
  const { storeBytes, storeCount, takeAtOnce, takePerSecond } = defaultTopicOptions
  const bytes = get('topics.keepMb') * 2 ** 20
  const perSecond = get('topics.authorPerSecond')
  return {
    allow: get('topics.allow'),
    writers: Object.fromEntries(writers),
    options: {
      keepMs: get('topics.keepHours') * 3_600_000,
      storeBytes: bytes,
      storeCount: (bytes / storeBytes) * storeCount, // As the defaults relate.
      takePerSecond: perSecond,
      takeAtOnce: (perSecond / takePerSecond) * takeAtOnce,
    },
  }
}

function assembleLimits(get: (name: LimitName) => number): NodeLimits {
  return Object.fromEntries(limitNames.map((name) => [name, get(name)])) as unknown as NodeLimits
}

function withoutRepeats(targets: readonly PeerTarget[]): readonly PeerTarget[] {
  const seen = new Map<string, PeerTarget>()
  for (const target of targets) {
    const key = `${target.host} ${target.port}`
    if (!seen.has(key)) seen.set(key, target)
  }
  return [...seen.values()]
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  for (const inner of value instanceof Map ? value.values() : Object.values(value))
    deepFreeze(inner)
  return Object.freeze(value)
}
