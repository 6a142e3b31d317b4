import { beforeEach, describe, expect, test, vi } from 'vitest'
import { SkeinError } from '../base/errors.ts'
import { owner } from '../base/policy.ts'
import type { CommandRequest } from './messages.ts'
import { requestCommand, type CommandOutcome, type RequestOptions } from './request.ts'
import { join, ManualClock, serveCommands, settle, ways, type Joined } from './pair.test-kit.ts'

const utf8 = { encode: (text: string) => new TextEncoder().encode(text) }
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

/** By which of them the test at hand asks. */
let way: (typeof ways)[number] = ways[0]

/** What a peer gives back: parts, and an end, when a test says so. */
class Parts implements AsyncIterator<unknown, unknown> {
  isTakenBack = false
  readonly #results: (IteratorResult<unknown, unknown> | Error)[] = []
  #wake: (() => void) | undefined

  add(...results: (IteratorResult<unknown, unknown> | Error)[]): void {
    this.#results.push(...results)
    this.#wake?.()
  }

  async next(): Promise<IteratorResult<unknown, unknown>> {
    for (;;) {
      const result = this.#results.shift()
      if (result instanceof Error) throw result
      if (result !== undefined) return result
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }

  return(): Promise<IteratorResult<unknown, unknown>> {
    this.isTakenBack = true
    return Promise.resolve({ done: true, value: undefined })
  }

  [Symbol.asyncIterator](): this {
    return this
  }
}

/** A request, and a peer that answers what the test says. */
class Bench {
  readonly clock = new ManualClock()
  readonly printed: string[] = []
  readonly heard: unknown[] = []
  readonly parts = new Parts()
  input: AsyncIterable<Uint8Array> | undefined
  readonly joined: Joined
  readonly result: Promise<CommandOutcome>
  /** How it ended, once it did. */
  ending: unknown

  constructor(
    options: Partial<RequestOptions> = {},
    request: Partial<CommandRequest> = {},
    run?: () => unknown,
  ) {
    const target = {
      run: (asked: unknown, input?: AsyncIterable<Uint8Array>): unknown => {
        this.heard.push(asked)
        this.input = input
        return run === undefined ? this.parts : run()
      },
    }
    const builtIn = { target, members: ['run'], close: () => undefined }
    const node = serveCommands(
      this.clock,
      () => builtIn,
      () => owner,
    )
    this.joined = join(node, { clock: this.clock, subject: owner, way })
    this.result = requestCommand(
      this.joined.ask,
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
  }

  async answer(...parts: unknown[]): Promise<void> {
    for (const value of parts) this.parts.add({ done: false, value })
    await settle()
  }

  async exit(value: unknown): Promise<void> {
    this.parts.add({ done: true, value })
    await settle()
  }

  get code(): unknown {
    return this.ending instanceof SkeinError ? this.ending.code : this.ending
  }
}

async function* chunks(...texts: string[]): AsyncGenerator<Uint8Array, void, undefined> {
  for (const each of texts) yield utf8.encode(each)
}

describe.each(ways)('%s: a request', (each) => {
  beforeEach(() => void (way = each))

  test('[D1] is sent as it is, without input where there is none', async () => {
    const bench = new Bench({}, { argv: ['add', 'a b'], timeoutMs: 5_000 })
    await settle()
    expect(bench.heard).toEqual([{ argv: ['add', 'a b'], timeoutMs: 5_000 }])
    expect(bench.input).toBeUndefined()
  })

  test('[D1] of the greatest length arrives', async () => {
    const argv = ['add', 'x'.repeat(65_000)]
    const bench = new Bench({}, { argv })
    await settle()
    await bench.exit(0)
    expect([bench.heard, bench.ending]).toEqual([[{ argv }], { exit: 0 }])
  })

  test('[D3] hands out what is printed, and resolves with the exit code', async () => {
    const bench = new Bench()
    await bench.answer({ out: utf8.encode('a') }, { err: utf8.encode('b') }, { alive: true })
    expect(bench.ending).toBeUndefined()
    await bench.exit(3)
    expect(bench.printed).toEqual(['a', '! b'])
    expect(bench.ending).toEqual({ exit: 3 })
    expect(bench.clock.pending).toBe(0)
  })

  test('[D3] rejects with the error of the far side', async () => {
    const bench = new Bench()
    bench.parts.add(new SkeinError('UNKNOWN_COMMAND', 'Unknown command: add'))
    await settle()
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
    expect([bench.code, bench.heard]).toEqual([code, []])
  })
})

describe.each(ways)('%s: what a peer gets wrong', (each) => {
  beforeEach(() => void (way = each))

  test.each<[string, unknown]>([
    ['[D3] a part that is none', { hello: 1 }],
    ['[D3] two in one', { err: utf8.encode('b'), out: utf8.encode('a') }],
    ['[D3] a chunk that is too long', { out: new Uint8Array(70_000) }],
  ])('%s is a VIOLATION, and takes the command back', async (_sentence, part) => {
    const bench = new Bench()
    await bench.answer(part)
    expect([bench.code, bench.parts.isTakenBack]).toEqual(['VIOLATION', true])
    await bench.clock.advance(130_000) // A lease of what was given may have been left.
    expect(bench.clock.pending).toBe(0)
  })

  test.each([1_000, undefined, 'x'])('[D3] an end with %s is a VIOLATION', async (exit) => {
    const bench = new Bench()
    await bench.answer({ out: utf8.encode('a') })
    await bench.exit(exit)
    expect(bench.code).toBe('VIOLATION')
  })

  test.each<[string, () => unknown]>([
    ['nothing', () => undefined],
    ['a number', () => 5],
    ['a plain list', () => [1]],
  ])('[D3] a command that is %s, and no iteration, fails', async (_sentence, run) => {
    const bench = new Bench({}, {}, run)
    await settle()
    expect(bench.ending).toBeInstanceOf(SkeinError)
    expect(bench.clock.pending).toBe(0)
  })

  test('[D5] a reason without end is cut', async () => {
    const bench = new Bench()
    bench.parts.add(new SkeinError('INVALID', 'x'.repeat(100_000)))
    await settle()
    expect(bench.code).toBe('INVALID')
    expect((bench.ending as Error).message.length).toBeLessThan(20_000)
  })
})

describe.each(ways)('%s: when no end comes', (each) => {
  beforeEach(() => void (way = each))

  test('[D8] silence of 10 s is TIMED_OUT, and takes the command back', async () => {
    const bench = new Bench()
    await bench.clock.advance(9_999)
    expect(bench.ending).toBeUndefined()
    await bench.clock.advance(1)
    expect(bench.ending).toMatchObject({
      code: 'TIMED_OUT',
      message: 'no answer from bob for 10 s; it may have run there',
    })
    await settle()
    expect(bench.parts.isTakenBack).toBe(true)
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
    waiting.joined.setReading(false) // So not even that it was accepted is heard.
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

  test('[D8] patience for one that is called gone is 3 s, and what never left has not run', async () => {
    for (const canHaveLeft of [true, false]) {
      const absence: { text?: string } = {}
      const bench = new Bench({
        isSuspended: () => true,
        patienceMs: 10_000,
        absence: () => absence.text,
        canHaveLeft: () => canHaveLeft,
      })
      bench.joined.setReading(false)
      await bench.clock.advance(2_900)
      absence.text = 'is gone, last heard of 9 s ago'
      expect(bench.ending).toBeUndefined()
      await bench.clock.advance(1_300)
      const words =
        'bob could not be reached for 3 s and is gone, last heard of 9 s ago; see: skein nodes'
      const message = canHaveLeft ? `${words}. The command may have run there` : words
      expect(bench.ending).toMatchObject({ code: 'TIMED_OUT', message })
    }
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
    expect([bench.code, bench.parts.isTakenBack]).toEqual(['CANCELLED', true])
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
    bench.joined.break(new SkeinError('CONNECTION_EXPIRED', 'gone'))
    await settle()
    expect([bench.code, bench.printed]).toEqual(['CONNECTION_EXPIRED', ['half']])
    expect(bench.clock.pending).toBe(0)
  })
})

describe.each(ways)('%s: input and output', (each) => {
  beforeEach(() => void (way = each))

  test('[D2] input is sent in chunks to who reads it, and then its end', async () => {
    const bench = new Bench({ stdin: chunks('a', 'b'.repeat(70_000)) })
    await settle()
    const lengths: number[] = []
    const reading = (async () => {
      for await (const chunk of bench.input ?? []) lengths.push(chunk.length)
    })()
    await settle()
    await reading
    expect(lengths).toEqual([1, 32_768, 32_768, 4_464])
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
    await settle()
    expect(taken).toBe(0)
    await bench.input?.[Symbol.asyncIterator]().next()
    await settle()
    expect(taken * 10_000).toBeLessThan(400_000)
    await bench.exit(0)
    expect([bench.ending, isReturned]).toEqual([{ exit: 0 }, true])
  })

  test('[D7] input that fails takes the command back', async () => {
    async function* broken(): AsyncGenerator<Uint8Array, void, undefined> {
      yield new Uint8Array(1)
      throw new Error('disk gone')
    }
    const bench = new Bench({ stdin: broken() })
    await settle()
    const parts = bench.input?.[Symbol.asyncIterator]()
    await parts?.next()
    await settle()
    expect(bench.ending).toMatchObject({ message: 'disk gone' })
    await settle()
    expect(bench.parts.isTakenBack).toBe(true)
  })

  test('[D10] output waits for who takes it, and all of it comes before the end', async () => {
    const gates: (() => void)[] = []
    const taken: string[] = []
    const onOut = (chunk: Uint8Array): Promise<void> => {
      taken.push(text(chunk))
      return new Promise((resolve) => gates.push(resolve))
    }
    const bench = new Bench({ onOut })
    await bench.answer({ out: utf8.encode('a') }, { out: utf8.encode('b') })
    await bench.exit(0)
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
    await settle()
    expect(bench.parts.isTakenBack).toBe(true)
  })
})
