/** The process's own input and output, as a {@link Context}. */
import { SkeinError } from '../base/errors.ts'
import { sanitizeText } from '../base/text.ts'
import type { Context } from './context.ts'

/** The context of this process. Installs handlers for Ctrl-C, once. */
export function processContext(): Context {
  const ending = new AbortController()
  const onSignal = (): void => {
    ending.abort(new SkeinError('CANCELLED', 'interrupted'))
    process.once('SIGINT', () => process.exit(130)) // The second time nothing is waited for.
  }
  process.once('SIGINT', onSignal)
  process.once('SIGTERM', onSignal)
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') process.exit(0) // Whoever read us has enough, as `head` does.
      throw error
    })
  }
  return {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    outBytes: byteWriter(process.stdout),
    errBytes: byteWriter(process.stderr),
    stdin: process.stdin.isTTY ? undefined : (process.stdin as AsyncIterable<Uint8Array>),
    signal: ending.signal,
  }
}

function byteWriter(stream: NodeJS.WriteStream): (chunk: Uint8Array) => void | Promise<void> {
  const decoder = new TextDecoder()
  return (chunk) => {
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
  process.stdout.write('', () => process.stderr.write('', () => process.exit(code)))
}
