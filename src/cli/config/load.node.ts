/**
 * Reads the configuration: finds the files, lays the layers over each other, and completes what is
 * computed (the label, the peers of the target file, the paths of programs).
 */
import { readdir, readFile, stat } from 'node:fs/promises'
import { hostname } from 'node:os'
import path from 'node:path'
import { SkeinError } from '../../base/errors.ts'
import { toLabel } from '../../base/label.ts'
import { nearestWord } from '../../base/text.ts'
import { entryProblems, nameNode, resolvePrograms } from './complete.ts'
import { assembleConfig, type Config } from './config.ts'
import { controlPathOf, dataFolderOf, platformConfigFolder } from './folders.ts'
import { profileProblem } from './profile-name.ts'
import {
  argumentSource,
  argumentSources,
  environmentSources,
  formatOrigin,
  jsonSources,
  type Layer,
  type Parsed,
  tomlSource,
} from './layers.ts'
import { type Entry, mergeSources } from './merge.ts'
import type { PeerTarget } from './network-kinds.ts'
import { readTargets } from './target-file.ts'

/** No file describes the profile; a node can run under its name all the same, from a JSON file. */
export class ProfileMissing extends SkeinError {}

/** What the command line says about configuration, and the surroundings it says it in. */
export interface LoadOptions {
  /** `-c`. Default: `./config` if it holds `network/`, else the platform's folder. */
  readonly configFolder?: string | undefined
  /** `-p`. Default: the JSON file's base name, else `default`. */
  readonly profile?: string | undefined
  /** A single JSON file in place of the two TOML files. */
  readonly jsonFile?: string | undefined
  /** The port behind the JSON file: stronger than the environment, weaker than `settings`. */
  readonly port?: string | undefined
  /** `-s KEY=VALUE`, in order. */
  readonly settings?: readonly string[] | undefined
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly cwd?: string
  /** What an unnamed node's label is made from. */
  readonly hostName?: string
}

interface Resolved extends LoadOptions {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  readonly settings: readonly string[]
}

/**
 * Loads the configuration. It reads, and writes nothing.
 *
 * @throws {SkeinError} `CONFIG_INVALID`: a line for each thing that is wrong, with the file, the line
 *   where known, the key, what is allowed, and the nearest right key or profile.
 */
export async function loadConfig(options: LoadOptions = {}): Promise<Config> {
  const { env = process.env, cwd = process.cwd(), settings = [] } = options
  const { hostName = hostname() } = options
  const resolved = { ...options, settings, env, cwd }
  const profile = profileOf(resolved)
  const configFolder = await findConfigFolder(resolved)
  const layers = await readLayers(resolved, { profile, configFolder })
  const merged = mergeSources(layers.flatMap(({ sources }) => sources))
  const problems = [...layers.flatMap((layer) => layer.problems), ...merged.problems]
  const entries = new Map(merged.entries)
  if (problems.length === 0) problems.push(...entryProblems(entries))
  resolvePrograms(entries)
  const targets = await loadTargets(entries.get('network.target.path'), {
    configFolder,
    cwd,
    problems,
  })
  if (problems.length > 0) throw new SkeinError('CONFIG_INVALID', problems.join('\n'))
  nameNode(entries, { profile, hostName })
  const data = dataFolderOf(profile, { env, cwd })
  const controlPath = controlPathOf(data, { env })
  return assembleConfig({
    profile,
    folders: { config: configFolder, data, controlPath },
    entries,
    targets,
  })
}

/** The profile: named, or from the JSON file's name, or `default`. */
function profileOf({ profile, jsonFile }: Resolved): string {
  if (profile === undefined)
    return jsonFile === undefined ? 'default' : toLabel(path.parse(jsonFile).name)
  const problem = profileProblem(profile)
  if (problem === undefined) return profile
  throw new SkeinError('CONFIG_INVALID', problem)
}

async function findConfigFolder({ configFolder, cwd, env }: Resolved): Promise<string> {
  if (configFolder !== undefined) {
    const named = path.resolve(cwd, configFolder)
    const network = path.join(named, 'network')
    if (!(await isThere(named)))
      throw new SkeinError('CONFIG_INVALID', `-c ${configFolder}: there is no such folder`)
    for (const folder of [named, network]) {
      if ((await isFolder(folder)) || !(await isThere(folder))) continue
      const text = `-c ${configFolder}: ${shownPath(folder, cwd)} is a file, and a folder is wanted`
      throw new SkeinError('CONFIG_INVALID', `${text} that holds network/default.toml`)
    }
    return named
  }
  const near = path.join(cwd, 'config')
  return (await isFolder(path.join(near, 'network'))) ? near : platformConfigFolder({ env, cwd })
}

/** Reads every layer above the built-in one, lowest first. */
async function readLayers(
  options: Resolved,
  { profile, configFolder }: { profile: string; configFolder: string },
): Promise<readonly Parsed[]> {
  const { cwd, env, port, jsonFile, settings } = options
  const files =
    jsonFile === undefined
      ? await readTomlLayers(options, { profile, folder: path.join(configFolder, 'network') })
      : [await readJsonLayer(path.resolve(cwd, jsonFile), cwd)]
  const portKey = ['network', 'listen', 'port']
  const fromPort =
    port === undefined ? [] : [argumentSource(cwd, { key: portKey, text: port, detail: 'PORT' })]
  return [
    ...files,
    { sources: [...environmentSources(env, cwd), ...fromPort], problems: [] },
    argumentSources(settings, cwd),
  ]
}

async function readTomlLayers(
  options: Resolved,
  { profile, folder }: { profile: string; folder: string },
): Promise<readonly Parsed[]> {
  const read = async (name: string, layer: Layer): Promise<Parsed | undefined> => {
    const file = path.join(folder, `${name}.toml`)
    const shown = shownPath(file, options.cwd)
    const text = await readText(file, shown)
    return text === undefined ? undefined : tomlSource({ layer, name: shown, folder, text })
  }
  const base = await read('default', 'default')
  const own = profile === 'default' ? undefined : await read(profile, 'profile')
  if (own === undefined && profile !== 'default')
    throw new ProfileMissing('CONFIG_INVALID', await missingProfile(profile, folder, options.cwd))
  return [base, own].filter((parsed) => parsed !== undefined)
}

async function missingProfile(profile: string, folder: string, cwd: string): Promise<string> {
  const names = (await isFolder(folder)) ? await readdir(folder) : []
  const profiles = names.filter((name) => name.endsWith('.toml')).map((name) => name.slice(0, -5))
  const nearest = nearestWord(profile, profiles)
  const hint = nearest === undefined ? '' : `; did you mean ${nearest}?`
  const there = profiles.toSorted().join(', ')
  const found = there === '' ? 'are none' : `${profiles.length === 1 ? 'is' : 'are'} ${there}`
  const file = path.join(shownPath(folder, cwd), `${profile}.toml`)
  return `no profile "${profile}" in ${shownPath(folder, cwd)}: there ${found}${hint}; a new one is a file, ${file}`
}

async function readJsonLayer(file: string, cwd: string): Promise<Parsed> {
  const name = shownPath(file, cwd)
  if (await isFolder(file)) {
    const advice = `name a JSON file, or for a folder that holds network/ write -c ${name}`
    return { sources: [], problems: [`${name}: it is a folder; ${advice}`] }
  }
  const text = await readText(file, name)
  if (text === undefined) return { sources: [], problems: [`${name}: there is no such file`] }
  return jsonSources({ layer: 'file', name, folder: path.dirname(file), text })
}

/** Reads `network.target.path`, looked for beside the file that names it, then in the CONFIG folder. */
async function loadTargets(
  entry: Entry | undefined,
  { configFolder, cwd, problems }: { configFolder: string; cwd: string; problems: string[] },
): Promise<readonly PeerTarget[]> {
  const value = entry?.value
  if (entry === undefined || typeof value !== 'string' || value === '') return []
  const candidates = new Set([entry.folder, configFolder].map((from) => path.resolve(from, value)))
  for (const file of candidates) {
    const name = shownPath(file, cwd)
    const text = await readText(file, name, `${formatOrigin(entry.origin)}: network.target.path: `)
    if (text === undefined) continue
    const read = readTargets(name, text)
    problems.push(...read.problems)
    return read.targets
  }
  const tried = [...candidates].map((file) => shownPath(file, cwd)).join(' nor ')
  problems.push(`${formatOrigin(entry.origin)}: network.target.path: there is no ${tried}`)
  return []
}

async function isFolder(folder: string): Promise<boolean> {
  const stats = await stat(folder).catch(() => undefined)
  return stats?.isDirectory() ?? false
}

async function isThere(place: string): Promise<boolean> {
  return (await stat(place).catch(() => undefined)) !== undefined
}

/** Reads a text file; `undefined` where there is none. */
async function readText(file: string, name: string, of = ''): Promise<string | undefined> {
  try {
    return (await readFile(file, 'utf8')).replace(/^\uFEFF/, '').replaceAll('\r\n', '\n')
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    const why =
      code === 'EISDIR'
        ? 'it is a folder, and a file is wanted'
        : `it cannot be read (${code}); may this user read it?`
    throw new SkeinError('CONFIG_INVALID', `${of}${name}: ${why}`, { cause: thrown })
  }
}

/** A path as people see it: relative to the current folder where it lies below it. */
function shownPath(file: string, cwd: string): string {
  const relative = path.relative(cwd, file)
  const isBelow = relative !== '' && !relative.startsWith('..') && !path.isAbsolute(relative)
  return isBelow ? relative : file
}
