import { describe, expect, test, vi } from 'vitest'
import { SkeinError } from '../base/errors.ts'
import type { CommandContext, CommandResult } from './command.ts'
import { peerIdFromKey } from '../base/peer-id.ts'
import { seededRandom } from '../base/random.ts'
import { programObjects } from '../remote/direct.ts'
import { bob, Bench, Chunks, untilStopped } from './service.test-kit.ts'
import { settle } from './pair.test-kit.ts'

const tooLong = new Uint8Array(70_000)

describe('an answer', () => {
  test('[D3] is what the command left, its exit code, and the end', async () => {
    const bench = new Bench()
    expect(await bench.ask(['echo', 'a', 'b c'])).toEqual([{ out: 'a b c\n' }, { exit: 0 }])
    expect(bench.clock.pending).toBe(0)
  })

  test('[D3] carries output while the command runs, and its exit code', async () => {
    const bench = new Bench()
    bench.command('work', async ({ out, err }) => {
      out('half')
      await Promise.resolve()
      err(new Uint8Array([33]))
      return { exit: 3 }
    })
    expect(await bench.ask(['work'])).toEqual([{ out: 'half' }, { err: '!' }, { exit: 3 }])
  })

  test.each<[string, () => CommandResult | Promise<CommandResult>, unknown]>([
    ['nothing is exit 0', () => undefined, { exit: 0 }],
    [
      'a SkeinError keeps its code',
      () => fail(new SkeinError('INVALID', 'no')),
      {
        error: 'INVALID',
        message: 'no',
      },
    ],
    [
      'any other error is INTERNAL',
      () => fail(new TypeError('oops')),
      {
        error: 'INTERNAL',
        message: 'oops',
      },
    ],
    [
      'a rejection is an error too',
      () => Promise.reject(new Error('late')),
      {
        error: 'INTERNAL',
        message: 'late',
      },
    ],
    [
      'no exit code of ours is passed on when it is none',
      () => ({ exit: 256 }),
      {
        error: 'INTERNAL',
        message: 'the command left 256, which is no exit code',
      },
    ],
  ])('[D3] %s', async (_sentence, run, ending) => {
    const bench = new Bench()
    bench.command('it', run)
    expect(await bench.ask(['it'])).toEqual([ending])
  })

  test('[D3] nothing that is printed after the end is sent', async () => {
    const bench = new Bench()
    let print: CommandContext['out'] = () => false
    bench.command('leak', ({ out }) => void (print = out))
    const caller = bench.open()
    caller.send({ argv: ['leak'] })
    await settle()
    expect(print('late')).toBe(true)
    await settle()
    expect(caller.answers).toEqual([{ exit: 0 }])
  })

  test('[D34] to an unknown command says just that', async () => {
    const unknown = { error: 'UNKNOWN_COMMAND', message: 'Unknown command: nope' }
    expect(await new Bench().ask(['nope'])).toEqual([unknown])
  })

  test('[D6] to a command that is too long, or empty, is an error and no violation', async () => {
    const bench = new Bench()
    const big = 'x'.repeat(70_000)
    expect(await bench.ask(['echo', big])).toMatchObject([{ error: 'LIMIT_EXCEEDED' }])
    expect(await bench.ask([])).toMatchObject([{ error: 'INVALID' }])
  })

  test('[D3] every run is reported with who asked and how it ended', async () => {
    const bench = new Bench()
    await bench.ask(['echo', 'a'])
    await bench.ask(['nope'])
    expect(bench.reports).toMatchObject([
      { subject: bob, request: { argv: ['echo', 'a'] }, ending: { exit: 0 } },
      { subject: bob, ending: { error: 'UNKNOWN_COMMAND' } },
    ])
  })
})

describe('what a peer gets wrong', () => {
  test.each<[string, unknown, unknown]>([
    ['[D1] what is no request', { in: new Uint8Array() }, undefined],
    ['[D1] a request without argv', { to: 'bob' }, undefined],
    ['[D13] a traceparent that is none', { argv: ['wait'], traceparent: 'x' }, undefined],
    ['[D2] input that is a list', { argv: ['wait'] }, [new Uint8Array(1)]],
    ['[D2] input that is a stream', { argv: ['wait'] }, new ReadableStream()],
    ['[D2] input that is text', { argv: ['read'] }, new Chunks(1, 'text')],
    ['[D2] input in chunks that are too long', { argv: ['read'] }, new Chunks(1, tooLong)],
  ])('%s ends that command with VIOLATION, and nothing else', async (_sentence, request, input) => {
    const bench = new Bench()
    const aborted = vi.fn()
    bench.command('wait', (context) => untilStopped(context))
    bench.command('read', async ({ stdin, signal }) => {
      signal.addEventListener('abort', aborted)
      for await (const chunk of stdin) expect(chunk).toBeInstanceOf(Uint8Array)
    })
    const other = bench.open()
    other.send({ argv: ['wait'] })
    const caller = bench.open()
    caller.send(request, input)
    await settle()
    expect(caller.answers).toMatchObject([{ error: 'VIOLATION' }])
    expect(aborted).toHaveBeenCalledTimes(input instanceof Chunks ? 1 : 0)
    expect([other.answers, bench.service.running]).toEqual([[], 1])
    other.leave()
    await settle()
    expect([bench.service.running, bench.clock.pending]).toEqual([0, 0])
  })

  test('[D2] input of somebody else is not read with the rights of this node', async () => {
    const bench = new Bench()
    bench.command('read', async ({ stdin }) => {
      for await (const chunk of stdin) expect.unreachable(`read ${chunk.length} bytes`)
    })
    const secret = vi.fn()
    bench.node.expose('secret', secret)
    const third = programObjects({
      clock: bench.clock,
      random: seededRandom(3),
      reach: () => Promise.reject(new RangeError('nobody is asked')),
    })
    const others = third.object(peerIdFromKey(new Uint8Array(32).fill(7)), { name: 'secret' })
    const caller = bench.open()
    caller.send({ argv: ['read'] }, others)
    await settle()
    expect(caller.answers).toMatchObject([{ error: 'VIOLATION' }])
    expect(secret).not.toHaveBeenCalled()
  })

  test('[D1] a command that nobody iterates over is given up after a while', async () => {
    const bench = new Bench({ requestTimeoutMs: 1_000, maxRunningPerPeer: 1, maxWaitingPerPeer: 1 })
    const { commands } = bench.session()
    const idle = [commands.run({ argv: ['echo'] }), commands.run({ argv: ['echo'] })]
    await bench.clock.advance(999)
    expect(await bench.ask(['echo', 'a'])).toMatchObject([{ error: 'LIMIT_EXCEEDED' }])
    await bench.clock.advance(1)
    expect(await bench.ask(['echo', 'a'])).toEqual([{ out: 'a\n' }, { exit: 0 }])
    const late = bench.open()
    const reading = (await idle[0]) as AsyncIterable<unknown>
    await expect(reading[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      code: 'TIMED_OUT',
    })
    expect([late.answers, bench.reports.length]).toEqual([[], 1])
  })

  test('[D1] words of commands that nobody iterates over are bounded', async () => {
    const bench = new Bench({ maxWaitingBytesPerPeer: 100 })
    const { commands } = bench.session()
    const refused = commands.run({ argv: ['echo', 'x'.repeat(100)] })
    await settle()
    await expect(refused).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' })
    expect(await bench.ask(['echo', 'a'])).toEqual([{ out: 'a\n' }, { exit: 0 }])
  })

  test('[D1] what comes of a command is read once', async () => {
    const bench = new Bench()
    const parts = (await bench.session().commands.run({ argv: ['echo', 'a'] })) as AsyncIterable<
      unknown,
      unknown
    >
    const [first, second] = [parts[Symbol.asyncIterator](), parts[Symbol.asyncIterator]()]
    expect(await first.next()).toMatchObject({ done: false })
    await expect(second.next()).rejects.toMatchObject({ code: 'INVALID' })
  })

  test('[D11] what was not read is bounded, and ends with the session', async () => {
    const bench = new Bench({ maxRunningPerPeer: 2, maxWaitingPerPeer: 1 })
    const callers = [1, 2, 3].map(() => bench.open({ isReading: false }))
    bench.command('big', () => 'x'.repeat(1_000_000))
    for (const caller of callers) caller.send({ argv: ['big'] })
    await settle()
    expect(bench.service.running).toBe(0)
    expect(await bench.ask(['echo'])).toMatchObject([{ error: 'LIMIT_EXCEEDED' }])
    callers[0]?.leave()
    await settle()
    expect(await bench.ask(['echo'])).toEqual([{ exit: 0 }])
  })
})

function fail(error: Error): never {
  throw error
}
