import type { PeerId } from './peer-id.ts'

/**
 * Who may do what: every right is given by a list of rules, and a refusal names the rule.
 *
 * Built-in roles: `owner` (control socket and prompt: everything), `known` (listed), `member` (by a
 * pass), `local` (from loopback), `anyone`; the rest are names from `[roles]` or from a pass.
 */
export interface Subject {
  /** The proved identity; absent for the owner at the control socket. */
  readonly peerId?: PeerId
  /** As shown to people, in logs and to programs. */
  readonly name: string
  readonly roles: ReadonlySet<string>
}

/** `role:NAME` or `peer:ID`. */
export type Rule = `role:${string}` | `peer:${string}`

/** Tells whether `text` has the form of a {@link Rule}. */
export function isRule(text: string): text is Rule {
  return /^role:[a-z0-9][a-z0-9._-]{0,31}$/.test(text) || /^peer:[a-z2-7]{52}$/.test(text)
}

/** The rule of `allow` that lets `subject` in, or `undefined`. The owner needs none. */
export function findRule(allow: readonly Rule[], subject: Subject): Rule | undefined {
  if (subject.roles.has('owner')) return 'role:owner'
  return allow.find((rule) =>
    rule.startsWith('role:')
      ? subject.roles.has(rule.slice('role:'.length))
      : rule.slice('peer:'.length) === subject.peerId,
  )
}

/** The owner of the node, at the prompt or the control socket. */
export const owner: Subject = { name: 'owner', roles: new Set(['owner']) }
