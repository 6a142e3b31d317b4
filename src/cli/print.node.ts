/** Output for a command line that has nothing else to do: no stream is made for it, which takes 4 ms. */
import { writeSync } from 'node:fs'

/** Prints text, whole, unless nobody reads any more. */
export function printAtOnce(name: 'stdout' | 'stderr', text: string): void {
  const bytes = Buffer.from(text)
  let written = 0
  try {
    written = writeSync(name === 'stdout' ? 1 : 2, bytes)
  } catch (thrown) {
    const { code, message } = thrown as NodeJS.ErrnoException
    if (code === 'EPIPE') return // Whoever read us has enough, as `head` does.
    // A pipe that is full at the moment: the stream waits for it.
    if (code !== 'EAGAIN') return fail(name, message)
  }
  if (written < bytes.length) process[name].write(bytes.subarray(written))
}

/** Says why standard output took nothing; standard error is the last that could be told. */
function fail(name: 'stdout' | 'stderr', message: string): void {
  if (name === 'stderr') return
  process.exitCode = 1
  printAtOnce('stderr', `skein: cannot write: ${message}\n`)
}
