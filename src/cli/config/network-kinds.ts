import { isIP } from 'node:net'
import { formatHostPort, type HostPort, parseHostPort } from '../../base/address.ts'
import { labelProblem } from '../../base/label.ts'
import { isPeerId, type PeerId } from '../../base/peer-id.ts'
import { isRule, type Rule } from '../../base/policy.ts'
import { isTable, type Kind, kindOf, listOf, textWhere } from './kinds.ts'

/** A peer to dial: where, and who must answer if that is known. */
export interface PeerTarget extends HostPort {
  readonly id?: PeerId
}

/** An alias: the text it stands for, and who may use it. */
export interface Alias {
  readonly run: string
  /** Absent: `known`, `member` and `local`. */
  readonly allow?: readonly Rule[]
}

/** A peer's whole ID. */
export const peerIdKind: Kind<PeerId> = kindOf(
  'a peer ID (52 characters, see skein id)',
  (value) => (isPeerId(value) ? value : undefined),
)

/** A label. */
export const labelKind: Kind<string> = textWhere(
  'a label (1 to 32 of a-z, 0-9, "-", "_" and "."; never only digits, never "all")',
  (text) => labelProblem(text) === undefined,
)

/** A host to listen on. */
export const hostKind: Kind<string> = textWhere(
  'a host name or an IP address without brackets',
  (text) => /^[^\s[\]/]+$/.test(text),
)

/** A domain name, such as `skein.example.org`. */
export const domainNameKind: Kind<string> = textWhere(
  'a domain name such as skein.example.org',
  (text) =>
    text.length <= 240 && /^(?!-)[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*\.?$/.test(text),
)

/** A DNS server: an address, with a port if it is not 53. */
export const dnsServerKind: Kind<string> = textWhere(
  'the address of a DNS server, such as 192.0.2.53, "192.0.2.53:5353" or "[2001:db8::53]:5353"',
  (text) => {
    const host = isIP(text) === 0 ? parseHostPort(text)?.host : text
    return host !== undefined && isIP(host) !== 0
  },
)

/** One item of `network.peers`. */
export const peerTargetKind: Kind<PeerTarget> = kindOf(
  '"host:port" or { host, port, id } (id may be left out)',
  (value) => (typeof value === 'string' ? parseHostPort(value) : readTarget(value)),
)

function readTarget(value: unknown): PeerTarget | undefined {
  if (!isTable(value)) return undefined
  const { host, port, id, ...unknown } = value
  if (typeof host !== 'string' || typeof port !== 'number') return undefined
  if (Object.keys(unknown).length > 0 || !(id === undefined || isPeerId(id))) return undefined
  const target = parseHostPort(formatHostPort({ host: host.replace(/^\[(.*)\]$/, '$1'), port }))
  return target && (id === undefined ? target : { ...target, id })
}

/** One item of an `allow` list. */
export const ruleKind: Kind<Rule> = kindOf('"role:NAME" or "peer:ID"', (value) =>
  typeof value === 'string' && isRule(value) ? value : undefined,
)

const rulesKind = listOf(ruleKind)

/** The value of an alias: its text, or a table with the text and who may use it. */
export const aliasKind: Kind<Alias> = kindOf(
  'a command, or { run = "command", allow = ["role:NAME", "peer:ID"] }',
  (value) => {
    if (typeof value === 'string') return isCommandText(value) ? { run: value } : undefined
    if (!isTable(value)) return undefined
    const { run, allow, ...unknown } = value
    if (!isCommandText(run) || Object.keys(unknown).length > 0) return undefined
    if (allow === undefined) return { run }
    const rules = rulesKind.read(allow)
    return 'value' in rules ? { run, allow: rules.value } : undefined
  },
)

function isCommandText(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== ''
}

/** What a command may be called: one word that no prompt takes for something else. */
export const commandNameKind: Kind<string> = textWhere(
  'a name (1 to 64 characters, no spaces, quotes or backslashes; "@" or "-" not first)',
  (text) => /^(?![@-])[^\s"'\\\p{C}]{1,64}$/u.test(text),
)

const builtInRoles = ['owner', 'known', 'member', 'local', 'anyone']

/** What a role of `[roles]` may be called. */
export const roleNameKind: Kind<string> = textWhere(
  `a role name (1 to 32 of a-z, 0-9, "-", "_" and "."; none of ${builtInRoles.join(', ')})`,
  (text) => isRule(`role:${text}`) && !builtInRoles.includes(text),
)
