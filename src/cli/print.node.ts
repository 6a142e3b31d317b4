/** Output for a command line that has nothing else to do: no stream is made for it, which takes 4 ms. */
import { writeSync } from 'node:fs'

/**
 * Prints text, whole, unless nobody reads any more.
 *
 * @returns false while a part of it waits in a stream; the process must not be ended then.
 */
export function printAtOnce(name: 'stdout' | 'stderr', text: string | Uint8Array): boolean {
  const bytes = typeof text === 'string' ? Buffer.from(text) : text
  if (bytes.length === 0) return true
  let written = 0
  try {
    written = writeSync(name === 'stdout' ? 1 : 2, bytes)
  } catch (thrown) {
    const { code, message } = thrown as NodeJS.ErrnoException
    if (code === 'EPIPE') return true // Whoever read us has enough, as `head` does.
    // A pipe that is full at the moment: the stream waits for it.
    if (code !== 'EAGAIN') return fail(name, message)
  }
  if (written === bytes.length) return true
  process[name].write(bytes.subarray(written))
  return false
}

/** Says why standard output took nothing; standard error is the last that could be told. */
function fail(name: 'stdout' | 'stderr', message: string): boolean {
  if (name === 'stderr') return true
  process.exitCode = 1
  return printAtOnce('stderr', `skein: cannot write: ${message}\n`)
}
