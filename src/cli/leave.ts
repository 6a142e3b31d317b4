/**
 * `skein leave`: asks first, on a terminal, and says what is lost. A running node leaves by itself, and
 * says good-bye; of one that does not run the data folder is changed, under its lock.
 */
import { existsSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { SkeinError, toSkeinError } from '../base/errors.ts'
import { lockFolder } from '../base/folder-lock.node.ts'
import { openFolder } from '../base/folder-storage.node.ts'
import { nothingToLeave } from '../node/departure.ts'
import { formatDeparture, formatLeavePreview } from '../node/leave-words.ts'
import { StoppedNetwork } from '../node/stopped-network.ts'
import { Collector } from './collector.ts'
import { dataFolderOf } from './config/folders.ts'
import { ControlClient } from './control-client.node.ts'
import { findNode, startAdvice } from './find-node.node.ts'
import type { Departure, LeavePreview } from '../node/departure.ts'
import type { Invocation } from './arguments.ts'
import type { Context, ExitCode } from './context.ts'

/** A node whose network can be left. */
interface Leaver {
  readonly isRunning: boolean
  preview(): Promise<LeavePreview>
  leave(): Promise<Departure>
  close(): Promise<void>
}

/** The command line does not say enough. */
class NotConfirmed extends Error {
  readonly exitCode = 2
}

/** Leaves the network of a node. */
export async function leave(invocation: Invocation, context: Context): Promise<ExitCode> {
  const { flags } = invocation
  const leaver = await findLeaver(invocation, context)
  try {
    const preview = await leaver.preview()
    if (preview.network !== undefined && !flags.isConfirmed) {
      const isSure = await confirm(formatLeavePreview(preview, leaver.isRunning), context)
      if (!isSure) {
        context.err('skein: nothing was changed\n')
        return 1
      }
    }
    const departure = preview.network === undefined ? nothingToLeave : await leaver.leave()
    const text = formatDeparture(departure, preview.label, leaver.isRunning)
    context.out(`${flags.isJson ? JSON.stringify(departure) : text}\n`)
    return 0
  } finally {
    await leaver.close()
  }
}

/** The running node, or the data folder of the one that was named. */
async function findLeaver(invocation: Invocation, context: Context): Promise<Leaver> {
  const { profile, timeoutMs } = invocation.flags
  try {
    const node = await ControlClient.connect(findNode(profile), timeoutMs)
    return runningLeaver(node, invocation, context)
  } catch (thrown) {
    const error = thrown as { readonly code?: unknown; readonly message: string }
    if (error.code !== 'NODE_NOT_RUNNING') throw thrown
    if (profile === undefined) {
      const advice = 'for one that does not run, name its profile: skein leave -p PROFILE'
      throw new SkeinError('NODE_NOT_RUNNING', `${error.message}; ${advice}`)
    }
    return stoppedLeaver(profile, invocation.flags.forgetsKey)
  }
}

function runningLeaver(node: ControlClient, { flags }: Invocation, context: Context): Leaver {
  const { timeoutMs } = flags
  const run = async <T>(...words: readonly string[]): Promise<T> => {
    const answer = new Collector()
    const errors = new Collector()
    const argv = ['leave', ...words, '--json']
    const exit = await node.run(timeoutMs === undefined ? { argv } : { argv, timeoutMs }, {
      signal: context.signal,
      onOut: (chunk) => answer.add(chunk),
      onErr: (chunk) => errors.add(chunk),
    })
    if (exit !== 0) throw new SkeinError('INVALID', errors.text)
    return JSON.parse(answer.text) as T
  }
  return {
    isRunning: true,
    preview: () => run<LeavePreview>(),
    leave: () => run<Departure>('--yes', ...(flags.forgetsKey ? ['--forget-key'] : [])),
    close: () => {
      node.close()
      return Promise.resolve()
    },
  }
}

async function stoppedLeaver(profile: string, forgetsKey: boolean): Promise<Leaver> {
  const folder = dataFolderOf(profile)
  if (!existsSync(folder)) {
    const text = `no node of profile '${profile}' ever ran here; there is no ${folder}`
    throw new SkeinError('NODE_NOT_RUNNING', text)
  }
  const storage = await openFolder(folder)
  const lock = await lockFolder(folder)
  try {
    const network = await StoppedNetwork.open(storage)
    if (network === undefined) {
      const text = `there is no node in ${folder}; ${startAdvice(profile)}`
      throw new SkeinError('NODE_NOT_RUNNING', text)
    }
    return {
      isRunning: false,
      preview: () => Promise.resolve(network.preview()),
      leave: () => network.leave(forgetsKey),
      close: () => lock.release(),
    }
  } catch (thrown) {
    await lock.release()
    throw toSkeinError(thrown)
  }
}

/** Asks a person. @throws {NotConfirmed} There is none. */
async function confirm(question: string, context: Context): Promise<boolean> {
  if (context.stdin !== undefined || !context.isTerminal) {
    const where = 'on a terminal it asks, and says what is lost'
    throw new NotConfirmed(
      `leave: nobody can be asked here (${where}); to do it: skein leave --yes`,
    )
  }
  context.err(`${question}\n`)
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  const answer = await new Promise<string>((resolve) => {
    terminal.question('Leave? [y/N] ', resolve)
    terminal.once('close', () => resolve('')) // Ctrl-C, Ctrl-D.
    context.signal.addEventListener('abort', () => resolve(''), { once: true })
  })
  terminal.close()
  return /^y(es)?$/i.test(answer.trim())
}
