/** What is left to do once the layers are merged: rules between values, and computed values. */
import path from 'node:path'
import { toLabel } from '../../base/label.ts'
import { namedValues } from './config.ts'
import { formatOrigin } from './layers.ts'
import type { LimitName } from './limits.ts'
import type { Entry } from './merge.ts'

type Entries = ReadonlyMap<string, Entry>

/** Limits of which the first may not exceed the second. */
const ordered: readonly (readonly [LimitName, LimitName])[] = [
  ['keepAliveMs', 'silenceMs'],
  ['reconnectMinMs', 'reconnectMaxMs'],
  ['initialWindowBytes', 'maxWindowBytes'],
  ['resumeBufferBytes', 'resumeTotalBytes'],
]

/** What is wrong between values that are each right, a line each. */
export function entryProblems(entries: Entries): readonly string[] {
  return [...limitProblems(entries), ...programProblems(entries)]
}

function limitProblems(entries: Entries): readonly string[] {
  return ordered.flatMap(([less, more]) => {
    const low = entries.get(`limits.${less}`)
    const high = entries.get(`limits.${more}`)
    if (low === undefined || high === undefined || Number(low.value) <= Number(high.value))
      return []
    const { origin } = low.origin.layer === 'built-in' ? high : low
    const values = `${String(low.value)} is more than ${String(high.value)}`
    return [`${formatOrigin(origin)}: limits.${less} must not exceed limits.${more}: ${values}`]
  })
}

function programProblems(entries: Entries): readonly string[] {
  const aliases = namedValues(entries, 'commands.*')
  const files = namedValues(entries, 'programs.*.file')
  const first = new Map<string, Entry>()
  for (const entry of programEntries(entries))
    if (!first.has(entry.name)) first.set(entry.name, entry)
  return [...first].flatMap(([name, { origin }]) => {
    const where = `${formatOrigin(origin)}: programs.${name}`
    return [
      ...(files.has(name) ? [] : [`${where}.file is missing: it names what to run`]),
      ...(aliases.has(name) ? [`${where} is also an alias: commands.${name}; rename one`] : []),
    ]
  })
}

/** Makes a relative `programs.NAME.file` absolute; one without a separator is left to the PATH. */
export function resolvePrograms(entries: Map<string, Entry>): void {
  for (const entry of programEntries(entries)) {
    const { value } = entry
    const isPath = entry.setting === 'programs.*.file' && /[/\\]/.test(String(value))
    if (isPath)
      entries.set(entry.key, { ...entry, value: path.resolve(entry.folder, String(value)) })
  }
}

function programEntries(entries: Entries): readonly Entry[] {
  return [...entries.values()].filter((entry) => entry.setting.startsWith('programs.'))
}

/** Gives a node without `network.label` one: its profile's, else the host's. */
export function nameNode(
  entries: Map<string, Entry>,
  { profile, hostName }: { readonly profile: string; readonly hostName: string },
): void {
  const entry = entries.get('network.label')
  if (entry === undefined || entry.value !== '') return
  const isNamed = profile !== 'default'
  const value = toLabel(isNamed ? profile : hostName)
  const detail = isNamed ? 'from the profile' : 'from the host name'
  entries.set(entry.key, { ...entry, value, origin: { layer: 'built-in', detail } })
}
