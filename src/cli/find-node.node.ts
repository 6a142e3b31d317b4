/** Which node a command is for: the profile that was named, or the only one that runs. */
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { SkeinError } from '../base/errors.ts'
import { controlPathOf, dataFolderOf, dataRoot } from './config/folders.ts'
import { profileProblem } from './config/profile-name.ts'

/** A node that has run with this data folder, and perhaps still does. */
export interface Place {
  readonly profile: string
  readonly dataFolder: string
  /** Its process. */
  readonly pid: number
  readonly controlPath: string
  readonly token: Uint8Array
}

const tokenName = 'control-token'

/** Several nodes run, and the command line names none. */
class SeveralNodes extends Error {
  /** The command line has to say more. */
  readonly exitCode = 2
}

/**
 * Finds the node that a command is for.
 *
 * @throws {SkeinError} `NODE_NOT_RUNNING` none runs, or not this one; `CONFIG_INVALID` no such name.
 * @throws {SeveralNodes} Its message names them.
 */
export function findNode(profile: string | undefined): Place {
  if (profile !== undefined) {
    const problem = profileProblem(profile)
    if (problem !== undefined) throw new SkeinError('CONFIG_INVALID', problem)
    const place = readPlace(profile)
    if (place !== undefined) return place
    throwWhereUnarmed(profile)
    const text = `no node runs for profile '${profile}'; ${startAdvice(profile)}`
    throw new SkeinError('NODE_NOT_RUNNING', text)
  }
  const places = profilesWithData().flatMap((name) => readPlace(name) ?? [])
  const [place] = places
  if (place === undefined) {
    for (const name of profilesWithData()) throwWhereUnarmed(name)
    throw new SkeinError(
      'NODE_NOT_RUNNING',
      'no node runs on this machine; start one with: skein up',
    )
  }
  if (places.length === 1) return place
  const names = places.map((each) => each.profile).join(', ')
  throw new SeveralNodes(`several nodes run here: ${names}; choose one with -p PROFILE`)
}

/** How to start the node of a profile, which may come from a JSON file of that name. */
export function startAdvice(profile: string): string {
  const flag = profile === 'default' ? '' : ` -p ${profile}, or skein up FILE.json`
  return `start it with: skein up${flag}`
}

/** Tells whether a node of this profile runs. */
export function isRunning(profile: string | undefined): boolean {
  return profile !== undefined && readPlace(profile) !== undefined
}

function profilesWithData(): string[] {
  try {
    return readdirSync(dataRoot()).toSorted()
  } catch {
    return [] // No folder yet: nothing has ever run here.
  }
}

/** @throws {SkeinError} A process runs with the profile's data, and nothing says what to show it. */
function throwWhereUnarmed(profile: string): void {
  const dataFolder = dataFolderOf(profile)
  const pid = livingPid(dataFolder)
  const tokenPath = join(dataFolder, tokenName)
  if (pid === undefined || existsSync(tokenPath)) return
  const text = `process ${pid} runs with profile '${profile}', but ${tokenPath} is missing`
  const advice = `it starts at the moment, or the file was removed: then kill ${pid}, and ${startAdvice(profile)}`
  throw new SkeinError('STORAGE_FAILED', `${text}; ${advice}`)
}

/** Whose lock is on a data folder, if that process lives. */
function livingPid(dataFolder: string): number | undefined {
  try {
    const { pid } = JSON.parse(readFileSync(join(dataFolder, 'lock'), 'utf8')) as { pid: number }
    process.kill(pid, 0)
    return pid
  } catch {
    return undefined
  }
}

/** The place of a profile whose process is alive. */
function readPlace(profile: string): Place | undefined {
  const dataFolder = dataFolderOf(profile)
  try {
    const lock = JSON.parse(readFileSync(join(dataFolder, 'lock'), 'utf8')) as { pid: number }
    process.kill(lock.pid, 0)
    const token = new Uint8Array(readFileSync(join(dataFolder, tokenName)))
    const { pid } = lock
    return { profile, dataFolder, pid, controlPath: controlPathOf(dataFolder), token }
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException
    // Anything else means that nothing runs there: no lock, a stale one, or none of ours.
    if (code !== 'EPERM' && code !== 'EACCES') return undefined
    const text = `the node of profile '${profile}' belongs to another user; become that user`
    throw new SkeinError('NODE_NOT_RUNNING', text, { cause: thrown })
  }
}
