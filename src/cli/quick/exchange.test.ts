import fc from 'fast-check'
import { expect, test } from 'vitest'
import { joinDirect } from '../../connection/direct.ts'
import { frameType, headerBytes, isCounted, readUint24 } from '../../connection/frames.ts'
import { writeWelcome } from '../../connection/messages.ts'
import { systemClock } from '../../base/clock.ts'
import { requestCommand } from '../../command/request.ts'
import { AskingSession } from '../../remote/asking.ts'
import type { Path, PathHandler } from '../../transport/contract.ts'
import { isQuick, writeGoodbye, writeQuickRequest } from './exchange.ts'
import type { QuickRequest } from './exchange.ts'

/** A path that answers HELLO and keeps what is written on it. */
class ListeningPath implements Path {
  readonly kind = 'local'
  readonly remoteAddress = 'local:///test'
  readonly remoteId = undefined
  readonly isLocal = true
  readonly bufferedBytes = 0
  readonly frames: Uint8Array[] = []
  #handler: PathHandler | undefined

  bind(handler: PathHandler): void {
    this.#handler = handler
  }

  write(bytes: Uint8Array): boolean {
    for (let at = 0; at < bytes.length;) {
      const end = at + headerBytes + readUint24(bytes, at + 1)
      const frame = bytes.slice(at, end)
      this.frames.push(frame)
      if (frame[0] === frameType.hello) setImmediate(() => this.#handler?.onData(welcome))
      at = end
    }
    return true
  }

  setReading(): void {}
  close(): void {}
  destroy(): void {}
}

const welcome = writeWelcome({
  incarnation: 1,
  received: 0,
  windowBytes: 2 ** 18,
  label: '',
  addresses: [],
  version: 1,
  epoch: 1,
})
const token = new Uint8Array(32).fill(7)

/** What the layers write for a request, as far as it is counted, and for its end. */
async function writeWithLayers({ argv, to, hasInput }: QuickRequest): Promise<ListeningPath> {
  const path = new ListeningPath()
  const session = new AskingSession()
  session.find('commands')
  const joining = joinDirect(path, { clock: systemClock, timeoutMs: 5_000, token })
  const request = { argv, ...(to !== undefined && { to }) }
  const ending = requestCommand(
    (asked, input) =>
      session.iterate('commands', 'run', input === undefined ? [asked] : [asked, input]),
    request,
    { clock: systemClock, ...(hasInput && { stdin: nothing() }) },
  )
  ending.catch(() => undefined)
  const connection = await joining
  session.attach(connection)
  await new Promise((resolve) => setImmediate(resolve))
  connection.close('CONNECTION_CLOSED', 'done')
  return path
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

test('a short way sends the frames that the layers send', async () => {
  const texts = fc
    .string({ unit: 'grapheme', maxLength: 300 })
    .filter((text) => !text.includes('\0'))
  const words = fc.array(texts, { minLength: 1, maxLength: 40 })
  const requests = fc.record({
    argv: words.filter(([first]) => first !== ''),
    to: fc.option(texts, { nil: undefined }),
    hasInput: fc.boolean(),
  })
  await fc.assert(
    fc.asyncProperty(requests, async (request) => {
      if (!isQuick(request)) return
      const written = writeQuickRequest(token, request)
      const { frames } = await writeWithLayers(request)
      const counted = frames.filter(([type = 0]) => isCounted(type))
      expect(hex(Buffer.concat(counted))).toBe(hex(written.frames) + hex(writeGoodbye()))
    }),
    { numRuns: 200 },
  )
})

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
