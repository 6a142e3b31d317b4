/** Who may run what, decided on the name that was asked for; rules are those of `base/policy`. */
import { SkeinError } from '../base/errors.ts'
import { findRule, isRule, type Rule, type Subject } from '../base/policy.ts'

/** Everyone who is admitted: `calc`, `echo` and `help`. */
export const forAnyone: readonly Rule[] = ['role:anyone']

/** Whoever was introduced: what holds for a command without `allow`. */
export const forIntroduced: readonly Rule[] = ['role:known', 'role:member', 'role:local']

/** Tells whether `subject` may run what `allow` is for. The owner may everything. */
export function mayRun(allow: readonly Rule[], subject: Subject): boolean {
  return allow.includes('role:anyone') || findRule(allow, subject) !== undefined
}

/** The refusal of a command: it names who asked, the rules, and what to do. */
export function denied(name: string, allow: readonly Rule[], subject: Subject): SkeinError {
  const whom = allow.length === 0 ? 'its owner only' : allow.join(', ')
  const advice =
    allow.length === 0
      ? 'ask the owner to add a role or peer to its allow'
      : `ask the owner for one of these roles, or to add ${describe(subject)} to its allow`
  return new SkeinError(
    'DENIED',
    `${subject.name} may not run '${name}': it is for ${whom}; ${advice}`,
  )
}

/**
 * Checks the rules of a command when it is registered.
 *
 * @throws {SkeinError} `CONFIG_INVALID` one is neither `role:NAME` nor `peer:ID`.
 */
export function checkRules(name: string, allow: readonly string[]): readonly Rule[] {
  return allow.map((rule) => {
    if (isRule(rule)) return rule
    const form = 'a rule is role:NAME or peer:ID'
    throw new SkeinError('CONFIG_INVALID', `command '${name}' is allowed to '${rule}': ${form}`)
  })
}

function describe(subject: Subject): string {
  return subject.peerId === undefined ? 'this peer' : `peer:${subject.peerId}`
}
