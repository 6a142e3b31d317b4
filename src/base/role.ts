/** Roles that a pass cannot give: they follow from something else. */
export const builtinRoles: ReadonlySet<string> = new Set([
  'owner',
  'known',
  'member',
  'local',
  'anyone',
])

/** Roles that a pass can hold: more, and a record would not hold the pass. */
export const maxPassRoles = 8
const rolePattern = /^[a-z0-9][a-z0-9._-]{0,31}$/

/** Why `role` cannot be given by a pass, or `undefined` when it can. */
export function roleProblem(role: string): string | undefined {
  if (builtinRoles.has(role)) return `'${role}' follows from something else and cannot be given`
  if (!rolePattern.test(role)) return 'a role is 1 to 32 of a-z, 0-9, ".", "_" and "-"'
  return undefined
}
