/**
 * The process's own input and output, as a {@link Context}.
 *
 * Node makes `process.stdout`, `stderr` and `stdin` when they are first touched, at 1 to 2 ms each: so
 * none is touched before it is needed, and what needs them all touches them while it waits.
 */
import { isatty } from 'node:tty'
import { SkeinError } from '../base/errors.ts'
import { sanitizeText } from '../base/text.ts'
import { printAtOnce } from './print.node.ts'
import type { Context } from './context.ts'

/** The context of this process. Installs handlers for Ctrl-C and the like, once. */
export function processContext(): Context {
  const ending = new AbortController()
  const onSignal = (): void => {
    ending.abort(new SkeinError('CANCELLED', 'interrupted'))
    process.once('SIGINT', () => process.exit(130)) // The second time nothing is waited for.
  }
  process.once('SIGINT', onSignal)
  process.once('SIGTERM', onSignal)
  process.once('SIGHUP', onSignal) // The terminal was closed.
  return {
    out: (text) => void output('stdout').write(text),
    err: writeError,
    outBytes: byteWriter('stdout'),
    errBytes: byteWriter('stderr'),
    isTerminal: isatty(2),
    stdin: isatty(0) ? undefined : input(),
    signal: ending.signal,
  }
}

type OutputName = 'stdout' | 'stderr'

const outputs = new Map<OutputName, NodeJS.WriteStream>()

/** One of the process's outputs; the first time, whoever reads it may go away from then on. */
function output(name: OutputName): NodeJS.WriteStream {
  const opened = outputs.get(name)
  if (opened !== undefined) return opened
  const stream = process[name]
  outputs.set(name, stream)
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (name === 'stderr') return // A log that nobody takes, or on a full disk, ends no node.
    if (error.code === 'EPIPE') process.exit(0) // Whoever read us has enough, as `head` does.
    writeError(`skein: cannot write: ${error.message}\n`)
    process.exit(1)
  })
  return stream
}

/** Writes to standard error, or, after that failed once, tries again with each line. */
function writeError(text: string): void {
  const stream = output('stderr')
  if (stream.destroyed) printAtOnce('stderr', text)
  else stream.write(text)
}

/** Standard input, opened when the request that it belongs to has left. */
async function* input(): AsyncGenerator<Uint8Array> {
  await Promise.resolve() // What was sent before leaves in a microtask of its own.
  output('stdout') // The answer will need it, and there is time until it comes.
  yield* process.stdin as AsyncIterable<Uint8Array>
}

function byteWriter(name: OutputName): (chunk: Uint8Array) => void | Promise<void> {
  const decoder = new TextDecoder()
  return (chunk) => {
    const stream = output(name)
    const data = stream.isTTY ? sanitizeText(decoder.decode(chunk, { stream: true })) : chunk
    if (stream.write(data)) return undefined
    return new Promise((resolve) => {
      stream.once('drain', resolve)
    })
  }
}

/** Ends the process when all that was printed has left. */
export function exit(code: number): void {
  process.exitCode = code
  let left = outputs.size
  if (left === 0) process.exit(code)
  for (const stream of outputs.values()) {
    stream.write('', () => {
      if (--left === 0) process.exit(code)
    })
  }
}
