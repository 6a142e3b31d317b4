/**
 * Asks our node to run a command, prints what it printed, and ends this process: what most command lines
 * come to, in as little code as it takes. Whoever waits for `skein @bob add` waits for all that is loaded.
 *
 *   connect ──▶ request ──▶ whole answer, soon ──▶ print, exit
 *                  └── anything else, or none yet ──▶ the layers go on with the same conversation
 *
 * **Invariant**: nothing is printed before all is there, so whoever takes over has missed nothing.
 */
import { findNode } from '../find-node.node.ts'
import { printAtOnce } from '../print.node.ts'
import { isOnePeer, nodeRequest, peerRequest, readsLetter } from '../request.ts'
import { isQuick, readQuickAnswer, writeGoodbye, writeQuickRequest } from './exchange.ts'
import type { Socket } from 'node:net'
import type { Invocation } from '../arguments.ts'
import type { Handed } from '../control-client.node.ts'
import type { Place } from '../find-node.node.ts'
import type { QuickAnswer, QuickRequest, QuickWords } from './exchange.ts'

const patienceMs = 40 // Guess: longer than a short command takes; loading the layers takes half of it.

/** Goes the long way; with the conversation, where one has begun. */
type Otherwise = (handed?: Handed) => void

/** Tries the short way, and calls `otherwise` where there is none. */
export function askQuickly(invocation: Invocation, otherwise: Otherwise): void {
  const request = quickRequest(invocation)
  if (request === undefined || !isQuick(request)) return otherwise()
  const place = quickPlace(invocation.flags.profile)
  if (place === undefined) return otherwise()
  const socket = net().connect({ path: place.controlPath }) // So the node wakes up meanwhile.
  converse({ place, socket, words: writeQuickRequest(place.token, request) }, otherwise)
}

/** What is asked, where a node answers it with a text. */
function quickRequest(invocation: Invocation): QuickRequest | undefined {
  const { command, flags, to = '' } = invocation
  if (flags.timeoutMs !== undefined) return undefined
  switch (command) {
    case 'on':
      if (flags.isJson || !isOnePeer(to)) return undefined
      return { ...peerRequest(invocation, to), hasInput: !tty().isatty(0) }
    case 'down': // It waits for the node's end.
      return undefined
    default:
      if (readsLetter(invocation)) return undefined
      return { ...nodeRequest(invocation, tty().isatty(1)), hasInput: false }
  }
}

// Loaded when they are needed: they take 2 ms, and the version needs none. An `import()` would put all
// modules into functions of their own, and take 0.5 ms.
const net = () => process.getBuiltinModule('node:net')
const tty = () => process.getBuiltinModule('node:tty')

function quickPlace(profile: string | undefined): Place | undefined {
  try {
    return findNode(profile)
  } catch {
    return undefined // The long way says why.
  }
}

interface Beginning {
  readonly place: Place
  readonly socket: Socket
  readonly words: QuickWords
}

function converse({ place, socket, words }: Beginning, otherwise: Otherwise): void {
  const { hello, frames } = words
  const received: Uint8Array[] = []
  let [isConnected, isOver, hasEnded] = [false, false, false]
  const end = (): boolean => {
    if (isOver) return false
    clearTimeout(timer)
    return (isOver = true)
  }
  const handOver = (): void => {
    if (!end()) return
    // Where nothing was said, the long way begins anew, and says why it fails.
    if (isConnected || socket.connecting)
      otherwise({ place, socket, frames, received, hasEnded: () => hasEnded })
    else otherwise()
  }
  const timer = setTimeout(handOver, patienceMs)
  socket.on('connect', () => (isConnected = true)).on('error', handOver)
  // A chunk goes round the machinery of streams, as it does when a path takes the socket over.
  socket.push = (chunk: Uint8Array | null) => {
    if (chunk === null) hasEnded = true
    else received.push(chunk)
    const answer = hasEnded ? 'other' : readQuickAnswer(join(received))
    if (answer === 'more') return true
    if (answer === 'other' || !isPrintable(answer)) handOver()
    else if (end()) finish(socket, answer)
    return true
  }
  socket.write(Buffer.concat([hello, frames]))
}

/** On a terminal, text without anything that it would obey. */
function isPrintable({ out }: { readonly out: readonly Uint8Array[] }): boolean {
  const isPlain = (byte: number): boolean => (byte >= 32 && byte < 127) || byte === 10
  return !tty().isatty(1) || out.every((chunk) => chunk.every(isPlain))
}

function finish(socket: Socket, { out, exit }: Exclude<QuickAnswer, string>): void {
  socket.write(writeGoodbye())
  process.exitCode = exit
  if (printAtOnce('stdout', join(out))) process.exit()
  socket.destroy() // What the reader had no room for leaves first.
}

function join(chunks: readonly Uint8Array[]): Uint8Array {
  const [first] = chunks
  return chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks)
}
