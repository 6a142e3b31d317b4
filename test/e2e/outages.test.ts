/** Peers that are killed, frozen, quiet or mute while a command runs on them. */
import { describe, expect, test, vi } from 'vitest'
import { Node } from '../../src/index.ts'
import { linesOf, Machine, type RunningNode } from './machine.ts'
import type { Launched } from './processes.ts'

/** Ends with the node even when that is killed: its input breaks off. */
const lasting = `console.log('begun'); process.stdin.resume().on('end', () => process.exit())`
const count = 3000
const counting = `let n = 0; const t = setInterval(() => { console.log(n++); if (n === ${count}) clearInterval(t) }, 0)`

const programs = Object.entries({ lasting, counting })
  .map(([name, source]) => {
    return `[programs.${name}]\nfile = "${process.execPath}"\nargs = ["-e", ${JSON.stringify(source)}]\nstdin = true\n`
  })
  .join('')

/** Notices in 0.3 s what takes 10 s otherwise. */
const nervous =
  'limits = { keepAliveMs = 100, silenceMs = 300, reconnectMaxMs = 200, reconnectMinMs = 50 }\n'

/** Alice, who offers the programs, and bob, who dials her. */
class Pair implements AsyncDisposable {
  readonly machine: Machine
  readonly alice: RunningNode
  readonly bob: RunningNode

  private constructor(machine: Machine, alice: RunningNode, bob: RunningNode) {
    this.machine = machine
    this.alice = alice
    this.bob = bob
  }

  static async start(tomlOfBob = ''): Promise<Pair> {
    const machine = new Machine()
    const alice = await machine.node('alice', programs)
    const bob = await machine.node('bob', `network.peers = ["${alice.address}"]\n${tomlOfBob}`)
    await bob.process.printed('"msg":"connected"')
    return new Pair(machine, alice, bob)
  }

  /** Runs a command line on bob. */
  fromBob(...words: readonly string[]): Launched {
    return this.machine.launch(['-p', 'bob', ...words])
  }

  /** Runs a program on alice and waits until it has begun. */
  async runLasting(...flags: readonly string[]): Promise<Launched> {
    const running = this.fromBob(...flags, '@alice', 'lasting')
    await running.printed('begun')
    return running
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.machine.close()
  }
}

/** The one line that a command says when it failed. */
async function failureOf(running: Launched): Promise<string> {
  const { code, stderr } = await running.ended
  expect(linesOf(stderr)).toHaveLength(1)
  expect(code).toBe(1)
  return stderr
}

describe.concurrent('a peer', () => {
  test('that is killed and comes back fails its command, and takes the next', async () => {
    await using pair = await Pair.start(nervous)
    const running = await pair.runLasting()
    const { process, port } = pair.alice
    process.signal('SIGKILL')
    await process.ended
    await pair.machine.up(['-p', 'alice', '-s', `network.listen.port=${port}`])
    expect(await failureOf(running)).toBe('skein: alice restarted; it may have run there\n')
    const next = await pair.fromBob('@alice', 'echo', 'back').ended
    expect(next).toEqual({ code: 0, stdout: 'back\n', stderr: '' })
  })

  test('that is killed and stays away fails it when the connection expires', async () => {
    await using pair = await Pair.start('limits = { resumeWindowMs = 500 }\n')
    const running = await pair.runLasting()
    pair.alice.process.signal('SIGKILL')
    expect(await failureOf(running)).toMatch(
      /^skein: no path .*\(resumeWindowMs\); it may have run there\n$/,
    )
  })

  test('that is killed fails it at the time-out, when there is one', async () => {
    await using pair = await Pair.start()
    const running = await pair.runLasting('--timeout', '1s')
    pair.alice.process.signal('SIGKILL')
    expect(await failureOf(running)).toMatch(/^skein: .*1 s/)
  })

  test('that is stopped says so to whom it works for', async () => {
    await using pair = await Pair.start()
    const running = await pair.runLasting()
    await pair.alice.process.stop()
    expect(await failureOf(running)).toMatch(/^skein: the node that ran the command was closed/)
  })

  test.each([
    ['is in doubt', 'log.level = "debug"\n', 'path in doubt'],
    ['is lost', nervous, 'path lost'],
  ])('that is frozen until its path %s goes on where it was', async (_what, toml, sign) => {
    await using pair = await Pair.start(toml)
    const running = pair.fromBob('@alice', 'counting')
    await running.printed(/^100$/m)
    pair.alice.process.signal('SIGSTOP')
    await pair.bob.process.printed(sign)
    pair.alice.process.signal('SIGCONT')
    const { code, stdout, stderr } = await running.ended
    expect(linesOf(stdout)).toEqual(Array.from({ length: count }, (_, at) => String(at)))
    expect([code, stderr]).toEqual([0, ''])
  })

  test('[D8] whose program says nothing for longer than 10 s is waited for', async () => {
    await using pair = await Pair.start()
    const running = await pair.runLasting()
    const startMs = Date.now()
    await vi.waitUntil(() => Date.now() - startMs > 11_000, { timeout: 15_000 })
    running.endInput()
    expect(await running.ended).toEqual({ code: 0, stdout: 'begun\n', stderr: '' })
  })

  test('[D8] that never answers is given up after 10 s, or when --timeout says', async () => {
    await using pair = await Pair.start()
    await using mute = await Node.start({ label: 'mute', peers: [pair.bob.address] })
    const silence = { [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => undefined) }) }
    const target = { run: () => silence }
    const builtIn = { target, members: ['run'], close: () => undefined }
    Object.defineProperty(mute.commands, 'builtIn', { value: () => builtIn })
    await mute.ready()
    const startMs = Date.now()
    const patient = pair.fromBob('@mute', 'add')
    const hasty = pair.fromBob('--timeout', '300ms', '@mute', 'add')
    expect(await failureOf(hasty)).toMatch(/^skein: .*within 0\.3 s.*\n$/)
    const text = 'no answer from mute for 10 s; it may have run there'
    expect(await failureOf(patient)).toBe(`skein: ${text}\n`)
    expect(Date.now() - startMs).toBeGreaterThan(9_000)
  })
})

describe.concurrent("one's own node", () => {
  test('that is killed fails the command', async () => {
    await using pair = await Pair.start()
    const running = await pair.runLasting()
    pair.bob.process.signal('SIGKILL')
    const text = "the node of profile 'bob' went away; the command may have run"
    expect(await failureOf(running)).toBe(`skein: ${text}\n`)
  })

  test('that is frozen is said not to answer', async () => {
    await using pair = await Pair.start()
    pair.bob.process.signal('SIGSTOP')
    const failure = await failureOf(pair.fromBob('status'))
    const text = "skein: the node of profile 'bob' did not answer within 5 s; process"
    expect(failure).toContain(`${text} ${pair.bob.process.pid} is `)
    expect(failure).toContain(`kill -CONT ${pair.bob.process.pid} lets it go on`)
    expect(failure).not.toContain('kill -9')
  })
})
