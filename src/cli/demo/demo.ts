/**
 * `skein demo`: the five shipped profiles as five processes on this machine.
 *
 *   plan.ts, ports.node.ts          where they run
 *   node-process, watch, fleet      the processes, what each says, what happened
 *   links.ts, table.ts              what that means, and how it looks
 *   live.ts, screen, keys           on a terminal
 *   once.ts                         in a pipe
 *
 * **Invariant**: no node outlives the demo: not after `q`, not after a signal, not after a crash of ours
 * (each node watches its IPC channel).
 */
import { existsSync } from 'node:fs'
import path from 'node:path'
import { SkeinError } from '../../base/errors.ts'
import { lockHolder } from '../../base/folder-lock.node.ts'
import { loadConfig } from '../config/load.node.ts'
import { Fleet } from './fleet.ts'
import { hangUp, showLive } from './live.ts'
import { showOnce } from './once.ts'
import { demoProfiles, planNodes } from './plan.ts'
import { findPagePort, findPlacement } from './ports.node.ts'
import { hasTerminal } from './screen.node.ts'
import type { Invocation } from '../arguments.ts'
import type { Context, ExitCode } from '../context.ts'
import type { Placement, Profile } from './plan.ts'

const defaultForMs = 10_000 // Guess: to read a table; a terminal has `q`.

/** Runs the demo until it is told to end, or `--for` is over. */
export async function demo({ flags }: Invocation, context: Context): Promise<ExitCode> {
  const misplaced = flags.profile !== undefined ? '-p' : '-c'
  if (flags.profile !== undefined || flags.configFolder !== undefined) {
    context.err(`skein: demo takes no ${misplaced}: it runs the shipped profiles\n`)
    return 2
  }
  const configFolder = path.join(__dirname, '../../config')
  const env = withoutSettings(process.env)
  const profiles = await readProfiles(configFolder, env)
  await refuseIfRunning(profiles)
  const [place, pagePort] = await Promise.all([findPlacement(profiles), findPagePort()])
  const placement = { ...place, pagePort }
  const plan = planNodes(profiles, placement)
  const program = path.join(__dirname, 'skein.cjs')
  const fleet = new Fleet({ plan, configFolder, program, env })
  const hanging = new AbortController()
  const onHangUp = (): void => hanging.abort(hangUp)
  const onExit = (): void => fleet.killAll()
  process.once('exit', onExit).once('SIGHUP', onHangUp)
  try {
    fleet.start()
    const note = describePlacement(placement)
    await show(fleet, { context, hanging, forMs: flags.forMs, note })
  } finally {
    await fleet.stop()
    process.off('exit', onExit).off('SIGHUP', onHangUp)
    // As if we had not caught it; and Node 20 aborts when it exits on a terminal that is gone.
    if (hanging.signal.aborted) process.kill(process.pid, 'SIGHUP')
  }
  return 0
}

interface ShowSetup {
  readonly context: Context
  /** Aborts when the terminal is gone. */
  readonly hanging: AbortController
  readonly forMs: number | undefined
  readonly note: string | undefined
}

async function show(fleet: Fleet, { context, hanging, forMs, note }: ShowSetup): Promise<void> {
  const interrupted = AbortSignal.any([context.signal, hanging.signal])
  const isLive = hasTerminal()
  const isTimed = !isLive || forMs !== undefined
  const over = isTimed ? AbortSignal.timeout(forMs ?? defaultForMs) : new AbortController().signal
  if (!isLive) {
    if (note !== undefined) context.err(`${note}\n`)
    return showOnce(fleet, { context, interrupted, over })
  }
  const picture = await showLive(fleet, {
    ending: AbortSignal.any([interrupted, over]),
    onGone: () => hanging.abort(hangUp),
    skein: callSkein(),
    note,
  })
  await fleet.stop()
  if (picture.length > 0) context.out(`${picture.join('\n')}\nThe five nodes have ended.\n`)
}

async function readProfiles(configFolder: string, env: NodeJS.ProcessEnv): Promise<Profile[]> {
  return Promise.all(
    demoProfiles.map(async (name) => {
      const { network, folders } = await loadConfig({ configFolder, profile: name, env })
      return { name, listen: network.listen, peers: network.peers, dataFolder: folders.data }
    }),
  )
}

/** Whoever set a value for a node of their own did not mean all five of ours. */
function withoutSettings(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(env).filter(
    ([name]) => name === 'SKEIN_HOME' || !name.startsWith('SKEIN_'),
  )
  return Object.fromEntries(kept)
}

async function refuseIfRunning(profiles: readonly Profile[]): Promise<void> {
  const holders = await Promise.all(profiles.map(({ dataFolder }) => lockHolder(dataFolder)))
  const running = profiles.filter((_profile, index) => holders[index] !== undefined)
  if (running.length === 0) return
  const names = running.map(({ name }) => name)
  const verb = names.length === 1 ? 'runs' : 'run'
  const remedy = names.map((name) => `skein -p ${name} down`).join('; ')
  const text = `${names.join(', ')} already ${verb} on this machine, perhaps in another demo`
  throw new SkeinError('NODE_RUNNING', `${text}; end that with: ${remedy}`)
}

function describePlacement({ host, portOffset }: Placement): string | undefined {
  const notes = [
    ...(host === undefined ? [] : [`This machine has no IPv6: they listen on ${host}.`]),
    ...(portOffset === 0 ? [] : [`A port is taken: all five are ${portOffset} higher than usual.`]),
  ]
  return notes.length === 0 ? undefined : notes.join(' ')
}

/** What somebody types in another terminal to call this very program. */
function callSkein(): string {
  const home = process.env['SKEIN_HOME']
  const folders = (process.env['PATH'] ?? '').split(path.delimiter)
  const isInstalled = folders
    .filter((folder) => folder !== '' && !folder.includes('node_modules')) // npx and npm add these.
    .some((folder) => ['skein', 'skein.cmd'].some((name) => existsSync(path.join(folder, name))))
  const program = path.relative(process.cwd(), path.join(__dirname, 'skein.cjs'))
  return `${home ? `SKEIN_HOME=${home} ` : ''}${isInstalled ? 'skein' : `node ${program}`}`
}
