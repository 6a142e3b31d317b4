import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { systemClock } from '../base/clock.ts'
import { SkeinError } from '../base/errors.ts'
import { silentLog } from '../base/log.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { Subject } from '../base/policy.ts'
import { GroupWatcher } from './group-watcher.node.ts'
import { programCommand, type ProgramConfig } from './program.node.ts'
import { CommandRegistry } from './registry.ts'
import { requestCommand, type RequestOptions } from './request.ts'
import { CommandService } from './service.ts'
import { join, serveCommands } from './pair.test-kit.ts'

const watcher = new GroupWatcher()
afterAll(() => watcher.close())

const bobId = 'b'.repeat(52) as PeerId
const bob: Subject = { name: 'bob', peerId: bobId, roles: new Set(['anyone', 'known']) }

/** Offers `node -e script` as `it`, and runs it as bob. */
async function runScript(
  script: string,
  {
    config = {},
    words = [],
    ...options
  }: {
    config?: Partial<ProgramConfig>
    words?: string[]
  } & Partial<RequestOptions> = {},
) {
  const bench = offer({ file: process.execPath, args: ['-e', script, '--'], ...config })
  let out = ''
  let err = ''
  const outcome = await requestCommand(
    asBob(bench.service),
    { argv: ['it', ...words] },
    {
      clock: systemClock,
      onOut: (chunk) => void (out += new TextDecoder().decode(chunk)),
      onErr: (chunk) => void (err += new TextDecoder().decode(chunk)),
      ...options,
    },
  )
  await bench.service.close()
  return { ...outcome, out, err }
}

function offer(config: ProgramConfig): { service: CommandService } {
  const registry = new CommandRegistry()
  registry.add('it', programCommand('it', config, watcher))
  return { service: new CommandService({ registry, clock: systemClock, log: silentLog }) }
}

function asBob(service: CommandService) {
  const node = serveCommands(
    systemClock,
    (session) => service.builtIn(session),
    () => bob,
  )
  return join(node, { clock: systemClock, subject: bob }).ask
}

function temporaryFile(name: string): string {
  return path.join(mkdtempSync(path.join(tmpdir(), 'skein-program-')), name)
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

function readPid(file: string): Promise<number> {
  return vi.waitFor(() => {
    const pid = Number(readFileSync(file, 'utf8'))
    expect(pid).toBeGreaterThan(0)
    return pid
  }, 5_000)
}

const savePid = "require('fs').writeFileSync(process.argv[1], String(process.pid));"
const stayForever = 'setInterval(() => {}, 1000);'

describe('a program', () => {
  test('[D52] streams what it prints, and its exit code is ours', async () => {
    const script = "process.stdout.write('a'); process.stderr.write('b'); process.exitCode = 7"
    expect(await runScript(script)).toEqual({ exit: 7, out: 'a', err: 'b' })
  })

  test('[D52] that a signal ends leaves 128 and its number', async () => {
    expect(
      await runScript("process.kill(process.pid, 'SIGTERM'); setInterval(() => {}, 99)"),
    ).toEqual({
      exit: 143,
      out: '',
      err: '',
    })
  })

  test('[D51] takes no words unless it is said', async () => {
    await expect(runScript('', { words: ['x'] })).rejects.toMatchObject({
      code: 'INVALID',
      message: "program 'it' takes no arguments; 1 was given",
    })
  })

  test('[D50] gets words as they are, behind its own: there is no shell', async () => {
    const words = ['$HOME `id` ; | "x" *', '', 'a b']
    const config = { arguments: 'append' } as const
    const script = 'console.log(JSON.stringify(process.argv.slice(1)))'
    const { out } = await runScript(script, { config, words })
    expect(JSON.parse(out)).toEqual(words)
  })

  test('[D52] reads what the caller sends, as much as it likes', async () => {
    async function* input(): AsyncGenerator<Uint8Array, void, undefined> {
      for (let sent = 0; sent < 64; sent++) yield new Uint8Array(65_536)
    }
    const script =
      'let n = 0; process.stdin.on("data", (c) => n += c.length).on("end", () => console.log(n))'
    const config = { stdin: true }
    expect(await runScript(script, { config, stdin: input() })).toMatchObject({ out: '4194304\n' })
    expect(await runScript('', { config, stdin: input() })).toMatchObject({ exit: 0 })
    expect(await runScript(script, { stdin: input() })).toMatchObject({ out: '0\n' })
  })

  test('[D55] sees who asks, and little else', async () => {
    vi.stubEnv('SKEIN_TEST_SECRET', 'x')
    const { out } = await runScript('console.log(JSON.stringify(process.env))')
    expect(JSON.parse(out)).toMatchObject({ SKEIN_PEER_ID: bobId, SKEIN_PEER_LABEL: 'bob' })
    expect(JSON.parse(out)).not.toHaveProperty('SKEIN_TEST_SECRET')
    vi.unstubAllEnvs()
  })

  test('[D56] that does not exist is an error of one line', async () => {
    await expect(runScript('', { config: { file: '/no/such/program' } })).rejects.toMatchObject({
      code: 'INTERNAL',
      message: "'it' cannot be started: its file does not exist; see [programs.it] on that node",
    })
  })

  test('[D56] that may not be run is an error of one line', async () => {
    await expect(runScript('', { config: { file: tmpdir() } })).rejects.toMatchObject({
      message: "'it' cannot be started: its file may not be run; see [programs.it] on that node",
    })
  })

  test('[D10] that prints faster than the caller takes waits', async () => {
    let taken = 0
    let held = 0
    const onOut = async (chunk: Uint8Array): Promise<void> => {
      held += 1
      expect(held).toBe(1)
      await new Promise((resolve) => setImmediate(resolve))
      held -= 1
      taken += chunk.length
    }
    const script = "process.stdout.write('x'.repeat(8_000_000))"
    expect(await runScript(script, { onOut })).toMatchObject({ exit: 0 })
    expect(taken).toBe(8_000_000)
  })
})

describe('a program ends', () => {
  test('[D53] when the caller takes it back, with all that it started', async () => {
    const file = temporaryFile('pid')
    const child = `${savePid}process.on('SIGTERM', () => {});${stayForever}`
    const script = `
      const { spawn } = require('child_process')
      spawn(process.execPath, ['-e', ${JSON.stringify(child)}, process.argv[1]], { stdio: 'inherit' })
      process.on('SIGTERM', () => {})
      ${stayForever}`
    const abort = new AbortController()
    const config = { args: ['-e', script, '--', file] }
    const run = runScript(script, { config, signal: abort.signal })
    const pid = await readPid(file)
    abort.abort()
    await expect(run).rejects.toMatchObject({ code: 'CANCELLED' })
    await vi.waitFor(() => expect(isAlive(pid)).toBe(false), 5_000)
  })

  test('[D53] when the node closes, which waits for it', async () => {
    const file = temporaryFile('pid')
    const bench = offer({ file: process.execPath, args: ['-e', savePid + stayForever, '--', file] })
    const run = requestCommand(asBob(bench.service), { argv: ['it'] }, { clock: systemClock })
    run.catch(() => undefined)
    const pid = await readPid(file)
    await bench.service.close()
    expect(isAlive(pid)).toBe(false)
    await expect(run).rejects.toMatchObject({ code: 'NODE_CLOSED' })
  })

  test('[D53] and what it left in its group ends too', async () => {
    const file = temporaryFile('pid')
    const script = `
      const { spawn } = require('child_process')
      const child = spawn(process.execPath, ['-e', ${JSON.stringify(savePid + stayForever)}, process.argv[1]],
        { stdio: 'inherit' })
      child.unref()
      const { statSync } = require('fs')
      const isWritten = () => statSync(process.argv[1], { throwIfNoEntry: false })?.size > 0
      setInterval(() => { if (isWritten()) process.exit(5) }, 10)`
    const { exit } = await runScript('', { config: { args: ['-e', script, '--', file] } })
    expect(exit).toBe(5)
    const pid = await readPid(file)
    await vi.waitFor(() => expect(isAlive(pid)).toBe(false), 5_000)
  })

  test('[D54] at its time limit', async () => {
    await expect(runScript(stayForever, { config: { timeoutMs: 300 } })).rejects.toMatchObject({
      code: 'TIMED_OUT',
      message: "'it' ran for more than 0.3 s and was ended",
    })
  })

  test('[D54] at its output limit', async () => {
    const script = "setInterval(() => process.stdout.write('x'.repeat(10000)), 1)"
    await expect(runScript(script, { config: { maxOutputBytes: 50_000 } })).rejects.toMatchObject({
      code: 'LIMIT_EXCEEDED',
      message: "'it' printed more than 50000 bytes and was ended",
    })
  })
})

test('[D56] a wrong rule is found when the program is offered', () => {
  expect(() => programCommand('it', { file: 'x', allow: ['bob'] }, watcher)).toThrow(SkeinError)
})
