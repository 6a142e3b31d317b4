/**
 * What travels when a command is run: the arguments of `commands.run`, and the items of the iteration
 * that it gives. Rules: `docs/spec/command.md`; how all of it travels: `docs/spec/objects.md`.
 *
 *   commands.run({argv, to?, timeoutMs?, traceparent?}, input?)
 *     items   {out} | {err} | {alive} …
 *     end     the exit code, or a failure
 *
 * Keys that are not known are ignored, so that later versions can add some.
 */
import { SkeinError, type ErrorCode } from '../base/errors.ts'
import { maxArgvBytes, maxPartBytes, maxWords } from './options.ts'
import { isTraceparent } from './traceparent.ts'

/** The reserved name under which every node has its commands. */
export const commandsName = 'commands'

/** What stands there. */
export interface Commands {
  /**
   * Runs a command, once somebody iterates over what it returns: that gives its output as it comes, and
   * at the end its exit code.
   *
   * @param input - What the command reads: an async iterable of chunks of the caller's own.
   */
  run(
    request: CommandRequest,
    input?: AsyncIterable<Uint8Array>,
  ): AsyncIterable<CommandPart, number>
}

/** What the caller asks for. */
export interface CommandRequest {
  /** The command and its arguments; the command is never empty. */
  readonly argv: readonly string[]
  /** Control channel only: the peers to relay to, as written behind `@`. */
  readonly to?: string
  /** Hard limit that counts everything, in milliseconds. */
  readonly timeoutMs?: number
  /** The caller's span (W3C Trace Context, §3.2), where the command is traced. */
  readonly traceparent?: string
}

/** What comes of a command while it runs. */
export type CommandPart =
  | { readonly out: Uint8Array }
  | { readonly err: Uint8Array }
  | { readonly alive: true }

/** How a command ended: its exit code, or why there is none. */
export type Ending =
  | { readonly exit: number }
  | { readonly error: ErrorCode; readonly message: string }

/** A checked message, or the rule that it broke. */
export type Checked<Message> =
  | { readonly ok: true; readonly value: Message }
  | { readonly ok: false; readonly violation: string }

const maxTargetLength = 4_096 // Guess: eighty labels at most.
const maxTimeoutMs = 2 ** 31 - 1 // What a timer of a JavaScript engine can take: 24 days.
const maxErrorLength = 16 * 2 ** 10 // Guess: one line for people.
const maxExit = 255 // What a process can return.

/** Checks the form of a request; its size is {@link requestProblem}'s. */
export function readRequest(message: unknown): Checked<CommandRequest> {
  if (!isMap(message)) return violation('D1: a request is a map')
  const { argv, to, timeoutMs, traceparent } = message
  if (!isWords(argv)) return violation('D1: argv is a list of texts')
  if (to !== undefined && !isText(to, maxTargetLength)) return violation('D1: to is a short text')
  if (timeoutMs !== undefined && !isTimeoutMs(timeoutMs)) {
    return violation('D1: timeoutMs is a number of milliseconds above 0')
  }
  if (traceparent !== undefined && !isTraceparent(traceparent)) {
    return violation('D13: traceparent is version-trace-span-flags, of the W3C')
  }
  return accept({
    argv,
    ...(to === undefined ? {} : { to }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(traceparent === undefined ? {} : { traceparent }),
  })
}

/** Checks a chunk of standard input. */
export function readInput(item: unknown): Checked<Uint8Array> {
  if (isChunk(item)) return accept(item)
  return violation('D2: input is chunks of at most 64 KiB of bytes')
}

/** Checks an item of what comes of a command. Exactly one of the known keys says what it is. */
export function readPart(item: unknown): Checked<CommandPart> {
  if (!isMap(item)) return violation('D3: a part is a map')
  const { out, err, alive } = item
  const count = Number(out !== undefined) + Number(err !== undefined) + Number(alive !== undefined)
  if (count !== 1) return violation('D3: a part has exactly one of out, err and alive')
  if (isChunk(out)) return accept({ out })
  if (isChunk(err)) return accept({ err })
  if (alive === true) return accept({ alive })
  return violation('D3: out and err are at most 64 KiB of bytes, and alive is true')
}

/** Checks what the iteration ended with. */
export function readExit(value: unknown): Checked<number> {
  if (Number.isInteger(value) && (value as number) >= 0 && (value as number) <= maxExit) {
    return accept(value as number)
  }
  return violation(`D3: a command ends with a whole number from 0 to ${maxExit}`)
}

/**
 * Why a request in good form cannot be carried out: it is empty, too long, or holds what no program
 * can take. Not a violation: people can type it.
 */
export function requestProblem(argv: readonly string[]): SkeinError | undefined {
  if (argv.length === 0 || argv[0] === '') {
    return new SkeinError('INVALID', 'the command is empty; name one, such as help')
  }
  if (argv.length > maxWords) {
    const limit = `at most ${maxWords} are taken`
    return new SkeinError('LIMIT_EXCEEDED', `the command has ${argv.length} words; ${limit}`)
  }
  const bytes = argv.reduce((sum, word) => sum + utf8Length(word), 0)
  if (bytes > maxArgvBytes) {
    const limit = `at most ${maxArgvBytes} are taken: send more through its standard input`
    return new SkeinError('LIMIT_EXCEEDED', `the command has ${bytes} bytes; ${limit}`)
  }
  if (argv.some((word) => word.includes('\0'))) {
    return new SkeinError('INVALID', 'the command holds a NUL character, which no program takes')
  }
  return undefined
}

/** The ending of a command that failed. */
export function errorEnding(error: SkeinError): Extract<Ending, { readonly error: ErrorCode }> {
  return { error: error.code, message: error.message.slice(0, maxErrorLength) }
}

type Fields = Readonly<Record<string, unknown>>

function isMap(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isWords(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((word) => typeof word === 'string')
}

function isText(value: unknown, maxLength: number): value is string {
  return typeof value === 'string' && value.length <= maxLength
}

function isTimeoutMs(value: unknown): value is number {
  return typeof value === 'number' && value > 0 && value <= maxTimeoutMs
}

function isChunk(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array && value.length <= maxPartBytes
}

function utf8Length(text: string): number {
  return new TextEncoder().encode(text).length
}

function accept<Message>(value: Message): Checked<Message> {
  return { ok: true, value }
}

function violation(text: string): { readonly ok: false; readonly violation: string } {
  return { ok: false, violation: text }
}
