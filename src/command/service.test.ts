import { describe, expect, test, vi } from 'vitest'
import { SkeinError } from '../base/errors.ts'
import type { CommandContext, CommandResult } from './command.ts'
import { bob, Bench, untilStopped } from './service.test-kit.ts'
import { settle } from './stream-pair.test-kit.ts'

describe('an answer', () => {
  test('[D3] is what the command left, its exit code, and the end', async () => {
    const bench = new Bench()
    const caller = bench.open()
    caller.send({ argv: ['echo', 'a', 'b c'] })
    caller.near.end()
    await settle()
    expect(caller.answers).toEqual([{ out: 'a b c\n' }, { exit: 0 }])
    expect([caller.isEnded, caller.near.isClosed, caller.closeError]).toEqual([
      true,
      true,
      undefined,
    ])
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
  test.each<[string, unknown[]]>([
    ['[D1] a first message that is no request', [{ in: new Uint8Array() }]],
    ['[D1] a request without argv', [{ to: 'bob' }]],
    ['[D2] a second request', [{ argv: ['wait'] }, { argv: ['wait'] }]],
    ['[D2] input that is text', [{ argv: ['wait'] }, { in: 'text' }]],
  ])('%s resets the stream and stops the command', async (_sentence, messages) => {
    const bench = new Bench()
    const aborted = vi.fn()
    bench.command('wait', ({ signal }) => {
      signal.addEventListener('abort', aborted)
      return untilStopped({ signal } as CommandContext)
    })
    const caller = bench.open()
    for (const message of messages) caller.send(message)
    await settle()
    expect(caller.closeError?.code).toBe('VIOLATION')
    expect(caller.answers).toEqual([])
    expect(aborted).toHaveBeenCalledTimes(messages.length - 1)
    expect([bench.service.running, bench.clock.pending]).toEqual([0, 0])
  })

  test('[D1] a stream that ends before its request', async () => {
    const caller = new Bench().open()
    caller.near.end()
    await settle()
    expect(caller.closeError?.code).toBe('VIOLATION')
  })

  test('[D1] a stream without a request is given up after a while', async () => {
    const bench = new Bench({ requestTimeoutMs: 1_000 })
    const caller = bench.open()
    await bench.clock.advance(999)
    expect(caller.closeError).toBeUndefined()
    await bench.clock.advance(1)
    expect(caller.closeError?.code).toBe('TIMED_OUT')
  })

  test('[D5] bytes that are no CBOR', async () => {
    const caller = new Bench().open()
    caller.near.write(new Uint8Array([0, 0, 0, 1, 0xff]))
    await settle()
    expect(caller.closeError?.code).toBe('VIOLATION')
  })

  test('[D5] a message over 256 KiB is refused when its length is read', async () => {
    const caller = new Bench().open()
    caller.near.write(new Uint8Array([0, 4, 0, 1]))
    await settle()
    expect(caller.closeError?.code).toBe('VIOLATION')
  })
})

function fail(error: Error): never {
  throw error
}
