import { expect, test } from 'vitest'
import { systemClock } from '../../base/clock.ts'
import { requestCommand } from '../../command/request.ts'
import { acceptDirect, joinDirect } from '../../connection/direct.ts'
import { AskingSession } from '../../remote/asking.ts'
import { messageType, objectProtocol } from '../../remote/messages.ts'
import type { Path, PathHandler } from '../../transport/contract.ts'
import { readQuickAnswer, writeQuickRequest } from './exchange.ts'
import { HandedPath } from './handed-path.ts'

/** One end of a path in memory; what comes before `bind` is kept. */
class End implements Path {
  readonly kind = 'local'
  readonly remoteAddress = 'local:///test'
  readonly remoteId = undefined
  readonly isLocal = true
  readonly bufferedBytes = 0
  other: End | undefined
  #handler: PathHandler | undefined
  #kept: Uint8Array[] = []

  bind(handler: PathHandler): void {
    this.#handler = handler
    const kept = this.#kept
    this.#kept = []
    setImmediate(() => kept.forEach((bytes) => handler.onData(bytes)))
  }

  write(...parts: readonly (Uint8Array | undefined)[]): boolean {
    const bytes = Buffer.concat(parts.filter((part) => part !== undefined))
    setImmediate(() => this.other?.receive(bytes))
    return true
  }

  receive(bytes: Uint8Array): void {
    if (this.#handler === undefined) this.#kept.push(bytes)
    else this.#handler.onData(bytes)
  }

  setReading(): void {}

  close(): void {
    setImmediate(() => this.other?.closed())
  }

  destroy(): void {
    this.close()
  }

  closed(): void {
    this.#handler?.onClose('ended by peer')
  }
}

const token = new Uint8Array(32).fill(7)
const request = { argv: ['add', 'a b', 'é'], to: 'bob', hasInput: false }

/** Messages as a node writes them: the kept answer to find, two pieces of output, the exit code. */
const answers = [
  [messageType.keptAnswer, 0, 0, 1, ...Array.from({ length: 16 }, () => 9)],
  [messageType.item, 1, 0xa1, 0x63, 0x6f, 0x75, 0x74, 0x42, 0x68, 0x69],
  [messageType.item, 1, 0xa1, 0x63, 0x6f, 0x75, 0x74, 0x41, 0x0a],
  [messageType.answer, 1, 3],
].map((body) => Buffer.from([0, 0, 0, body.length, ...body]))

/** A node that hears one request on a path and answers it in as many pieces. */
async function serve(path: Path, heard: Buffer[]): Promise<void> {
  const connection = await acceptDirect(path, {
    ...{ clock: systemClock, timeoutMs: 5_000, gate: () => ({}) },
    onStream: (stream) => {
      const bytes = { onData: (part: Uint8Array) => void heard.push(Buffer.from(part)) }
      stream.bind({ ...bytes, onEnd: () => {}, onDrain: () => {}, onClose: () => {} })
      return true
    },
  })
  const out = connection.open(objectProtocol)
  out.bind({ onData: () => {}, onEnd: () => {}, onDrain: () => {}, onClose: () => {} })
  for (const answer of answers) {
    await new Promise((resolve) => setImmediate(resolve))
    out.write(answer)
  }
}

/** Speaks the short way, and hands over when so many chunks have come. */
async function askAndHandOver(
  count: number,
): Promise<{ text: string; exit: number; asked: Buffer }> {
  const [ours, theirs] = [new End(), new End()]
  ours.other = theirs
  theirs.other = ours
  const asked: Buffer[] = []
  const received: Uint8Array[] = []
  const { hello, frames } = writeQuickRequest(token, request)
  ours.write(hello, frames)
  const serving = serve(theirs, asked)
  while (received.length < count) {
    await new Promise<void>((resolve) => {
      const onData = (bytes: Uint8Array): void => {
        received.push(bytes)
        resolve()
      }
      ours.bind({ onData, onDrain: () => {}, onClose: () => {} })
    })
  }
  await serving.then(() => new Promise((resolve) => setImmediate(resolve)))
  const path = new HandedPath(ours, { frames, received })
  const session = new AskingSession()
  session.find('commands')
  const onStream = session.accept.bind(session)
  const setup = { clock: systemClock, timeoutMs: 5_000, token, onStream }
  const joining = joinDirect(path, setup).then((connection) => session.attach(connection))
  const out: Uint8Array[] = []
  const { argv, to } = request
  const { exit } = await requestCommand(
    (words) => session.iterate('commands', 'run', [words]),
    { argv, to },
    { clock: systemClock, onOut: (chunk) => void out.push(chunk) },
  )
  await joining
  return { text: Buffer.concat(out).toString(), exit, asked: Buffer.concat(asked) }
}

test.each([0, 1, 2, 3])(
  'the layers go on behind %i chunks, and ask nothing twice',
  async (count) => {
    const { text, exit, asked } = await askAndHandOver(count)
    expect([text, exit]).toEqual(['hi\n', 3])
    expect(asked.toString('latin1').split('argv')).toHaveLength(2)
  },
)

test('a short answer is read from any number of chunks, and nothing else is taken for one', async () => {
  const frame = (type: number, stream: number, payload: Uint8Array): Buffer =>
    Buffer.concat([Buffer.from([type, 0, 0, payload.length, 0, 0, 0, stream]), payload])
  const whole = Buffer.concat([
    ...[frame(2, 0, Buffer.from('welcome')), frame(0x12, 0, Buffer.alloc(8))],
    frame(0x20, 1, Buffer.from('\0object/1')),
    ...answers.map((answer) => frame(0x21, 1, answer)),
  ])
  for (let length = 0; length < whole.length; length++)
    expect([length, readQuickAnswer(whole.subarray(0, length))]).toEqual([length, 'more'])
  const read = readQuickAnswer(whole)
  expect(read).toEqual({ out: [Buffer.from('hi'), Buffer.from('\n')], exit: 3 })
  const others = [
    frame(3, 0, Buffer.from('refused')),
    Buffer.concat([frame(2, 0, Buffer.from('welcome')), frame(0x25, 0, Buffer.from('goodbye'))]),
    Buffer.concat([frame(2, 0, Buffer.from('welcome')), frame(0x21, 3, Buffer.from('other'))]),
    Buffer.concat([
      frame(2, 0, Buffer.from('welcome')),
      frame(0x21, 1, Buffer.from([0, 0, 0, 3, messageType.fail, 1, 0])),
    ]),
  ]
  for (const other of others) expect(readQuickAnswer(other)).toBe('other')
})
