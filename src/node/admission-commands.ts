/** Commands of the owner that change who may connect, and who is a member. */
import { parseDuration } from '../base/duration.ts'
import { SkeinError, toSkeinError } from '../base/errors.ts'
import { shortPeerId } from '../base/peer-id.ts'
import { isJson, readWords, required } from './command-words.ts'
import { formatOutsiders } from './invite-words.ts'
import { formatDeparture, formatLeavePreview } from './leave-words.ts'
import { formatTime } from './standing.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { Rule } from '../base/policy.ts'
import type { Command } from '../command/command.ts'
import type { Departure, LeavePreview } from './departure.ts'
import type { Affiliated } from './affiliated.ts'
import type { InviteOptions, Invited } from './enrolment.ts'

/** What these commands ask of their node. */
export interface AdmissionHost {
  readonly id: PeerId
  resolve(name: string): PeerId
  nameOf(id: PeerId): string
  allow(id: PeerId, label?: string): Promise<string>
  deny(id: PeerId): Promise<void>
  invite(options: InviteOptions): Promise<Invited>
  join(ticket: string, options: { readonly signal?: AbortSignal }): Promise<Affiliated>
  forget(id: PeerId): Promise<{ readonly wasMember: boolean }>
  previewLeave(): LeavePreview
  leave(options: { readonly forgetsKey: boolean }): Promise<Departure>
}

const forOwner: readonly Rule[] = [] // The owner may everything; nobody else is named.
const inviteUsage = 'invite [LABEL] [--role NAME]… [--expires TIME] [--within TIME]'

/** See the file's head. */
export function admissionCommands(node: AdmissionHost): Readonly<Record<string, Command>> {
  return {
    allow: {
      summary: 'Put a peer on the known list',
      usage: 'allow ID [LABEL]',
      allow: forOwner,
      async run({ args: [name, label] }) {
        const id = resolveForList(node, required(name, 'allow ID [LABEL]'))
        const given = await node.allow(id, label)
        if (label !== undefined) return `${given} is known from now on`
        return `${given} is known from now on; to call it otherwise: skein allow ${given} LABEL`
      },
    },
    deny: {
      summary: 'Shut a peer out',
      usage: 'deny ID|LABEL',
      allow: forOwner,
      async run({ args: [name] }) {
        const id = resolveForList(node, required(name, 'deny ID|LABEL'))
        const shown = node.nameOf(id)
        await node.deny(id)
        return `${shown} is shut out from now on`
      },
    },
    forget: {
      summary: "Take a peer's pass back, and forget it",
      usage: 'forget ID|LABEL',
      allow: forOwner,
      async run({ args: [name] }) {
        const id = resolveForList(node, required(name, 'forget ID|LABEL'))
        const shown = node.nameOf(id)
        const { wasMember } = await node.forget(id)
        return wasMember
          ? `${shown} is no member of the network any more; a new ticket lets it in again`
          : `${shown} is forgotten; it had no pass of the network`
      },
    },
    invite: {
      summary: 'Make a ticket that lets one node into the network of this one',
      usage: inviteUsage,
      allow: forOwner,
      run: ({ args }) => invite(node, args),
    },
    join: {
      summary: 'Join the network of a ticket',
      usage: 'join TICKET',
      allow: forOwner,
      async run({ args: [ticket, ...rest], signal }) {
        const hasJson = isJson(rest)
        const joined = await node.join(required(ticket, 'join TICKET'), { signal })
        return hasJson ? JSON.stringify(joined) : formatJoined(joined)
      },
    },
    leave: {
      summary: 'Leave the network; without --yes, say what that would do',
      usage: 'leave [--yes] [--forget-key]',
      allow: forOwner,
      run: ({ args }) => leave(node, args),
    },
  }
}

/** Who is meant, where a peer that nobody has met can be named only by its whole ID. */
function resolveForList(node: AdmissionHost, written: string): PeerId {
  const name = written.replace(/^@/, '')
  try {
    return node.resolve(name)
  } catch (thrown) {
    const { code, message } = toSkeinError(thrown)
    if (code !== 'PEER_UNKNOWN') throw thrown
    const form = 'no peer ID either (52 of a-z and 2-7, in small letters)'
    const advice = 'write the line that skein id prints on that node, or a name from: skein peers'
    throw new SkeinError(code, `${message}, and that is ${form}; ${advice}`, { cause: thrown })
  }
}

async function leave(node: AdmissionHost, args: readonly string[]): Promise<string> {
  const flags = new Set(args)
  for (const known of ['--yes', '--forget-key']) flags.delete(known)
  const hasJson = isJson([...flags])
  const preview = node.previewLeave()
  if (!args.includes('--yes')) {
    if (hasJson) return JSON.stringify(preview)
    const text = formatLeavePreview(preview, true)
    return preview.network === undefined ? text : `${text}\nTo do it, write: leave --yes`
  }
  const departure = await node.leave({ forgetsKey: args.includes('--forget-key') })
  return hasJson ? JSON.stringify(departure) : formatDeparture(departure, preview.label, true)
}

/** What this node is in its network, on a line; what is wrong with it and what to do on two more. */
export function formatAffiliated({
  network,
  label,
  roles,
  expiresMs,
  canInvite,
  standing,
  notice,
}: Affiliated): string {
  const parts = [`${shortPeerId(network)} as ${label}`]
  if (roles.length > 0) parts.push(`roles ${roles.join(', ')}`)
  if (expiresMs > 0) parts.push(`pass until ${formatTime(expiresMs)}`)
  if (canInvite) parts.push('holds its key')
  if (standing === 'out') parts.push('OUT')
  const lines = notice === undefined ? [] : notice.split('; ')
  return [parts.join('; '), ...lines.map((line) => `         ${line}`)].join('\n')
}

async function invite(node: AdmissionHost, args: readonly string[]): Promise<string> {
  const flags = ['role', 'expires', 'within']
  const { words, isJson: hasJson, values } = readWords(args, flags, { most: 1, usage: inviteUsage })
  const [label] = words
  const [passMs, ticketMs] = [
    readTime('expires', values('expires')),
    readTime('within', values('within')),
  ]
  const invited = await node.invite({
    ...(label !== undefined && { label }),
    roles: values('role'),
    ...(passMs !== undefined && { passMs }),
    ...(ticketMs !== undefined && { ticketMs }),
  })
  if (hasJson) return JSON.stringify(invited)
  const until = formatTime(invited.expiresMs)
  const outsiders = formatOutsiders(invited)
  return [
    `This ticket lets one node into network ${shortPeerId(invited.network)}, until ${until}:`,
    invited.ticket,
    'There: skein join TICKET',
    ...(outsiders === undefined ? [] : [outsiders]),
  ].join('\n')
}

function readTime(flag: string, values: readonly string[]): number | undefined {
  const text = values.at(-1)
  if (text === undefined) return undefined
  const timeMs = parseDuration(text)
  if (timeMs !== undefined) return timeMs
  throw new SkeinError('INVALID', `--${flag} must be a time such as 2h or 30d, not '${text}'`)
}

function formatJoined(joined: Affiliated): string {
  const { network, label, expiresMs } = joined
  const until = expiresMs === 0 ? 'for good' : `until ${formatTime(expiresMs)}`
  const roles = joined.roles.length === 0 ? '' : `, with the roles ${joined.roles.join(', ')}`
  return `Joined network ${shortPeerId(network)} as ${label}, ${until}${roles}`
}
