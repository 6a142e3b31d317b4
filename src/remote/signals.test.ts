/** AbortSignals: one for many calls, and one that nobody has any more. */
import { expect, test } from 'vitest'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { World } from './objects.test-kit.ts'
import { Tool } from './tool.test-kit.ts'

const everyone = { allow: ['role:anyone'] } as const

interface RemoteTool {
  echo(value: unknown): Promise<unknown>
  hang(signal?: AbortSignal): Promise<never>
  find(): { title(): Promise<string> }
  readonly room: Promise<unknown>
  steps(): AsyncIterable<number>
  readonly order: AsyncIterable<number>
}

async function collect(items: AsyncIterable<unknown>): Promise<readonly unknown[]> {
  const all: unknown[] = []
  for await (const item of items) all.push(item)
  return all
}

async function codeOf(work: PromiseLike<unknown>): Promise<unknown> {
  try {
    await work
    return 'none'
  } catch (error) {
    return (error as { readonly code?: unknown }).code
  }
}

test('[O9] one signal takes back any number of calls to any number of peers, without a warning', async () => {
  const warnings: string[] = []
  const note = (warning: Error): void => void warnings.push(warning.name)
  process.on('warning', note)
  const world = new World({ names: ['alice', 'bob', 'carol'] })
  const stop = new AbortController()
  const remotes = ['bob', 'carol'].map((name) => {
    world.service(name).expose('tool', new Tool(), everyone)
    const options = { name: 'tool', options: { signal: stop.signal } }
    return world.service('alice').object(world.idOf(name), options) as RemoteTool
  })
  const answered = Array.from({ length: 40 }, (_, n) => Promise.resolve(remotes[n % 2]?.echo(n)))
  const hanging = Array.from({ length: 40 }, (_, n) => {
    return codeOf(remotes[n % 2]?.hang(stop.signal) ?? Promise.resolve())
  })
  expect(await world.wait(Promise.all(answered))).toEqual(answered.map((_, n) => n))
  stop.abort()
  expect(await world.wait(Promise.all(hanging))).toEqual(hanging.map(() => 'CANCELLED'))
  await world.quiet()
  process.off('warning', note)
  expect(warnings).toEqual([])
  const { calls, given } = world.service('alice').counts(world.idOf('bob')) ?? {}
  expect([calls, given]).toEqual([0, 0])
})

test('[O9] with a signal that was aborted before nothing is asked, and all of it fails alike', async () => {
  const world = new World({})
  const tool = new Tool()
  world.service('bob').expose('tool', tool, everyone)
  const bob = world.idOf('bob')
  const service = world.service('alice')
  await world.wait((world.object('alice', 'bob', 'tool') as RemoteTool).echo(1)) // There is a session.
  const options = { signal: AbortSignal.abort() }
  const remote = service.object(bob, { name: 'tool', options }) as RemoteTool
  const ask: Readonly<Record<string, () => PromiseLike<unknown>>> = {
    call: () => remote.echo(1),
    'member of a result': () => remote.find().title(),
    property: () => remote.room,
    'iteration over a result': () => collect(remote.steps()),
    'iteration over a property': () => collect(remote.order),
    list: () => service.list(bob, options),
  }
  const codes: Record<string, unknown> = {}
  for (const [name, work] of Object.entries(ask)) {
    codes[name] = await world.wait(codeOf(Promise.resolve().then(work)))
  }
  expect(codes).toEqual(Object.fromEntries(Object.keys(ask).map((name) => [name, 'CANCELLED'])))
  expect(service.counts(bob)?.calls).toBe(0)
})

test('[O25] a signal that a program has let go of is forgotten at both sides', async () => {
  setFlagsFromString('--expose-gc')
  const collectGarbage = runInNewContext('gc') as () => void
  const world = new World({ isCutting: false })
  const tool = new Tool()
  world.service('bob').expose('tool', tool, everyone)
  const remote = world.object('alice', 'bob', 'tool') as RemoteTool
  await world.wait(remote.echo([new AbortController().signal, 1]))
  expect(world.service('alice').counts(world.idOf('bob'))?.given).toBe(1)
  for (let round = 0; round < 50; round++) {
    collectGarbage()
    await world.quiet()
    if (world.service('alice').counts(world.idOf('bob'))?.given === 0) break
  }
  expect(world.service('alice').counts(world.idOf('bob'))?.given).toBe(0)
  expect(world.service('bob').counts(world.idOf('alice'))?.held).toBe(0)
})

test('[O25] a promise that never settles is one reference, and fails when the session ends', async () => {
  const world = new World()
  const tool = new Tool()
  world.service('bob').expose('tool', tool, everyone)
  const remote = world.object('alice', 'bob', 'tool') as RemoteTool & { keep(v: unknown): unknown }
  const never = new Promise(() => undefined)
  await world.wait(remote.keep([never]) as Promise<unknown>)
  const [kept] = tool.held[0] as [Promise<unknown>]
  expect(world.service('bob').counts(world.idOf('alice'))?.held).toBe(1)
  const failed = codeOf(kept)
  world.disconnect()
  expect(await world.wait(failed)).toMatch(/^(CONNECTION_EXPIRED|STREAM_RESET)$/)
})
