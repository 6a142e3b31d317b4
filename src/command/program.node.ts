/**
 * Offers a program as a command: the configuration names the file and its arguments, and there is no
 * shell.
 *
 *   caller ──stdin──▶ program ──stdout, stderr──▶ caller      each at the pace of who takes it
 *
 * Input for a program that takes none is dropped, and its sender told so.
 *
 * A program leads a process group of its own. Its end, by itself or by us, is the end of the group:
 * first SIGTERM, 2 s later SIGKILL. What is to live on has to leave the group (setsid). A watcher ends
 * it where the node is killed.
 *
 * **Invariant**: no word of the caller becomes anything but an argument, and only behind those of the
 * configuration.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { constants } from 'node:os'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { messageOf, SkeinError, toSkeinError } from '../base/errors.ts'
import type { Subject } from '../base/policy.ts'
import type { Command, CommandContext } from './command.ts'
import { checkRules } from './permission.ts'
import type { GroupWatcher } from './group-watcher.node.ts'
import { endGroup, holdGroup, stopGroup } from './process-group.node.ts'

/** An entry `[programs.NAME]` of the configuration. */
export interface ProgramConfig {
  /** The program: a path, or a name that is looked for in PATH. */
  readonly file: string
  /** Its arguments, always. */
  readonly args?: readonly string[]
  /** Who may run it; `known`, `member` and `local` where absent. */
  readonly allow?: readonly string[]
  /**
   * What the caller's words do: `refuse` (the default) makes them an error, `append` puts them behind
   * `args`. A program that takes options then takes them from the caller.
   */
  readonly arguments?: 'refuse' | 'append'
  /** Whether the caller's input goes to the program; where absent it is dropped, which it is told. */
  readonly stdin?: boolean
  /** It is ended after this long, in milliseconds; an hour where absent. */
  readonly timeoutMs?: number
  /** It is ended when it printed more than this, in bytes; 1 GiB where absent. */
  readonly maxOutputBytes?: number
  /** One line for `help`. */
  readonly summary?: string
}

const defaultTimeoutMs = 3_600_000 // Guess: a backup; who needs more says so.
const defaultMaxOutputBytes = 2 ** 30 // Guess: nothing waits in memory, so it may be much.

/** What a program sees of our own environment, beside who asks for it. */
const inheritedNames = (
  'PATH HOME USER LANG LC_ALL TZ TMPDIR ' +
  'SystemRoot PATHEXT TEMP TMP USERPROFILE APPDATA LOCALAPPDATA'
).split(' ') // The second line is what Windows needs.

/**
 * Makes a command of a program.
 *
 * Its exit code is the program's; one that a signal ended leaves 128 + the signal's number, as in a
 * shell.
 *
 * @param watcher - Ends what runs where this process is killed.
 * @throws {SkeinError} `CONFIG_INVALID` a rule of `allow` is wrong.
 */
export function programCommand(
  name: string,
  config: ProgramConfig,
  watcher: GroupWatcher,
): Command {
  const takesWords = config.arguments === 'append'
  return {
    summary: config.summary ?? 'A program of this node',
    usage: takesWords ? `${name} [ARGUMENT…]` : name,
    ...(config.allow === undefined ? {} : { allow: checkRules(name, config.allow) }),
    run(context) {
      if (takesWords || context.args.length === 0)
        return new ProgramRun(name, { config, watcher }, context).run()
      const count = context.args.length
      const given = `${count} ${count === 1 ? 'was' : 'were'} given`
      throw new SkeinError('INVALID', `program '${name}' takes no arguments; ${given}`)
    },
  }
}

class ProgramRun {
  readonly #name: string
  readonly #config: ProgramConfig
  readonly #context: CommandContext
  readonly #child: ChildProcess
  #printedBytes = 0
  #failure: SkeinError | undefined
  #waiting = 0

  constructor(
    name: string,
    { config, watcher }: { readonly config: ProgramConfig; readonly watcher: GroupWatcher },
    context: CommandContext,
  ) {
    this.#name = name
    this.#config = config
    this.#context = context
    this.#child = this.#spawn()
    holdGroup(this.#child, watcher)
  }

  async run(): Promise<{ exit: number }> {
    const { signal } = this.#context
    const onAbort = (): void => this.#stop(toSkeinError(signal.reason, 'CANCELLED'))
    if (signal.aborted) onAbort()
    else signal.addEventListener('abort', onAbort, { once: true })
    const timer = setTimeout(() => this.#stop(this.#tooLong()), this.#timeoutMs)
    try {
      const exit = await this.#follow()
      if (this.#failure !== undefined) throw this.#failure
      return { exit }
    } finally {
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
    }
  }

  #spawn(): ChildProcess {
    const { file, args = [], stdin = false } = this.#config
    const isWindows = process.platform === 'win32'
    try {
      return spawn(file, [...args, ...this.#context.args], {
        detached: !isWindows, // A group of its own; on Windows it would open a console.
        env: createEnvironment(this.#context.subject),
        stdio: [stdin ? 'pipe' : 'ignore', 'pipe', 'pipe'],
        windowsHide: true,
      })
    } catch (thrown) {
      throw this.#cannotStart(thrown)
    }
  }

  /** Waits for the end of the process and of all that it printed. */
  async #follow(): Promise<number> {
    const { stdout, stderr, stdin } = this.#child
    const { out, err } = this.#context
    const ended = this.#ended()
    const outputs = [this.#pump(stdout, out), this.#pump(stderr, err)]
    // A program need not read all that it is given: that its input breaks off is no failure.
    const input = stdin === null ? this.#dropInput() : pipeline(this.#context.stdin, stdin)
    input.catch(() => undefined)
    const exit = await ended
    const close = endGroup(this.#child, () => this.#waiting > 0)
    await Promise.all(outputs)
    close()
    return exit
  }

  async #dropInput(): Promise<void> {
    for await (const _chunk of this.#context.stdin) {
      const remedy = `"stdin = true" in [programs.${this.#name}] lets it in`
      this.#context.err(`program '${this.#name}' takes no input, what came is dropped; ${remedy}\n`)
      return
    }
  }

  #ended(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#child.once('error', (error) => {
        if (this.#child.pid === undefined) reject(this.#cannotStart(error))
      })
      this.#child.once('exit', (code, signal) => {
        resolve(code ?? 128 + constants.signals[signal ?? 'SIGKILL'])
      })
    })
  }

  async #pump(from: Readable | null, to: (chunk: Uint8Array) => boolean): Promise<void> {
    if (from === null) return
    try {
      for await (const chunk of from as AsyncIterable<Uint8Array>) {
        this.#count(chunk.length)
        if (this.#failure !== undefined || to(chunk)) continue
        this.#waiting += 1
        await this.#context.drained()
        this.#waiting -= 1
      }
    } catch (thrown) {
      // Closed by endGroup, because something outside the group holds the pipe open.
      if (!from.destroyed) throw thrown
    }
  }

  #count(bytes: number): void {
    const { maxOutputBytes = defaultMaxOutputBytes } = this.#config
    this.#printedBytes += bytes
    if (this.#printedBytes <= maxOutputBytes) return
    const text = `'${this.#name}' printed more than ${maxOutputBytes} bytes and was ended`
    this.#stop(new SkeinError('LIMIT_EXCEEDED', text))
  }

  /** Ends the program; the first reason is the one that is told. */
  #stop(reason: SkeinError): void {
    if (this.#failure !== undefined) return
    this.#failure = reason
    stopGroup(this.#child)
  }

  get #timeoutMs(): number {
    return Math.min(this.#config.timeoutMs ?? defaultTimeoutMs, 2 ** 31 - 1)
  }

  #tooLong(): SkeinError {
    const text = `'${this.#name}' ran for more than ${this.#timeoutMs / 1_000} s and was ended`
    return new SkeinError('TIMED_OUT', text)
  }

  #cannotStart(thrown: unknown): SkeinError {
    const code = (thrown as NodeJS.ErrnoException).code
    const reason = spawnProblems[code ?? ''] ?? messageOf(thrown)
    const advice = `see [programs.${this.#name}] on that node`
    return new SkeinError('INTERNAL', `'${this.#name}' cannot be started: ${reason}; ${advice}`, {
      cause: thrown,
    })
  }
}

const spawnProblems: Readonly<Record<string, string>> = {
  ENOENT: 'its file does not exist',
  EACCES: 'its file may not be run',
  E2BIG: 'its arguments are too long',
  EAGAIN: 'the system has too many processes',
  EMFILE: 'the node has too many open files',
}

function createEnvironment(subject: Subject): NodeJS.ProcessEnv {
  const inherited = inheritedNames.flatMap((name) => {
    const value = process.env[name]
    return value === undefined ? [] : [[name, value] as const]
  })
  return {
    ...Object.fromEntries(inherited),
    ...(subject.peerId === undefined ? {} : { SKEIN_PEER_ID: subject.peerId }),
    SKEIN_PEER_LABEL: subject.name,
  }
}
