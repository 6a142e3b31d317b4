/**
 * What travels on a stream of `command/1`. Wire format and rules: `docs/spec/command.md`.
 *
 *   caller    {argv, to?, timeoutMs?}  {in}…  (half-close: end of input)
 *   answerer  {out} | {err} | {alive} …  then {exit} or {error, message}, half-close
 *
 * Keys that are not known are ignored, so that later versions can add some.
 */
import { isErrorCode, SkeinError, type ErrorCode } from '../base/errors.ts'
import { maxArgvBytes, maxWords } from './options.ts'
import { isTraceparent } from './traceparent.ts'

/** The name under which streams are opened. */
export const commandProtocol = 'command/1'

/** What the caller asks for: the first message. */
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

/** A message of the caller after its request. */
export interface InputMessage {
  readonly in: Uint8Array
}

/** How a command ended: its exit code, or why there is none. */
export type Ending =
  | { readonly exit: number }
  | { readonly error: ErrorCode; readonly message: string }

/** A message of the answerer. */
export type AnswerMessage =
  | { readonly out: Uint8Array }
  | { readonly err: Uint8Array }
  | { readonly alive: true }
  | Ending

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
  if (!isMap(message)) return violation('a request is a map')
  const { argv, to, timeoutMs, traceparent } = message
  if (!isWords(argv)) return violation('argv is a list of texts')
  if (to !== undefined && !isText(to, maxTargetLength)) return violation('to is a short text')
  if (timeoutMs !== undefined && !isTimeoutMs(timeoutMs)) {
    return violation('timeoutMs is a number of milliseconds above 0')
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

/** Checks what the caller sends after its request. */
export function readInput(message: unknown): Checked<InputMessage> {
  if (isMap(message) && message['in'] instanceof Uint8Array) return accept({ in: message['in'] })
  return violation('after the request come chunks {in: bytes}')
}

/** Checks what the answerer sends. Exactly one of the known keys says what it is. */
export function readAnswer(message: unknown): Checked<AnswerMessage> {
  if (!isMap(message)) return violation('an answer is a map')
  const kinds = answerKinds.filter((kind) => message[kind] !== undefined)
  const [kind] = kinds
  if (kind === undefined || kinds.length > 1) {
    return violation('an answer has exactly one of out, err, alive, exit and error')
  }
  return answerReaders[kind](message)
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
export function errorEnding(error: SkeinError): Ending {
  return { error: error.code, message: error.message.slice(0, maxErrorLength) }
}

type AnswerKind = 'out' | 'err' | 'alive' | 'exit' | 'error'

const answerKinds: readonly AnswerKind[] = ['out', 'err', 'alive', 'exit', 'error']

type Fields = Readonly<Record<string, unknown>>

const answerReaders: Record<AnswerKind, (message: Fields) => Checked<AnswerMessage>> = {
  out: ({ out }) => (out instanceof Uint8Array ? accept({ out }) : violation('out is bytes')),
  err: ({ err }) => (err instanceof Uint8Array ? accept({ err }) : violation('err is bytes')),
  alive: ({ alive }) => (alive === true ? accept({ alive }) : violation('alive is true')),
  exit: ({ exit }) =>
    Number.isInteger(exit) && (exit as number) >= 0 && (exit as number) <= maxExit
      ? accept({ exit: exit as number })
      : violation(`exit is a whole number from 0 to ${maxExit}`),
  error({ error, message }) {
    if (!isText(error, 64) || !isText(message, maxErrorLength)) {
      return violation('error is a code and has a message')
    }
    // A code that only later versions know still says, in its message, what went wrong.
    return accept({ error: isErrorCode(error) ? error : 'INTERNAL', message })
  },
}

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

function utf8Length(text: string): number {
  return new TextEncoder().encode(text).length
}

function accept<Message>(value: Message): Checked<Message> {
  return { ok: true, value }
}

function violation(text: string): { readonly ok: false; readonly violation: string } {
  return { ok: false, violation: text }
}
