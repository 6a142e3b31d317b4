/**
 * `skein map --open`: opens the live page in a browser, or prints its link where there is none.
 *
 * A browser gets its address on its command line, which all users of the machine can read. So it is
 * given a ticket, which is worth nothing once the page is open; the token itself goes to a person.
 */
import { spawn } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import path from 'node:path'
import { SkeinError } from '../base/errors.ts'
import { Collector } from './collector.ts'
import { pageCommand } from './web.ts'
import type { Context, ExitCode } from './context.ts'
import type { ControlClient } from './control-client.node.ts'
import type { PageInfo } from './web.ts'

/** A program with its arguments. */
export type Program = readonly [file: string, ...args: string[]]

/** What says how pages are opened here. */
export interface Desktop {
  readonly platform: NodeJS.Platform
  readonly env: NodeJS.ProcessEnv
  /** Tells whether a program is on the PATH. */
  readonly has: (file: string) => boolean
}

const openedAfterMs = 2_000 // Guess: xdg-open that finds nothing says so at once; a browser runs on.

/** Opens the page of a running node. */
export async function openPage(node: ControlClient, context: Context): Promise<ExitCode> {
  const page = await askPage(node)
  const { env, platform } = process
  const program = findOpener({ platform, env, has: (file) => isOnPath(file, env) }, page.ticketLink)
  if (program !== undefined && (await start(program))) {
    context.err(`Opened ${page.url} in a browser.\n`)
    return 0
  }
  context.out(`${page.link}\n`)
  if ((env['SSH_CONNECTION'] ?? '') !== '') {
    const { port } = new URL(page.url)
    const forward = `ssh -L ${port}:127.0.0.1:${port} THIS-MACHINE`
    context.err(`To open it from where you are: ${forward}, and then this link in a browser there.\n`)
  }
  return 0
}

/**
 * Asks a node where its page is.
 *
 * @throws {SkeinError} `INVALID` it serves none.
 */
export async function askPage(node: ControlClient): Promise<PageInfo> {
  const [out, err] = [new Collector(), new Collector()]
  const exit = await node.run(
    { argv: [pageCommand, '--json'] },
    { onOut: (chunk) => out.add(chunk), onErr: (chunk) => err.add(chunk) },
  )
  if (exit !== 0) throw new SkeinError('INVALID', err.text)
  return JSON.parse(out.text) as PageInfo
}

/** The program that opens a link here; `undefined` where no browser can be shown. */
export function findOpener({ platform, env, has }: Desktop, link: string): Program | undefined {
  const [browser = ''] = (env['BROWSER'] ?? '').split(':')
  if (/^[\w./+-]+$/.test(browser)) return [browser, link] // Its name alone; there is never a shell.
  if (platform === 'darwin') return ['open', link]
  if (platform === 'win32') return ['rundll32', 'url.dll,FileProtocolHandler', link]
  const hasScreen = (env['DISPLAY'] ?? '') !== '' || (env['WAYLAND_DISPLAY'] ?? '') !== ''
  return hasScreen && has('xdg-open') ? ['xdg-open', link] : undefined
}

/** Starts it; resolves with whether it seems to have worked. */
function start([file, ...args]: Program): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(file, args, { detached: true, stdio: 'ignore' })
    const timer = setTimeout(() => resolve(true), openedAfterMs)
    const settle = (isOpen: boolean): void => {
      clearTimeout(timer)
      resolve(isOpen)
    }
    child.once('error', () => settle(false)).once('exit', (code) => settle(code === 0))
    child.unref()
  })
}

function isOnPath(file: string, env: NodeJS.ProcessEnv): boolean {
  return (env['PATH'] ?? '').split(path.delimiter).some((folder) => {
    try {
      accessSync(path.join(folder, file), constants.X_OK)
      return true
    } catch {
      return false // Not in this folder.
    }
  })
}
