/** Reads the words of the owner's commands. */
import { SkeinError } from '../base/errors.ts'

/** The word that a command cannot do without. @throws {SkeinError} `INVALID` it is missing. */
export function required(word: string | undefined, usage: string): string {
  if (word === undefined || word === '') throw new SkeinError('INVALID', `write: ${usage}`)
  return word
}

/** Whether `--json`, and nothing else, was given. @throws {SkeinError} `INVALID` something else was. */
export function isJson(args: readonly string[]): boolean {
  if (args.length === 0) return false
  if (args.length === 1 && args[0] === '--json') return true
  const words = args.join(' ').slice(0, 64)
  throw new SkeinError('INVALID', `it takes nothing but --json, not '${words}'`)
}

/** Words, and flags with their values; `--json` has none. */
export interface Words {
  readonly words: readonly string[]
  readonly isJson: boolean
  /** All values of a flag, in order. */
  readonly values: (flag: string) => readonly string[]
}

/**
 * Takes words and `--flag value` apart.
 *
 * @throws {SkeinError} `INVALID` an unknown flag, one without a value, or too many words.
 */
export function readWords(
  args: readonly string[],
  known: readonly string[],
  { most, usage }: { readonly most: number; readonly usage: string },
): Words {
  const words: string[] = []
  const values = new Map<string, string[]>()
  const rest = args.filter((word) => word !== '--json')
  for (let at = 0; at < rest.length; at++) {
    const word = rest[at] ?? ''
    if (!word.startsWith('--')) words.push(word)
    else if (known.includes(word.slice(2))) {
      const value = required(rest[++at], usage)
      values.set(word.slice(2), [...(values.get(word.slice(2)) ?? []), value])
    } else throw new SkeinError('INVALID', `unknown flag ${word}; write: ${usage}`)
  }
  if (words.length > most) throw new SkeinError('INVALID', `too many words; write: ${usage}`)
  const hasJson = rest.length < args.length
  return { words, isJson: hasJson, values: (flag) => values.get(flag) ?? [] }
}
