import { describe, expect, test, vi } from 'vitest'
import { SkeinError } from '../base/errors.ts'
import { MessageStream } from '../connection/message-stream.ts'
import type { CommandRequest } from './messages.ts'
import { requestCommand, type CommandOutcome, type RequestOptions } from './request.ts'
import { createStreamPair, ManualClock, settle, type PairedStream } from './stream-pair.test-kit.ts'

const utf8 = { encode: (text: string) => new TextEncoder().encode(text) }
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

/** A request, and a peer that answers what the test says. */
class Bench {
  readonly clock = new ManualClock()
  readonly near: PairedStream
  readonly far: PairedStream
  readonly peer: MessageStream
  readonly heard: unknown[] = []
  readonly printed: string[] = []
  isPeerEnded = false
  farError: SkeinError | undefined
  readonly result: Promise<CommandOutcome>
  /** How it ended, once it did. */
  ending: unknown

  constructor(options: Partial<RequestOptions> = {}, request: Partial<CommandRequest> = {}) {
    ;[this.near, this.far] = createStreamPair()
    this.peer = new MessageStream(this.far)
    this.result = requestCommand(
      this.near,
      { argv: ['add'], ...request },
      {
        clock: this.clock,
        name: 'bob',
        onOut: (chunk) => void this.printed.push(text(chunk)),
        onErr: (chunk) => void this.printed.push(`! ${text(chunk)}`),
        ...options,
      },
    )
    this.result.then(
      (outcome) => (this.ending = outcome),
      (error: unknown) => (this.ending = error),
    )
    this.peer.bind({
      onMessage: (message) => void this.heard.push(message),
      onEnd: () => void (this.isPeerEnded = true),
      onDrain: () => undefined,
      onClose: (error) => void (this.farError = error),
    })
  }

  async answer(...messages: unknown[]): Promise<void> {
    for (const message of messages) this.peer.send(message)
    await settle()
  }

  get code(): unknown {
    return this.ending instanceof SkeinError ? this.ending.code : this.ending
  }
}

async function* chunks(...texts: string[]): AsyncGenerator<Uint8Array, void, undefined> {
  for (const each of texts) yield utf8.encode(each)
}

describe('a request', () => {
  test('[D1] is sent first, and its end follows where there is no input', async () => {
    const bench = new Bench({}, { argv: ['add', 'a b'], timeoutMs: 5_000 })
    await settle()
    expect(bench.heard).toEqual([{ argv: ['add', 'a b'], timeoutMs: 5_000 }])
    expect(bench.isPeerEnded).toBe(true)
  })

  test('[D3] hands out what is printed, and resolves with the exit code', async () => {
    const bench = new Bench()
    await bench.answer({ out: utf8.encode('a') }, { err: utf8.encode('b') }, { alive: true })
    expect(bench.ending).toBeUndefined()
    await bench.answer({ exit: 3 })
    expect(bench.printed).toEqual(['a', '! b'])
    expect(bench.ending).toEqual({ exit: 3 })
    expect(bench.clock.pending).toBe(0)
  })

  test('[D3] rejects with the error of the far side', async () => {
    const bench = new Bench()
    await bench.answer({ error: 'UNKNOWN_COMMAND', message: 'Unknown command: add' })
    expect(bench.ending).toMatchObject({
      code: 'UNKNOWN_COMMAND',
      message: 'Unknown command: add',
    })
  })

  test.each<[string, string[], string]>([
    ['[D6] that is too long', ['add', 'x'.repeat(2 ** 20)], 'LIMIT_EXCEEDED'],
    ['[D6] that is empty', [], 'INVALID'],
  ])('%s fails before anything is sent', async (_sentence, argv, code) => {
    const bench = new Bench({}, { argv })
    await settle()
    expect([bench.code, bench.heard, bench.near.isClosed]).toEqual([code, [], true])
  })
})

describe('what a peer gets wrong', () => {
  test.each<[string, unknown[]]>([
    ['[D3] an answer that is none', [{ hello: 1 }]],
    ['[D3] two in one', [{ exit: 0, out: utf8.encode('a') }]],
    ['[D3] an exit code that is none', [{ exit: 1_000 }]],
  ])('%s is a VIOLATION', async (_sentence, messages) => {
    const bench = new Bench()
    await bench.answer(...messages)
    expect([bench.code, bench.farError?.code]).toEqual(['VIOLATION', 'VIOLATION'])
    expect(bench.clock.pending).toBe(0)
  })

  test('[D3] an end without exit or error', async () => {
    const bench = new Bench()
    await bench.answer({ out: utf8.encode('a') })
    bench.far.end()
    await settle()
    expect(bench.code).toBe('VIOLATION')
  })

  test('[D5] bytes that are no CBOR', async () => {
    const bench = new Bench()
    bench.far.write(new Uint8Array([0, 0, 0, 1, 0xff]))
    await settle()
    expect(bench.code).toBe('VIOLATION')
  })
})

describe('when no end comes', () => {
  test('[D8] silence of 10 s is TIMED_OUT, and takes the command back', async () => {
    const bench = new Bench()
    await bench.clock.advance(9_999)
    expect(bench.ending).toBeUndefined()
    await bench.clock.advance(1)
    expect(bench.ending).toMatchObject({
      code: 'TIMED_OUT',
      message: 'no answer from bob for 10 s; it may have run there',
    })
    expect(bench.farError?.code).toBe('CANCELLED')
  })

  test('[D8] any message breaks the silence', async () => {
    const bench = new Bench()
    for (let turn = 0; turn < 5; turn++) {
      await bench.clock.advance(9_000)
      await bench.answer({ alive: true })
    }
    expect(bench.ending).toBeUndefined()
    await bench.clock.advance(10_000)
    expect(bench.code).toBe('TIMED_OUT')
  })

  test('[D8] while the connection is suspended, silence does not count', async () => {
    let isSuspended = true
    const bench = new Bench({ isSuspended: () => isSuspended })
    await bench.clock.advance(100_000)
    expect(bench.ending).toBeUndefined()
    isSuspended = false
    await bench.clock.advance(10_000)
    expect(bench.code).toBe('TIMED_OUT')
  })

  test('[D8] patience counts the suspension until something came', async () => {
    let isSuspended = false
    const patience = { isSuspended: () => isSuspended, patienceMs: 10_000 }
    const [waiting, running] = [new Bench(patience), new Bench(patience)]
    await running.answer({ alive: true })
    await waiting.clock.advance(5_000)
    isSuspended = true
    await waiting.clock.advance(8_000)
    await running.clock.advance(100_000)
    expect([waiting.ending, running.ending]).toEqual([undefined, undefined])
    await waiting.clock.advance(2_000)
    expect(waiting.ending).toMatchObject({
      code: 'TIMED_OUT',
      message: expect.stringMatching(/^bob could not be reached for 10 s and may be/) as string,
    })
  })

  test('[D8] while the process slept, silence does not count', async () => {
    const bench = new Bench()
    await bench.clock.advance(5_000)
    bench.clock.sleep(3_600_000)
    await bench.clock.advance(3_000)
    expect(bench.ending).toBeUndefined()
    await bench.clock.advance(10_000)
    expect(bench.code).toBe('TIMED_OUT')
  })

  test('[D9] the hard limit counts everything', async () => {
    const bench = new Bench({ isSuspended: () => true }, { timeoutMs: 2_000 })
    await bench.answer({ alive: true })
    await bench.clock.advance(2_000)
    expect(bench.ending).toMatchObject({
      code: 'TIMED_OUT',
      message: 'no result from bob within 2 s; it may have run there',
    })
  })

  test('[D7] an abort takes the command back', async () => {
    const abort = new AbortController()
    const bench = new Bench({ signal: abort.signal })
    await settle()
    abort.abort()
    await settle()
    expect([bench.code, bench.farError?.code]).toEqual(['CANCELLED', 'CANCELLED'])
  })

  test('[D7] what is aborted already is not sent', async () => {
    const reason = new SkeinError('NODE_CLOSED', 'closing')
    const bench = new Bench({ signal: AbortSignal.abort(reason) })
    await settle()
    expect([bench.ending, bench.heard]).toEqual([reason, []])
  })

  test('[D7] a peer that vanishes is told with its reason', async () => {
    const bench = new Bench()
    await bench.answer({ out: utf8.encode('half') })
    bench.far.break(new SkeinError('CONNECTION_EXPIRED', 'gone'))
    await settle()
    expect([bench.code, bench.printed]).toEqual(['CONNECTION_EXPIRED', ['half']])
    expect(bench.clock.pending).toBe(0)
  })
})

describe('input and output', () => {
  test('[D2] input is sent in chunks, and then its end', async () => {
    const bench = new Bench({ stdin: chunks('a', 'b'.repeat(70_000)) })
    await settle()
    expect(bench.heard.slice(1).map((each) => (each as { in: Uint8Array }).in.length)).toEqual([
      1, 65_536, 4_464,
    ])
    expect(bench.isPeerEnded).toBe(true)
  })

  test('[D10] input waits for a peer that does not read, and ends with the command', async () => {
    let taken = 0
    let isReturned = false
    async function* endless(): AsyncGenerator<Uint8Array, void, undefined> {
      try {
        for (;;) {
          taken += 1
          yield new Uint8Array(10_000)
        }
      } finally {
        isReturned = true
      }
    }
    const bench = new Bench({ stdin: endless() })
    bench.far.setReading(false)
    await settle()
    expect(taken).toBeLessThan(10)
    await bench.answer({ exit: 0 })
    expect([bench.ending, isReturned]).toEqual([{ exit: 0 }, true])
  })

  test('[D7] input that fails takes the command back', async () => {
    async function* broken(): AsyncGenerator<Uint8Array, void, undefined> {
      yield new Uint8Array(1)
      throw new Error('disk gone')
    }
    const bench = new Bench({ stdin: broken() })
    await settle()
    expect(bench.ending).toMatchObject({ message: 'disk gone' })
    expect(bench.farError?.code).toBe('CANCELLED')
  })

  test('[D10] output waits for who takes it, and all of it comes before the end', async () => {
    const gates: (() => void)[] = []
    const taken: string[] = []
    const onOut = (chunk: Uint8Array): Promise<void> => {
      taken.push(text(chunk))
      return new Promise((resolve) => gates.push(resolve))
    }
    const bench = new Bench({ onOut })
    await bench.answer({ out: utf8.encode('a') }, { out: utf8.encode('b') }, { exit: 0 })
    await bench.clock.advance(60_000)
    expect([taken, bench.ending]).toEqual([['a'], undefined])
    gates[0]?.()
    await settle()
    expect([taken, bench.ending]).toEqual([['a', 'b'], undefined])
    gates[1]?.()
    await settle()
    expect(bench.ending).toEqual({ exit: 0 })
  })

  test.each([
    [
      'throws',
      vi.fn(() => {
        throw new Error('closed pipe')
      }),
    ],
    ['rejects', vi.fn(() => Promise.reject(new Error('closed pipe')))],
  ])('[D7] a handler that %s takes the command back', async (_sentence, onOut) => {
    const bench = new Bench({ onOut })
    await bench.answer({ out: utf8.encode('a') })
    expect(bench.ending).toMatchObject({ message: 'closed pipe' })
    expect(bench.farError?.code).toBe('CANCELLED')
  })
})
