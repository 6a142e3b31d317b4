/**
 * What in the options of a node is allowed and yet most likely a mistake: told in the log at the start,
 * so that its owner need not wait for the first caller to find out.
 */
import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { nearestWord } from '../base/text.ts'
import { builtinRoles } from '../base/role.ts'
import type { NodeOptions } from './options.ts'

/**
 * A line for each program that cannot be run, and for each role that nobody can have, or that is a slip
 * of the pen. A role that `[roles]` has not is as good as any where a pass can give it.
 *
 * @param hasPasses - Whether the node belongs to a network with passes.
 */
export function findDoubts(
  { programs = {}, commands = {}, roles = {} }: NodeOptions,
  { hasPasses }: { readonly hasPasses: boolean },
): string[] {
  const missing = Object.entries(programs).flatMap(([name, { file }]) =>
    canRun(file) ? [] : [`programs.${name}: ${file} is not there, or may not be run`],
  )
  const known = [...builtinRoles, ...Object.keys(roles)]
  const lists = [
    ...Object.entries(programs).map(([name, { allow }]) => [`programs.${name}`, allow] as const),
    ...Object.entries(commands).map(([name, alias]) => {
      return [`commands.${name}`, typeof alias === 'string' ? undefined : alias.allow] as const
    }),
  ]
  const unknown = lists.flatMap(([key, allow = []]) =>
    allow.flatMap((rule) => {
      const role = /^role:(.*)$/.exec(rule)?.[1]
      if (role === undefined || known.includes(role)) return []
      const nearest = nearestWord(role, known)
      if (hasPasses && nearest === undefined) return []
      const hint = nearest === undefined ? '' : `; did you mean role:${nearest}?`
      const passes = hasPasses
        ? 'only a pass can give it'
        : 'and this node is in no network whose passes could give it'
      return [`${key} is allowed to ${rule}, which [roles] has not, ${passes}${hint}`]
    }),
  )
  return [...missing, ...unknown]
}

/** Tells whether a program can be started by this process now; a bare name is looked for in PATH. */
function canRun(file: string): boolean {
  if (process.platform === 'win32') return true // PATHEXT decides there: found out when it is run.
  const folders = file.includes('/') ? [''] : (process.env['PATH'] ?? '').split(delimiter)
  return folders.some((folder) => isExecutable(folder === '' ? file : join(folder, file)))
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return statSync(file).isFile()
  } catch {
    return false
  }
}
