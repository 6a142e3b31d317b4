/** Commands of the node that wall, inbox and chat give. */
import { network } from '../state.ts'
import type { Session } from '../../session.ts'

const patienceMs = 30_000 // Guess: a message of a megabyte through a slow peer.

/** The session. @throws {TypeError} The page was opened without its link; it says so. */
export function session(): Session {
  if (network.session === undefined) throw new TypeError('this page needs its link')
  return network.session
}

/** Runs a command with a text as its input, and returns what it printed. */
export async function give(argv: readonly string[], input?: string): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  await session().run(argv, {
    timeoutMs: patienceMs,
    ...(input !== undefined && { stdin: bytesOf(input) }),
    onOut: (chunk) => {
      text += decoder.decode(chunk, { stream: true })
    },
  })
  return text
}

async function* bytesOf(text: string): AsyncGenerator<Uint8Array> {
  const bytes = new TextEncoder().encode(text)
  for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes)
}

const chunkBytes = 65_536 // As large as a frame.
