/**
 * The layers of a configuration, as trees that say where each value stands:
 *
 *   built-in ← default.toml ← PROFILE.toml ← environment ← -s
 *              └──── or one JSON file ────┘
 *
 * This file turns texts, variables and arguments into {@link Source}s; `merge.ts` lays them over each
 * other. Nothing here reads a file.
 */
import { parse, TomlError } from 'smol-toml'
import { nearestWord } from '../../base/text.ts'
import { jsonLines } from './json-lines.ts'
import { formatKey, splitKey } from './key-path.ts'
import { isTable } from './kinds.ts'
import { tomlLines } from './toml-lines.ts'

/** Where a value came from, lowest first; `file` is a single JSON file. */
export type Layer = 'built-in' | 'default' | 'profile' | 'file' | 'environment' | 'argument'

/** Where exactly a value came from. */
export interface Origin {
  readonly layer: Layer
  /** As shown to people: relative to the current folder where it lies below it. */
  readonly file?: string
  readonly line?: number
  /** The variable, the argument, or what a computed value was made from. */
  readonly detail?: string
}

/** Some values of one layer. */
export interface Source {
  readonly layer: Layer
  /** The absolute folder that relative paths in it start from. */
  readonly folder: string
  readonly tree: Record<string, unknown>
  readonly originOf: (key: readonly string[]) => Origin
  /** How its user spells a setting's key; absent where that is the key itself. */
  readonly spell?: (key: string) => string
  /** The raw text of a value that came as text, which may stand for a string or a list. */
  readonly text?: string
}

/** A source, or lines that say what is wrong. */
export interface Parsed {
  readonly sources: readonly Source[]
  readonly problems: readonly string[]
}

/** A file that was read. */
export interface ConfigFile {
  readonly layer: Layer
  /** As shown to people. */
  readonly name: string
  readonly folder: string
  readonly text: string
}

/** Writes where something stands: what an error line and a comment of `skein config` begin with. */
export function formatOrigin({ file, line, detail, layer }: Origin): string {
  if (file === undefined) return detail ?? layer
  return line === undefined ? file : `${file}:${line}`
}

/** Reads a TOML file. */
export function tomlSource({ layer, name, folder, text }: ConfigFile): Parsed {
  try {
    const tree = parse(text)
    const originOf = fileOrigins({ layer, file: name }, tomlLines(text))
    return { sources: [{ layer, folder, tree, originOf }], problems: [] }
  } catch (thrown) {
    if (!(thrown instanceof TomlError)) throw thrown
    const what = (thrown.message.split('\n')[0] ?? '').replace('Invalid TOML document: ', '')
    return { sources: [], problems: [`${name}:${thrown.line}: this is not TOML: ${what}`] }
  }
}

/** What the keys of a single JSON file stand for. */
const jsonKeys: Readonly<Record<string, string>> = {
  listenPort: 'network.listen.port',
  autoListen: 'network.listen.enabled',
  interactive: 'prompt.enabled',
  peers: 'network.peers',
  commands: 'commands',
}

/** Reads a single JSON file: {@link jsonKeys}, a source each. */
export function jsonSources({ layer, name, folder, text }: ConfigFile): Parsed {
  const { lines, problem } = jsonLines(text)
  if (problem !== undefined)
    return { sources: [], problems: [`${name}:${problem.line}: ${problem.text}`] }
  const content: unknown = JSON.parse(text)
  if (!isTable(content))
    return { sources: [], problems: [`${name}:1: the file must hold one object, { … }`] }
  const sources: Source[] = []
  const problems: string[] = []
  const lineOf = fileOrigins({ layer, file: name }, lines)
  for (const [jsonKey, value] of Object.entries(content)) {
    const key = Object.hasOwn(jsonKeys, jsonKey) ? jsonKeys[jsonKey] : undefined
    const path = key?.split('.') ?? []
    const spell = (spelled: string): string => spelled.replace(key ?? '', jsonKey)
    const originOf: Source['originOf'] = (inner) => lineOf([jsonKey, ...inner.slice(path.length)])
    if (key === undefined)
      problems.push(`${formatOrigin(lineOf([jsonKey]))}: ${unknownJsonKey(jsonKey)}`)
    else sources.push({ layer, folder, tree: nest(path, value), originOf, spell })
  }
  return { sources, problems }
}

function unknownJsonKey(key: string): string {
  const names = Object.keys(jsonKeys)
  const nearest = nearestWord(key, names)
  const hint =
    nearest === undefined ? `allowed are ${names.join(', ')}` : `did you mean ${nearest}?`
  return `unknown key ${formatKey([key])}; ${hint}`
}

/** Finds the origin of a key by the longest part of it that has a line. */
function fileOrigins(origin: Origin, lines: ReadonlyMap<string, number>): Source['originOf'] {
  return (key) => {
    for (let length = key.length; length > 0; length--) {
      const line = lines.get(formatKey(key.slice(0, length)))
      if (line !== undefined) return { ...origin, line }
    }
    return origin
  }
}

const variablePrefix = 'SKEIN_'

/** Variables that begin like a setting and are none. */
const reservedVariables: ReadonlySet<string> = new Set(['SKEIN_HOME'])

/** Reads the environment: `SKEIN_NETWORK__LISTEN__PORT` is `network.listen.port`. Empty is unset. */
export function environmentSources(
  environment: Readonly<Record<string, string | undefined>>,
  folder: string,
): readonly Source[] {
  return Object.entries(environment).flatMap(([name, text]) => {
    if (!name.startsWith(variablePrefix) || reservedVariables.has(name) || !text) return []
    const path = name.slice(variablePrefix.length).split('__').map(fromVariable)
    const origin: Origin = { layer: 'environment', detail: name }
    const place = { layer: origin.layer, folder, originOf: () => origin, spell: variableName }
    return [{ ...place, text, tree: nest(path, readTomlValue(text)) }]
  })
}

/** `MAX_INBOUND` is `maxInbound`. */
function fromVariable(part: string): string {
  return part.toLowerCase().replaceAll(/_(.)/g, (_, next: string) => next.toUpperCase())
}

/** The variable that sets a key: `network.listen.port` is `SKEIN_NETWORK__LISTEN__PORT`. */
function variableName(key: string): string {
  const snake = key.replaceAll(/[A-Z]/g, (capital) => `_${capital}`)
  return variablePrefix + snake.replaceAll('.', '__').toUpperCase()
}

/** Reads the `KEY=VALUE` of `-s`; VALUE is TOML, else text. */
export function argumentSources(settings: readonly string[], folder: string): Parsed {
  const sources: Source[] = []
  const problems: string[] = []
  for (const setting of settings) {
    const { key, text } = splitSetting(setting)
    if (key === undefined || text === undefined)
      problems.push(`-s ${setting}: must be KEY=VALUE, for example -s network.listen.port=9000`)
    else sources.push(argumentSource(folder, { key, text, detail: `-s ${formatKey(key)}` }))
  }
  return { sources, problems }
}

/** A source that sets one key to what `text` says. */
export function argumentSource(
  folder: string,
  { key, text, detail }: { key: readonly string[]; text: string; detail: string },
): Source {
  const origin: Origin = { layer: 'argument', detail }
  const place = { layer: origin.layer, folder, originOf: () => origin }
  return { ...place, text, tree: nest(key, readTomlValue(text)) }
}

function splitSetting(setting: string): { key?: readonly string[] | undefined; text?: string } {
  const match = /^((?:[^="']|"(?:[^"\\]|\\.)*"|'[^']*')+)=([^]*)$/.exec(setting)
  return match === null ? {} : { key: splitKey(match[1] ?? ''), text: match[2] ?? '' }
}

/** A value as TOML, or the text itself where it is none: `9000` is a number, `[::1]:80` is text. */
function readTomlValue(text: string): unknown {
  try {
    const table = parse(`v = ${text}`)
    return Object.keys(table).length === 1 ? table['v'] : text
  } catch (thrown) {
    if (thrown instanceof TomlError) return text
    throw thrown
  }
}

/** Puts a value at a path: `['a', 'b'], 1` is `{ a: { b: 1 } }`. */
function nest(path: readonly string[], value: unknown): Record<string, unknown> {
  const [first = '', ...rest] = path
  return Object.fromEntries([[first, rest.length === 0 ? value : nest(rest, value)]])
}
