/**
 * A machine of one's own for a test: a folder in the temporary one that holds SKEIN_HOME and `config/`,
 * and in which everything runs. What still runs in it when the test is over is an error.
 */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  writeFileSync,
} from 'node:fs'
import { rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type Ended, Launched } from './processes.ts'

/** The root of the checkout. */
export const root = path.resolve(import.meta.dirname, '../..')

const builtCommand = path.join(root, 'dist/bin/skein.cjs')

/** A node that runs, and what its log said of it at its start. */
export interface RunningNode {
  readonly process: Launched
  readonly profile: string
  readonly id: string
  /** Where it listens, as `host:port`. */
  readonly address: string
  readonly port: number
}

/** What goes along with a command line. */
export interface RunOptions {
  readonly stdin?: string | Uint8Array
  readonly env?: NodeJS.ProcessEnv
}

/** A test tells the neighbourhood nothing, and is not found by it. */
const alone = '[discovery]\nlan.enabled = false\nmdns.enabled = false\n'
const sharedConfig = `[network.listen]\nhost = "127.0.0.1"\nport = 0\n${alone}`

/** See the file's head. */
export class Machine implements AsyncDisposable {
  readonly folder: string
  readonly #launched: Launched[] = []

  constructor() {
    if (!existsSync(builtCommand)) throw new Error(`${builtCommand} is missing: npm run build`)
    this.folder = mkdtempSync(path.join(os.tmpdir(), 'skein-e2e-'))
    this.write('config/network/default.toml', sharedConfig)
  }

  /** The data folder of a profile. */
  dataFolder(profile: string): string {
    return path.join(this.folder, 'home', profile)
  }

  /** Writes a file, and the folders above it; returns its path. */
  write(name: string, content: string | Uint8Array): string {
    const file = path.join(this.folder, name)
    mkdirSync(path.dirname(file), { recursive: true })
    writeFileSync(file, content)
    return file
  }

  /** Starts `skein` with these words. Its input stays open. */
  launch(words: readonly string[], env: NodeJS.ProcessEnv = {}): Launched {
    return this.#launch([process.execPath, builtCommand, ...words], env)
  }

  /** Starts a line of a shell, which finds the command as `"$NODE" "$SKEIN"`. */
  shell(line: string): Launched {
    return this.#launch(['/bin/sh', '-c', line], { NODE: process.execPath, SKEIN: builtCommand })
  }

  /** Runs `skein` with these words and waits for its end. */
  async skein(words: readonly string[], { stdin = '', env }: RunOptions = {}): Promise<Ended> {
    const process = this.launch(words, env)
    process.endInput(stdin)
    return process.ended
  }

  /** Starts a node without a prompt, of a profile with this configuration, and waits until it runs. */
  async node(profile: string, toml = '', words: readonly string[] = []): Promise<RunningNode> {
    this.write(`config/network/${profile}.toml`, toml)
    return this.up(['-p', profile, ...words])
  }

  /** Starts a node without a prompt from what is configured, and waits until it runs. */
  async up(words: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<RunningNode> {
    const process = this.launch(['up', '--no-prompt', ...words], env)
    const [line] = await process.printed(/^.*"the node runs".*$/m)
    const { label, id, addresses } = JSON.parse(line) as {
      readonly label: string
      readonly id: string
      readonly addresses: readonly string[]
    }
    const address = (addresses[0] ?? '').replace('tls://', '')
    return { process, profile: label, id, address, port: Number(address.split(':').at(-1)) }
  }

  /** Waits until a node is connected to so many peers. */
  async connected(profile: string, count: number): Promise<void> {
    const deadlineMs = Date.now() + connectPatienceMs
    for (;;) {
      const { stdout, stderr } = await this.skein(['-p', profile, 'peers', '--json'])
      if (stdout.split('"state":"open"').length - 1 === count) return
      if (Date.now() > deadlineMs) {
        throw new Error(`${profile} is not connected to ${count} peers:\n${stdout}${stderr}`)
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** Ends all that was started, and removes the folder. */
  async close(): Promise<void> {
    const endings = await Promise.allSettled(this.#launched.map((process) => process.stop()))
    const left = await this.#leftBehind()
    await rm(this.folder, { recursive: true, force: true })
    for (const ending of endings) if (ending.status === 'rejected') throw ending.reason
    for (const pid of left) process.kill(Number(pid), 'SIGKILL')
    if (left.length > 0) throw new Error(`these were left behind: ${left.join(', ')}`)
  }

  #launch(argv: readonly string[], env: NodeJS.ProcessEnv): Launched {
    const launched = new Launched(argv, {
      cwd: this.folder,
      env: { ...cleanEnvironment(), SKEIN_HOME: path.join(this.folder, 'home'), ...env },
    })
    this.#launched.push(launched)
    return launched
  }

  /** Processes that still run in the folder; on other systems than Linux none is seen. */
  async #leftBehind(): Promise<readonly string[]> {
    const deadlineMs = Date.now() + goodbyePatienceMs
    for (;;) {
      const left = processesIn(this.folder)
      if (left.length === 0 || Date.now() > deadlineMs) return left
      await delay(pollMs)
    }
  }
}

const connectPatienceMs = 10_000 // Guess: a dial takes 20 ms; the second one comes within 0.5 s.
const goodbyePatienceMs = 4_000 // What is left of a program is killed after 2 s.
const pollMs = 20

/** A TCP port that nobody has at the moment. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** What is printed for people, a line each, without the line break at the end. */
export function linesOf(text: string): readonly string[] {
  return text.replace(/\n$/, '').split('\n')
}

/** The environment of this process without settings of Skein's. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const entries = Object.entries(process.env).filter(([name]) => !name.startsWith('SKEIN_'))
  return { ...Object.fromEntries(entries), NODE_OPTIONS: '' }
}

function processesIn(folder: string): readonly string[] {
  if (process.platform !== 'linux') return []
  return readdirSync('/proc').filter((name) => {
    if (!/^\d+$/.test(name)) return false
    try {
      return readlinkSync(`/proc/${name}/cwd`).startsWith(folder)
    } catch {
      return false // It has ended, or is not ours.
    }
  })
}
