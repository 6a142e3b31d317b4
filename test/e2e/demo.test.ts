/** `skein demo`: five processes, in a pipe and on a terminal. Their ports move where they are taken. */
import { spawnSync } from 'node:child_process'
import { createServer } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { linesOf, Machine } from './machine.ts'
import { isAlive } from './processes.ts'
import type { Launched } from './processes.ts'

const names = ['alice', 'bob', 'carol', 'dave', 'erin']
const patienceMs = 15_000 // Guess: ten times what five starts at once take.

/** Where the five run, when that is elsewhere than usual. */
const movedNote =
  /^(This machine has no IPv6: .*\.|A port is taken: all five are \d+ higher than usual\.)+\n/

let machine: Machine

beforeEach(() => {
  machine = new Machine()
})

// It fails where a process was left behind.
afterEach(() => machine.close())

describe('in a pipe', () => {
  test('the table and a result are printed, and it ends by itself', async () => {
    const { code, stdout, stderr } = await machine.skein(['demo', '--for', '6'])
    expect([code, stderr.replace(movedNote, '')]).toEqual([0, ''])
    const [titles, ...rows] = linesOf(stdout)
    expect(titles?.trim().split(/ +/)).toEqual([...names, 'state', 'port', 'pid'])
    expect(rows.at(-2)).toMatch(/^The live page: http:\/\/127\.0\.0\.1:\d+\/#token=[\w-]{32}$/)
    expect(rows.slice(0, -2).map((row) => row.replaceAll(/\d+(?: \d{3})*/g, 'n').trim())).toEqual([
      expect.stringMatching(/^a {2}alice +— +n µs +n µs +n µs +n µs +running +n +n$/),
      expect.stringMatching(/^b {2}bob +n µs +— +n µs +n µs +n µs +running +n +n$/),
      expect.stringMatching(/^c {2}carol +n µs +n µs +— +n µs +n µs +running +n +n$/),
      expect.stringMatching(/^d {2}dave +n µs +n µs +n µs +— +n µs +running +n +n$/),
      expect.stringMatching(/^e {2}erin +n µs +n µs +n µs +n µs +— +running +n +n$/),
    ])
    const [alice = 0, ...others] = rows.slice(0, -2).map(portOf)
    expect(others).toEqual([alice + 5, alice - 5, alice + 10, alice + 15])
    const result = new RegExp(
      `^Result from (\\[::1\\]|127\\.0\\.0\\.1):${alice} for command 'add': 3$`,
    )
    expect(rows.at(-1)).toMatch(result)
  })

  test('a port that is taken moves all five, and other commands reach them as ever', async () => {
    const blocker = createServer()
    const isOurs = new Promise((resolve) => {
      blocker.once('error', resolve).listen({ host: '::1', port: 8_090 }, () => resolve(true))
    })
    await isOurs // If not, somebody else has it: that is as good; or there is no IPv6.
    const demo = machine.launch(['demo', '--for', '60'])
    const [first] = await demo.printed(/^Result .*: 3$/m)
    expect(first).not.toContain('[::1]:8090')
    const { stdout } = await machine.skein(['-p', 'dave', '@alice', 'hello'])
    expect(stdout).toBe('Hello from alice\n')
    blocker.close()

    const again = await machine.skein(['demo'])
    expect([again.code, again.stdout]).toEqual([1, ''])
    expect(again.stderr).toMatch(
      /^skein: alice, bob, .* already run .*: skein -p alice down; .*\n$/,
    )

    demo.signal('SIGTERM')
    const { code, stderr } = await demo.ended
    expect(stderr).toMatch(movedNote)
    expect([code, stderr.replace(movedNote, '')]).toEqual([0, ''])
  })

  test('a node that dies ends it with a clear line', async () => {
    const demo = machine.launch(['demo', '--for', '60'])
    await demo.printed(/^Result/m)
    process.kill(pidOf(demo.stdout, 'carol'), 'SIGKILL')
    const { code, stderr } = await demo.ended
    expect([code, stderr.replace(movedNote, '')]).toEqual([1, 'skein: carol ended: SIGKILL\n'])
  })

  test('when the demo itself is killed its nodes end too', async () => {
    const demo = machine.launch(['demo', '--for', '60'])
    await demo.printed(/^Result/m)
    demo.signal('SIGKILL')
    await demo.ended
    const pids = names.map((name) => pidOf(demo.stdout, name))
    await expect.poll(() => pids.filter(isAlive), { timeout: patienceMs }).toEqual([])
  })

  test.each([['-p'], ['-c']])('%s is refused: the profiles are the shipped ones', async (flag) => {
    const { code, stderr } = await machine.skein(['demo', flag, 'alice'])
    expect([code, stderr]).toEqual([
      2,
      `skein: demo takes no ${flag}: it runs the shipped profiles\n`,
    ])
  })
})

describe('on a terminal', () => {
  test('a kills alice, a starts her again, q ends all', async ({ skip }) => {
    const line = terminalLine()
    if (line === undefined) return skip('neither script of util-linux nor python3 is here')
    const demo = machine.shell(`TERM=xterm NO_COLOR=1 exec ${line}`)
    const row = (name: string): string => rowOf(demo, name)
    const until = async (name: string, pattern: RegExp): Promise<void> => {
      await expect.poll(() => row(name), { timeout: patienceMs }).toMatch(pattern)
    }

    await until('alice', / µs .* µs .* running/)
    demo.type('a')
    await until('alice', / killed/)
    await until('bob', / susp \d+s/)
    await until('erin', / gone /)
    const [, victim] = await demo.printed(/alice is killed \(SIGKILL to process (\d+)\)/)
    await expect.poll(() => isAlive(Number(victim)), { timeout: patienceMs }).toBe(false)

    demo.type('a')
    await until('alice', / µs .* µs .* running/)
    await until('bob', /^[^~]* µs +— .* running/)
    await demo.printed('alice–bob connected again after')
    expect((await machine.skein(['-p', 'bob', '@alice', 'add'])).stdout).toBe('3\n')

    demo.type('\u001b[A') // An arrow is no key of ours, though it ends in A.
    demo.type('q')
    const { code, stdout } = await demo.ended
    expect(code).toBe(0)
    const [, after = ''] = stdout.split('\u001b[?25h\u001b[?1049l') // The cursor is back.
    expect(after).toContain('alice')
    expect(after).toMatch(/The five nodes have ended\.\s*$/)
    const pids = new Set(pidsIn(stdout))
    expect(pids.size).toBe(6) // Five, and alice's second one.
    expect([...pids].filter(isAlive)).toEqual([])
  })
})

/** Programs that run another one on a terminal of its own. */
const terminalMakers = [
  {
    program: 'script',
    probe: ['--version'],
    sign: 'util-linux', // That of macOS takes other arguments.
    line: `script -qefc '"$NODE" "$SKEIN" demo' /dev/null`,
  },
  {
    program: 'python3',
    probe: ['-c', 'import os, pty; os.waitstatus_to_exitcode; print("ready")'],
    sign: 'ready',
    line: `python3 -c 'import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))' "$NODE" "$SKEIN" demo`,
  },
]

/** A line of a shell that runs the demo on a terminal; absent where nothing can make one. */
function terminalLine(): string | undefined {
  return terminalMakers.find(({ program, probe, sign }) => {
    const { stdout } = spawnSync(program, probe, { encoding: 'utf8' })
    return String(stdout).includes(sign)
  })?.line
}

/** A node's row in the picture that is on the screen now. */
function rowOf(demo: Launched, name: string): string {
  const picture = demo.stdout.split('\u001b[H').at(-1) ?? ''
  // oxlint-disable-next-line no-control-regex -- the end of each line is erased
  const lines = picture.replaceAll(/\u001b\[\??[0-9;]*[A-Za-z]/g, '').split('\r\n')
  return lines.find((line) => new RegExp(`^ *[a-e] +${name} `).test(line)) ?? ''
}

function portOf(row: string): number {
  return Number(row.trim().split(/ +/).at(-2))
}

function pidOf(table: string, name: string): number {
  const row = linesOf(table).find((line) => line.includes(` ${name} `) && line.includes('running'))
  return Number(row?.trim().split(/ +/).at(-1))
}

function pidsIn(text: string): readonly number[] {
  return [...text.matchAll(/process (\d+)/g)].map(([, pid]) => Number(pid))
}
