import { describe, expect, test, vi } from 'vitest'
import { SkeinError } from '../base/errors.ts'
import type { PeerId } from '../base/peer-id.ts'
import { owner, type Subject } from '../base/policy.ts'
import type { CommandContext } from './command.ts'
import { bob, Bench, Chunks, untilStopped, type RawCaller } from './service.test-kit.ts'
import { settle } from './pair.test-kit.ts'

/** Prints so many bytes in pieces of 10 kB, as fast as they are taken. */
async function print(
  bytes: number,
  { out, drained, signal }: CommandContext,
  onPiece: () => void = () => undefined,
): Promise<void> {
  for (let sent = 0; sent < bytes && !signal.aborted; sent += 10_000) {
    const isWritable = out('x'.repeat(10_000))
    onPiece()
    if (!isWritable) await drained()
  }
}

describe('a running command', () => {
  test('[D4] shows every 3 s that it is alive', async () => {
    const bench = new Bench()
    bench.command('wait', untilStopped)
    const caller = bench.open()
    caller.send({ argv: ['wait'] })
    await bench.clock.advance(7_000)
    expect(caller.answers).toEqual([{ alive: true }, { alive: true }])
  })

  test('[D4] sends no signs of life to one who does not read', async () => {
    const bench = new Bench()
    bench.command('flood', async (context) => {
      await print(1_000_000, context)
      return untilStopped(context)
    })
    const caller = bench.open({ isReading: false })
    caller.send({ argv: ['flood'] })
    await bench.clock.advance(60_000)
    caller.read()
    await settle()
    expect(caller.answers.at(-1)).toHaveProperty('out')
    await bench.clock.advance(3_000)
    expect(caller.answers.at(-1)).toEqual({ alive: true })
  })

  test.each<[string, (caller: RawCaller) => void, string]>([
    ['taken back', (caller) => caller.leave(), 'CANCELLED'],
    [
      'lost',
      (caller) => caller.session.break(new SkeinError('PEER_RESTARTED', 'x')),
      'PEER_RESTARTED',
    ],
  ])('[D7] is stopped when it is %s', async (_sentence, act, code) => {
    const bench = new Bench()
    bench.command('wait', untilStopped)
    const caller = bench.open()
    caller.send({ argv: ['wait'] })
    await settle()
    expect(bench.service.running).toBe(1)
    act(caller)
    await settle()
    expect(bench.service.running).toBe(0)
    expect(bench.reports).toMatchObject([{ ending: { error: code } }])
    await bench.clock.advance(130_000) // What the caller did not let go was leased.
    expect(bench.clock.pending).toBe(0)
  })

  test('[D9] is stopped at its hard limit, and says so', async () => {
    const bench = new Bench()
    bench.command('wait', untilStopped)
    const caller = bench.open()
    caller.send({ argv: ['wait'], timeoutMs: 2_000 })
    await bench.clock.advance(2_000)
    expect(caller.answers).toEqual([
      { error: 'TIMED_OUT', message: "'wait' did not end within 2 s" },
    ])
  })

  test('[D9] is answered for even if it does not listen', async () => {
    const bench = new Bench()
    bench.command('deaf', () => new Promise(() => undefined))
    const caller = bench.open()
    caller.send({ argv: ['deaf'], timeoutMs: 2_000 })
    await bench.clock.advance(2_000)
    expect(caller.answers).toMatchObject([{ error: 'TIMED_OUT' }])
    expect(bench.service.running).toBe(1)
  })

  describe('[D11] of one peer too many', () => {
    const carol: Subject = { ...bob, name: 'carol', peerId: 'c'.repeat(52) as PeerId }
    const dave: Subject = { ...bob, name: 'dave', peerId: 'd'.repeat(52) as PeerId }
    const narrow = { maxRunningPerPeer: 1, maxRunning: 2, maxWaitingPerPeer: 2 }

    function gate(bench: Bench): {
      readonly begun: string[]
      readonly end: (name: string) => void
    } {
      const begun: string[] = []
      const ends = new Map<string, () => void>()
      bench.command('wait', ({ args: [name = ''], signal }) => {
        begun.push(name)
        return new Promise<void>((resolve) => {
          ends.set(name, resolve)
          signal.addEventListener('abort', () => resolve())
        })
      })
      return { begun, end: (name) => ends.get(name)?.() }
    }

    test('waits, and begins in the order of asking', async () => {
      const bench = new Bench(narrow)
      const { begun, end } = gate(bench)
      for (const name of ['b1', 'b2', 'b3']) await bench.ask(['wait', name])
      expect(begun).toEqual(['b1'])
      expect(await bench.ask(['echo'])).toMatchObject([{ error: 'LIMIT_EXCEEDED' }])
      end('b1')
      await settle()
      expect(begun).toEqual(['b1', 'b2'])
      end('b2')
      await settle()
      expect(begun).toEqual(['b1', 'b2', 'b3'])
    })

    test('does not keep others from their turn', async () => {
      const bench = new Bench(narrow)
      const { begun, end } = gate(bench)
      for (const name of ['b1', 'b2', 'b3']) await bench.ask(['wait', name])
      await bench.ask(['wait', 'c1'], { subject: carol })
      await bench.ask(['wait', 'd1'], { subject: dave })
      expect(begun).toEqual(['b1', 'c1'])
      end('c1')
      await settle()
      expect(begun).toEqual(['b1', 'c1', 'd1'])
    })

    test('shows that it lives while it waits, and is bounded in bytes', async () => {
      const bench = new Bench({ ...narrow, maxWaitingBytesPerPeer: 100 })
      gate(bench)
      await bench.ask(['wait', 'b1'])
      expect(await bench.ask(['wait', 'x'.repeat(100)])).toMatchObject([
        { error: 'LIMIT_EXCEEDED' },
      ])
      const caller = bench.open()
      caller.send({ argv: ['wait', 'b2'] })
      await bench.clock.advance(3_000)
      expect(caller.answers).toEqual([{ alive: true }])
    })

    test('leaves the line with its caller, and with the node', async () => {
      const bench = new Bench(narrow)
      const { begun, end } = gate(bench)
      await bench.ask(['wait', 'b1'])
      const gone = bench.open()
      gone.send({ argv: ['wait', 'b2'] })
      const last = bench.open()
      last.send({ argv: ['wait', 'b3'] })
      await settle()
      gone.leave()
      await settle()
      end('b1')
      await settle()
      expect(begun).toEqual(['b1', 'b3'])
      const late = bench.open()
      late.send({ argv: ['wait', 'b4'] })
      await settle()
      await bench.service.close()
      await settle()
      expect(late.answers).toMatchObject([{ error: 'NODE_CLOSED' }])
      expect(begun).toEqual(['b1', 'b3'])
    })
  })

  test('[D7] ends when the node closes, which waits for it', async () => {
    const bench = new Bench()
    let isOver = false
    bench.command('slow', async (context) => {
      await untilStopped(context).catch(() => settle())
      isOver = true
    })
    const caller = bench.open()
    caller.send({ argv: ['slow'] })
    const idle = bench.session().commands.run({ argv: ['slow'] })
    await settle()
    await bench.service.close()
    expect(isOver).toBe(true)
    await settle()
    expect(caller.answers).toMatchObject([{ error: 'NODE_CLOSED' }])
    const parts = (await idle) as AsyncIterable<unknown>
    await expect(parts[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      code: 'NODE_CLOSED',
    })
    expect(await bench.ask(['echo'])).toMatchObject([{ error: 'NODE_CLOSED' }])
  })

  test('[D7] that does not end does not hold up closing for ever', async () => {
    const bench = new Bench({ closeTimeoutMs: 1_000 })
    bench.command('deaf', () => new Promise(() => undefined))
    bench.open().send({ argv: ['deaf'] })
    await settle()
    const closed = vi.fn()
    void bench.service.close().then(closed)
    await bench.clock.advance(999)
    expect(closed).not.toHaveBeenCalled()
    await bench.clock.advance(1)
    expect(closed).toHaveBeenCalled()
  })
})

describe('input and output', () => {
  test('[D2] input reaches the command, to its end', async () => {
    const bench = new Bench()
    bench.command('count', async ({ stdin }) => {
      let bytes = 0
      for await (const chunk of stdin) bytes += chunk.length
      return `${bytes}`
    })
    const caller = bench.open()
    caller.send({ argv: ['count'] }, new Chunks(10, new Uint8Array(1_000)))
    await settle()
    expect(caller.answers).toEqual([{ out: '10000\n' }, { exit: 0 }])
  })

  test('[D2] a command without input reads its end', async () => {
    const bench = new Bench()
    bench.command('read', async ({ stdin }) => {
      for await (const chunk of stdin) expect.unreachable(`read ${chunk.length} bytes`)
    })
    expect(await bench.ask(['read'])).toEqual([{ exit: 0 }])
  })

  test('[D10] a command that does not read is sent nothing', async () => {
    const bench = new Bench()
    bench.command('wait', untilStopped)
    const input = new Chunks(100, new Uint8Array(60_000))
    const caller = bench.open()
    caller.send({ argv: ['wait'] }, input)
    await settle()
    expect(input.taken).toBe(0)
  })

  test('[D10] a command that stops reading stops the caller, and costs no more', async () => {
    const bench = new Bench()
    bench.command('taste', async (context) => {
      for await (const chunk of context.stdin) {
        expect(chunk).toHaveLength(60_000)
        await untilStopped(context)
      }
    })
    const input = new Chunks(100, new Uint8Array(60_000))
    const caller = bench.open()
    caller.send({ argv: ['taste'] }, input)
    await settle()
    expect(input.taken).toBeGreaterThan(0)
    expect(input.taken * 60_000).toBeLessThan(400_000)
    caller.leave()
    await settle()
    expect(input.isReturned).toBe(true)
  })

  test('[D10] what a command did not read is given back when it ends', async () => {
    const bench = new Bench()
    bench.command('first', async ({ stdin }) => {
      for await (const chunk of stdin) return `${chunk.length}`
      return undefined
    })
    const input = new Chunks(100, new Uint8Array(60_000))
    const caller = bench.open()
    caller.send({ argv: ['first'] }, input)
    await settle()
    expect(caller.answers).toEqual([{ out: '60000\n' }, { exit: 0 }])
    expect([input.isReturned, input.taken < 10]).toEqual([true, true])
  })

  test('[D10] a command that prints waits for the caller', async () => {
    const bench = new Bench()
    let printed = 0
    bench.command('flood', (context) => print(1_000_000, context, () => void (printed += 1)))
    const caller = bench.open({ isReading: false })
    caller.send({ argv: ['flood'] })
    await settle()
    // A window at the caller, and what may wait here.
    expect(printed * 10_000).toBeLessThan((256 + 128 + 32) * 1_024)
    expect(caller.session.receivedBytes).toBeLessThan(300 * 1_024)
    caller.leave()
    await settle()
    expect(bench.service.running).toBe(0)
  })

  test('[D10] many that print hold little while the path takes nothing', async () => {
    const bench = new Bench()
    let printed = 0
    bench.command('flood', (context) => print(500_000, context, () => void (printed += 1)))
    const callers = Array.from({ length: 32 }, () => bench.open())
    await bench.ask(['echo'])
    bench.session().setReading(false)
    for (const caller of callers) caller.send({ argv: ['flood'] })
    await settle()
    const stuck = printed
    // Each its own 128 KiB; of what is on its way all share one queue, not a window each.
    expect(stuck * 10_000).toBeLessThan(32 * (128 + 2 * 32) * 1_024)
    bench.session().setReading(true)
    await settle()
    expect(printed).toBeGreaterThan(stuck)
    expect(callers.every(({ answers }) => answers.length > 0)).toBe(true)
  })

  test('[D10] one command that prints much does not hold back another', async () => {
    const bench = new Bench()
    bench.command('flood', (context) => print(1_000_000, context).then(() => undefined))
    const slow = bench.open({ isReading: false })
    slow.send({ argv: ['flood'] })
    await settle()
    expect(await bench.ask(['echo', 'a'])).toEqual([{ out: 'a\n' }, { exit: 0 }])
  })

  test('[D3] output above 32 KiB is cut into chunks', async () => {
    const bench = new Bench()
    bench.command('big', () => 'x'.repeat(150_000))
    const answers = await bench.ask(['big'])
    const lengths = answers.map((answer) => (answer as { out?: string }).out?.length)
    // And the end of the line.
    expect(lengths).toEqual([32_768, 32_768, 32_768, 32_768, 18_929, undefined])
  })
})

describe('the control channel', () => {
  test('[D12] a request with `to` goes to the relay, with its words and its input', async () => {
    const relay = vi.fn(async ({ out }: CommandContext) => {
      out('from afar')
      return { exit: 7 }
    })
    const bench = new Bench({}, (request, context) => relay({ ...context, ...request }))
    const caller = bench.open({ subject: owner })
    caller.send({ argv: ['add', '1'], to: 'carol', timeoutMs: 500 })
    await settle()
    expect(caller.answers).toEqual([{ out: 'from afar' }, { exit: 7 }])
    expect(relay.mock.calls[0]?.[0]).toMatchObject({ to: 'carol', argv: ['add', '1'], args: ['1'] })
  })

  test('[D12] no peer sends commands on through us', async () => {
    const relay = vi.fn()
    const caller = new Bench({}, relay).open()
    caller.send({ argv: ['add'], to: 'carol' })
    await settle()
    expect(caller.answers).toMatchObject([{ error: 'DENIED' }])
    expect(relay).not.toHaveBeenCalled()
  })
})
