/**
 * Every setting there is: one row a key, with its kind, built-in default and meaning. Validation,
 * `skein config`, the nearest right key and the table of the guide all come from here.
 *
 * A `*` in a key stands for a name that the user chooses.
 */
import { admissions, builtinNames } from '../../node/options.ts'
import { listOf, oneOf, textWhere, wholeNumber, yesNo } from './kinds.ts'
import { limitSettings } from './limits.ts'
import { mailSettings } from './mail-settings.ts'
import {
  aliasKind,
  commandNameKind,
  dnsServerKind,
  domainNameKind,
  hostKind,
  labelKind,
  peerIdKind,
  peerTargetKind,
  roleNameKind,
  ruleKind,
} from './network-kinds.ts'
import { type Setting, setting } from './setting.ts'
import { topicSettings } from './topic-settings.ts'
import { webSettings } from './web-settings.ts'

/** How much is logged: pino's levels. */
const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const

const anyText = textWhere('text', () => true)
const path = textWhere('a path', (text) => !text.includes('\0'))
const someText = textWhere('text that is not empty', (text) => text !== '' && !text.includes('\0'))

const networkSettings = {
  'network.label': setting(labelKind, {
    fallback: '',
    fallbackText: 'the profile, else the host name',
    doc: 'What this node calls itself; a claim that others check against their own list',
  }),
  'network.listen.host': setting(hostKind, {
    fallback: '::',
    doc: 'The address to listen on; `::` is every address of this machine, IPv4 and IPv6',
  }),
  'network.listen.port': setting(wholeNumber(0, 65_535), {
    fallback: 14_590,
    doc: 'The TCP port to listen on; 0 takes a free one',
  }),
  'network.listen.enabled': setting(yesNo, {
    fallback: true,
    doc: 'Whether to listen at all; without it this node only dials',
  }),
  'network.peers': setting(listOf(peerTargetKind), {
    fallback: [],
    doc: 'The peers to stay connected to, in the order of their indexes',
  }),
  'network.target.path': setting(path, {
    fallback: '',
    fallbackText: 'none',
    doc: 'A JSON file with a list of `"host:port"`: more peers, after those of `network.peers`',
  }),
  'network.mesh': setting(yesNo, {
    fallback: true,
    doc: 'Whether to connect to members that nobody named: to all of a small network, to a few of a large one',
  }),
  'network.admit': setting(oneOf(admissions), {
    fallback: 'local' as const,
    doc: 'Who may connect: `known` peers, also whoever comes from this machine (`local`), or `anyone`',
  }),
}

const peopleSettings = {
  'known.*': setting(peerIdKind, {
    nameKind: labelKind,
    doc: 'A peer that is known: its label and its ID',
  }),
  'roles.*': setting(listOf(peerIdKind), {
    fallback: [],
    nameKind: roleNameKind,
    doc: 'A role of your own and the peers that have it, for the `allow` lists',
  }),
}

const discoverySettings = {
  'discovery.lan.enabled': setting(yesNo, {
    fallback: true,
    doc: 'Whether to look on the local network by UDP ping and pong; nothing is sent before this node has a network or a known peer',
  }),
  'discovery.lan.port': setting(wholeNumber(1, 65_535), {
    fallback: 14_589,
    doc: 'The UDP port of that; all who shall find each other use the same',
  }),
  'discovery.mdns.enabled': setting(yesNo, {
    fallback: true,
    doc: 'Whether to be found, and to look, as `_skein._tcp` by multicast DNS (DNS-SD)',
  }),
  'discovery.dns.enabled': setting(yesNo, {
    fallback: true,
    doc: 'Whether to look behind the names of `discovery.dns.names`',
  }),
  'discovery.dns.names': setting(listOf(domainNameKind), {
    fallback: [],
    doc: 'Domain names whose records (`SRV _skein._tcp.NAME`, or `TXT` with `skein=host:port`) name first peers',
  }),
  'discovery.dns.servers': setting(listOf(dnsServerKind), {
    fallback: [],
    fallbackText: "this machine's",
    doc: 'The DNS servers to ask for them, as addresses, with a port if it is not 53',
  }),
  'discovery.open': setting(yesNo, {
    fallback: false,
    doc: 'Whether to show label and ID to everybody on the local network; without it strangers see that a node is there, not which',
  }),
}

const commandSettings = {
  'commands.builtin': setting(listOf(oneOf(builtinNames)), {
    fallback: builtinNames,
    doc: 'The built-in commands that peers may use; `[]` takes them all away',
  }),
  'commands.*': setting(aliasKind, {
    nameKind: commandNameKind,
    doc: 'An alias: the command it stands for, with `$1` and `$*` for its arguments',
  }),
  'programs.*.file': setting(someText, {
    nameKind: commandNameKind,
    doc: 'A program that peers may run; with a `/` it is relative to the file that names it',
  }),
  'programs.*.args': setting(listOf(anyText), {
    fallback: [],
    doc: 'Its fixed arguments; there is never a shell',
  }),
  'programs.*.allow': setting(listOf(ruleKind), {
    fallbackText: '`["role:known", "role:member", "role:local"]`',
    doc: 'Who may run it',
  }),
  'programs.*.arguments': setting(oneOf(['refuse', 'append'] as const), {
    fallback: 'refuse' as const,
    doc: 'What happens to arguments that a caller adds',
  }),
  'programs.*.stdin': setting(yesNo, {
    fallback: false,
    doc: 'Whether a caller may send it input',
  }),
  'programs.*.timeoutMs': setting(wholeNumber(1, 2 ** 31 - 1), {
    fallback: 3_600_000, // Guess: an hour; a backup ends, what hangs does not stay for ever.
    doc: 'It is ended after this long',
  }),
  'programs.*.maxOutputBytes': setting(wholeNumber(0, 2 ** 40), {
    fallback: 2 ** 30, // Guess: it is passed on as it comes, nothing waits in memory.
    doc: 'It is ended when it has written this much',
  }),
}

const programSettings = {
  'prompt.enabled': setting(yesNo, {
    fallback: true,
    doc: 'Whether `skein up` reads commands from its input; `--no-prompt` turns it off',
  }),
  'log.level': setting(oneOf(logLevels), {
    fallback: 'info' as const,
    doc: 'The least important messages that are still logged',
  }),
}

/** Every setting, by key. */
export const settings = {
  ...networkSettings,
  ...peopleSettings,
  ...discoverySettings,
  ...commandSettings,
  ...programSettings,
  ...webSettings,
  ...mailSettings,
  ...topicSettings,
  ...limitSettings,
}

/** A key of the table, with `*` where the user chooses a name. */
export type SettingKey = keyof typeof settings

/** What a setting's value is. */
export type SettingValue<Key extends SettingKey> =
  (typeof settings)[Key] extends Setting<infer Value> ? Value : never

/** All keys, in the order of the table. */
export const settingKeys = Object.keys(settings) as readonly SettingKey[]
