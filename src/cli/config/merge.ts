/**
 * Lays layers over each other and checks every value against the table of settings.
 *
 * A later source replaces what an earlier one set for the same key; lists are replaced whole, tables
 * of names (`[commands]`, `[known]`, …) grow name by name.
 */
import { nearestWord } from '../../base/text.ts'
import { formatKey } from './key-path.ts'
import { isTable } from './kinds.ts'
import { formatOrigin, type Origin, type Source } from './layers.ts'
import type { Setting } from './setting.ts'
import { type SettingKey, settingKeys, settings } from './settings.ts'

/** A value with its key and where it came from. */
export interface Entry {
  /** As in `network.listen.port` or `commands.add`. */
  readonly key: string
  /** The row of the table it belongs to, such as `commands.*`. */
  readonly setting: SettingKey
  /** What the user chose for the `*`; '' in rows that have none. */
  readonly name: string
  readonly value: unknown
  readonly origin: Origin
  /** The folder that a relative path in it starts from; '' for built-in values. */
  readonly folder: string
}

/** What the layers come to. */
export interface Merged {
  /** By key, in the order of the table. */
  readonly entries: ReadonlyMap<string, Entry>
  /** One line each: where, key, what is allowed. */
  readonly problems: readonly string[]
}

/** Merges sources, lowest first, over the built-in defaults. */
export function mergeSources(sources: readonly Source[]): Merged {
  const found = new Map<string, Entry>()
  const problems: string[] = []
  for (const source of sources) {
    const walk = new Walk(source, found)
    walk.enter([], source.tree)
    problems.push(...walk.problems)
  }
  return { entries: inOrder(found), problems }
}

/** Adds the built-in defaults and sorts by the order of the table, then by first appearance. */
function inOrder(found: ReadonlyMap<string, Entry>): ReadonlyMap<string, Entry> {
  const entries = new Map<string, Entry>()
  for (const key of settingKeys) {
    const ofRow = [...found.values()].filter((entry) => entry.setting === key)
    if (ofRow.length === 0 && !key.includes('*')) entries.set(key, builtIn(key))
    for (const entry of ofRow) entries.set(entry.key, entry)
  }
  return entries
}

function builtIn(key: SettingKey): Entry {
  const origin: Origin = { layer: 'built-in' }
  return { key, setting: key, name: '', value: settings[key].fallback, origin, folder: '' }
}

/** One source on its way into the table. */
class Walk {
  readonly problems: string[] = []
  readonly #source: Source
  readonly #found: Map<string, Entry>

  constructor(source: Source, found: Map<string, Entry>) {
    this.#source = source
    this.#found = found
  }

  enter(path: readonly string[], value: unknown): void {
    const key = settingKeys.find((candidate) => isMatch(candidate.split('.'), path))
    if (key !== undefined) this.#take(key, path, value)
    else if (nextSegments(path).length === 0) this.#reportUnknown(path)
    else if (isTable(value))
      for (const [segment, inner] of Object.entries(value)) this.enter([...path, segment], inner)
    else this.#report(path, `must be a table with ${nextSegments(path).join(', ')}`)
  }

  #take(key: SettingKey, path: readonly string[], value: unknown): void {
    const row: Setting<unknown> = settings[key]
    const name = path[key.split('.').indexOf('*')] ?? ''
    const naming = row.nameKind?.read(name) ?? { value: name }
    const reading = this.#read(row, value)
    if ('problem' in naming) this.#report(path, `has a wrong name: it ${naming.problem}`)
    else if ('problem' in reading) this.#report(path, reading.problem)
    else {
      const place = { key: formatKey(path), setting: key, name, folder: this.#source.folder }
      this.#found.set(place.key, {
        ...place,
        value: reading.value,
        origin: this.#source.originOf(path),
      })
    }
  }

  /** Reads the value; where it came as text, the text itself or its parts may be what is meant. */
  #read(row: Setting<unknown>, value: unknown): ReturnType<Setting<unknown>['read']> {
    const reading = row.read(value)
    const { text } = this.#source
    if ('value' in reading || text === undefined || isTable(value)) return reading
    const retried = row.read(row.isList && typeof value === 'string' ? text.split(',') : text)
    return 'value' in retried ? retried : reading
  }

  #reportUnknown(path: readonly string[]): void {
    const nearest = nearestKey(path)
    const allowed = `allowed are ${nextSegments(path.slice(0, -1)).join(', ')}`
    const hint = nearest === undefined ? allowed : `did you mean ${this.#spell(nearest)}?`
    const where = formatOrigin(this.#source.originOf(path))
    this.problems.push(`${where}: unknown key ${formatKey(path)}; ${hint}`)
  }

  /** Notes a problem that completes the sentence "KEY …". */
  #report(path: readonly string[], problem: string): void {
    const where = formatOrigin(this.#source.originOf(path))
    const key = this.#spell(path)
    this.problems.push(where.endsWith(key) ? `${where} ${problem}` : `${where}: ${key} ${problem}`)
  }

  #spell(path: readonly string[]): string {
    const key = formatKey(path)
    return this.#source.spell?.(key) ?? key
  }
}

function isMatch(pattern: readonly string[], path: readonly string[]): boolean {
  return pattern.length === path.length && isStart(pattern, path)
}

function isStart(pattern: readonly string[], path: readonly string[]): boolean {
  return path.every((segment, index) => pattern[index] === '*' || pattern[index] === segment)
}

/** What may follow `path` in the table; a name of the user's choice is `NAME`. */
function nextSegments(path: readonly string[]): readonly string[] {
  const longer = settingKeys.map((key) => key.split('.')).filter((key) => key.length > path.length)
  const next = longer.filter((key) => isStart(key, path)).map((key) => key[path.length] ?? '')
  return [...new Set(next)].map((segment) => (segment === '*' ? 'NAME' : segment))
}

function isOf([table = '']: readonly string[], key: string): boolean {
  return key.startsWith(`${table}.`)
}

/** The key that an unknown one most likely meant: a near spelling, or the same word elsewhere. */
function nearestKey(path: readonly string[]): readonly string[] | undefined {
  const parent = path.slice(0, -1)
  const last = path.at(-1) ?? ''
  const near = nearestWord(last, nextSegments(parent))
  if (near !== undefined) return [...parent, near]
  const all = settingKeys.filter((key) => !key.includes('*'))
  // Of two keys with the same last word, that of the table which was meant.
  const plain = all.toSorted((a, b) => Number(isOf(path, a)) - Number(isOf(path, b)))
  const lastWords = new Map(plain.map((key) => [key.split('.').at(-1) ?? '', key]))
  const elsewhere = lastWords.get(last) ?? nearestWord(formatKey(path), plain)
  return (elsewhere ?? lastWords.get(nearestWord(last, lastWords.keys()) ?? ''))?.split('.')
}
