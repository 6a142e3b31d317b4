/** What a node may do wrong to a program that only asks. The right things are in src/command's tests. */
import { expect, test } from 'vitest'
import { AskingSession } from './asking.ts'
import { FrameSplitter } from './frame-reader.ts'
import { MemoryStream } from './objects.test-kit.ts'

/** A session that has asked for `desk.run('x', input)`, and a node that says what a test likes. */
class Stage {
  readonly session = new AskingSession()
  /** What the node was sent, in hexadecimal. */
  readonly messages: string[] = []
  readonly #streams: MemoryStream[] = []
  readonly #splitter = new FrameSplitter(2 ** 20)
  readonly #out: MemoryStream
  readonly #reading: Promise<unknown>

  constructor(input?: AsyncIterable<unknown>) {
    const args = input === undefined ? ['x'] : ['x', input]
    const items = this.session.iterate('desk', 'run', args)
    this.#reading = items.next().then(
      (next) => next,
      (thrown: unknown) => thrown,
    )
    this.session.attach({ open: (protocol) => this.#pair(protocol)[0] })
    const [near, far] = this.#pair('object/1')
    this.#out = far
    this.session.accept(near)
  }

  /** What the first item became: a result, or why there is none. */
  get first(): Promise<unknown> {
    return this.#reading
  }

  /** Sends messages, each in hexadecimal without its length. */
  async send(...messages: readonly string[]): Promise<void> {
    for (const message of messages) {
      const body = Buffer.from(message.replaceAll(' ', ''), 'hex')
      const framed = Buffer.alloc(4 + body.length)
      framed.writeUInt32BE(body.length)
      body.copy(framed, 4)
      this.#out.write(framed)
    }
    await this.quiet()
  }

  async quiet(): Promise<void> {
    for (let turn = 0; turn < 5; turn++) {
      await new Promise((resolve) => setImmediate(resolve))
      for (const stream of this.#streams) while (stream.isReady) stream.deliver(undefined)
    }
  }

  open(protocol: string): MemoryStream {
    const [near, far] = this.#pair(protocol)
    this.session.accept(near)
    return far
  }

  #pair(protocol: string): readonly [MemoryStream, MemoryStream] {
    const [near, far] = [new MemoryStream(1, protocol), new MemoryStream(1, protocol)]
    near.other = far
    far.other = near
    this.#streams.push(near, far)
    far.bind({
      onData: (bytes) =>
        this.#splitter.read(bytes, (chunk, from, end) => {
          this.messages.push(Buffer.from(chunk.subarray(from, end)).toString('hex'))
          return true
        }),
      onEnd: () => undefined,
      onDrain: () => undefined,
      onClose: () => undefined,
    })
    return [near, far]
  }
}

test('[O16] finds and streams in one go, with what waited for the connection', async () => {
  const stage = new Stage()
  await stage.quiet()
  // Question 0 finds; question 1 calls on its result, and iterates over what that gives.
  expect(stage.messages).toEqual([
    '040004' + '6465736b',
    '1301010001' + '0372756e' + '808010816178',
  ])
  await stage.send(`08 00 00 07 ${'00'.repeat(16)}`)
  expect(stage.messages.slice(2)).toEqual(['0a00'])
  await stage.send('0e 01 05', '07 01 03')
  expect(await stage.first).toEqual({ done: false, value: 5 })
  stage.session.iterate('desk', 'run', [])
  await stage.quiet()
  expect(stage.messages.slice(3)).toEqual(['13020e0001' + '0372756e' + '80801080'])
})

test.each<[string, readonly string[]]>([
  ['[O1] a message that ends within a field', ['0e']],
  ['[O2] a message of an unknown type', ['63 00']],
  ['[O5] an answer to what was never asked', ['07 20 05']],
  ['[O5] an answer to what was answered', ['07 01 05', '07 01 05']],
  ['[O12] an item for another question', ['0e 00 05']],
  ['[O12] an item for what was never asked', ['0e 20 05']],
  ['[O13] an item beyond the credit', Array(300).fill(`0e 01 59 0400 ${'00'.repeat(1_024)}`)],
  ['[O10] an item that is no value', ['0e 01 ff']],
  ['[O25] the end of a promise that nobody gave', ['10 01 00 05']],
  ['[O30] something large', ['12 01 808004 0e 01']],
])('%s ends the session, and everything asked for fails', async (_sentence, messages) => {
  const stage = new Stage()
  await stage.quiet()
  await stage.send(...messages)
  await stage.first
  const items = stage.session.iterate('desk', 'run', ['again'])
  await expect(items.next()).rejects.toMatchObject({ code: 'VIOLATION' })
})

test('[O1] a second stream ends the session', async () => {
  const stage = new Stage()
  stage.open('object/1')
  await stage.quiet()
  expect(await stage.first).toMatchObject({ code: 'VIOLATION' })
  expect(stage.session.accept(new MemoryStream(3, 'chat/1'))).toBe(false)
})

test('arguments that cannot travel fail their call, and no other', async () => {
  const stage = new Stage()
  const items = stage.session.iterate('desk', 'run', [Symbol('no')])
  await expect(items.next()).rejects.toMatchObject({ code: 'INVALID' })
  await stage.quiet()
  await stage.send('0e 01 05')
  expect(await stage.first).toEqual({ done: false, value: 5 })
})

test.each(['01 00 02 00 00 80', '02 00 02 00 00', '04 00 01 61', '06 00'])(
  'whatever is asked of it fails: %s',
  async (message) => {
    const stage = new Stage()
    await stage.quiet()
    stage.messages.length = 0
    await stage.send(message)
    expect(stage.messages).toEqual([expect.stringMatching(/^0900/)])
  },
)

test('[O14] what it gave is iterated over, ended by a cancel, and answered once', async () => {
  let isReturned = false
  async function* input(): AsyncGenerator<number> {
    try {
      for (let n = 0; ; n++) yield n
    } finally {
      isReturned = true
    }
  }
  const stage = new Stage(input())
  await stage.quiet()
  stage.messages.length = 0
  await stage.send('03 00 02 00 00 8001') // Credit for two items of 65.
  expect(stage.messages).toEqual(['0e0000', '0e0001'])
  await stage.send('0f 00 8301')
  expect(stage.messages).toEqual(['0e0000', '0e0001', '0e0002'])
  await stage.send('0b 00')
  expect(stage.messages.slice(3)).toEqual([expect.stringMatching(/^0900/)])
  expect(isReturned).toBe(true)
  await stage.send('0b 00', '0f 00 ff01')
  expect(stage.messages).toHaveLength(4)
  stage.messages.length = 0
  await stage.send('03 01 04 00 00 8001', '0c 01 01', '03 02 02 00 00 8001')
  expect(stage.messages).toEqual([
    expect.stringMatching(/^0901/), // Never given.
    expect.stringMatching(/^0902/), // Let go.
  ])
})

test('fails with the connection, and says why', async () => {
  const stage = new Stage()
  await stage.quiet()
  const far = stage.open('object-large/1') // Refused: it has nothing large to take.
  await stage.quiet()
  expect([far.isClosed, await stage.first]).toMatchObject([true, { code: 'VIOLATION' }])
})
