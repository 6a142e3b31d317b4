import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { patience, textOf, WebScene } from './server.test-kit.ts'

const promtool = spawnSync('promtool', ['--version']).error === undefined

let alice: WebScene
let bob: WebScene
beforeAll(async () => {
  alice = await WebScene.start({ metrics: 'open' }, { label: 'alice', listen: ['127.0.0.1:0'] })
  bob = await WebScene.start({}, { peers: [alice.node.address] })
  await bob.node.ready({ timeoutMs: 30_000 })
  await vi.waitFor(() => expect(alice.node.nodes()).toHaveLength(2), patience)
  await vi.waitFor(() => expect(bob.node.nodes()).toHaveLength(2), patience)
}, 60_000)
afterAll(async () => {
  await bob[Symbol.asyncDispose]()
  await alice[Symbol.asyncDispose]()
})

/** The value of one sample, as `name` or `name{label="value"}`. */
async function valueOf(scene: WebScene, sample: string): Promise<number | undefined> {
  const { text } = await scene.ask('/metrics', { headers: scene.bearer })
  const line = text.split('\n').find((each) => each.startsWith(`${sample} `))
  return line === undefined ? undefined : Number(line.slice(sample.length + 1))
}

describe('who may read', () => {
  test('[W7] the token, where nothing else is set', async () => {
    expect((await bob.ask('/metrics')).status).toBe(401)
    const { status, headers } = await bob.ask('/metrics', { headers: bob.bearer })
    expect([status, headers['content-type']]).toEqual([200, expect.stringMatching(/^text\/plain/)])
  })

  test('[W7] everybody, where that is set', async () => {
    expect((await alice.ask('/metrics')).status).toBe(200)
    const foreign = { headers: { Host: 'attacker.example' } }
    expect((await alice.ask('/metrics', foreign)).status).toBe(421)
  })
})

describe('what is told is so', () => {
  test.each([
    ['skein_connections{state="open"}', 1],
    ['skein_connections{state="suspended"}', 0],
    ['skein_paths{kind="tls"}', 1],
    ['skein_members{state="alive"}', 2],
    ['skein_members{state="gone"}', 0],
    ['skein_half_open_paths', 0],
  ])('%s', async (sample, value) => {
    expect(await valueOf(bob, sample)).toBe(value)
  })

  test('frames, bytes and gossip agree at both ends', async () => {
    const [sent, received] = ['{direction="sent"}', '{direction="received"}']
    await bob.node.peer('alice').run(['echo', 'x'.repeat(50_000)])
    const bytes = async (scene: WebScene, labels: string): Promise<number> =>
      (await valueOf(scene, `skein_path_bytes_total${labels}`)) ?? 0
    const kind = '{kind="tls",direction="sent"}'
    expect(await bytes(bob, kind)).toBeGreaterThan(50_000)
    expect(await bytes(alice, kind.replace('sent', 'received'))).toBeGreaterThan(50_000)
    // Both are at rest at some moment between two pings.
    await expect
      .poll(async () => {
        const [ours, theirs] = [bob.node.stats(), alice.node.stats()]
        return [
          ours.frames.sent - theirs.frames.received,
          theirs.frames.sent - ours.frames.received,
          ours.gossipBytes.sent - theirs.gossipBytes.received,
          (ours.bytes['tls']?.sent ?? 0) - (theirs.bytes['tls']?.received ?? 0),
        ]
      }, patience)
      .toEqual([0, 0, 0, 0])
    expect(await valueOf(bob, `skein_frames_total${sent}`)).toBeGreaterThan(2)
    expect(await valueOf(bob, `skein_gossip_bytes_total${received}`)).toBeGreaterThan(100)
  })

  test('messages, posts and typed messages count where they are', async () => {
    await bob.node.send('alice', 'one')
    await bob.node.wall.post('two')
    await bob.node.topic('t').publish('three')
    await bob.node.broadcast('NOBODY', 'four')
    const samples = [
      ['skein_mail_messages{state="unread"}', 1],
      ['skein_mail_messages_total{direction="received"}', 1],
      ['skein_wall_posts_total', 1],
      ['skein_topic_messages_total{outcome="received"}', 2],
      ['skein_topic_messages_total{outcome="forged"}', 0],
    ] as const
    for (const [sample, value] of samples) {
      await expect.poll(() => valueOf(alice, sample), patience).toBe(value)
    }
    expect(await valueOf(bob, 'skein_mail_messages_total{direction="sent"}')).toBe(1)
    await expect.poll(() => valueOf(bob, 'skein_mail_messages{state="waiting"}'), patience).toBe(0)
    expect(await valueOf(bob, 'skein_topic_messages_total{outcome="published"}')).toBe(2)
  })

  test('a connection that is over still counts', async () => {
    const before = alice.node.stats().frames
    const carol = await WebScene.start({}, { label: 'carol', peers: [alice.node.address] })
    await carol.node.ready()
    await carol.node.peer('alice').run('echo hi')
    const during = alice.node.stats().frames
    expect(during.sent).toBeGreaterThan(before.sent)
    await carol[Symbol.asyncDispose]()
    await expect.poll(() => alice.node.stats().connections.open, patience).toBe(1)
    expect(alice.node.stats().frames.sent).toBeGreaterThanOrEqual(during.sent)
    expect(alice.node.stats().frames.received).toBeGreaterThanOrEqual(during.received)
    expect(await valueOf(alice, 'skein_disconnects_total{code="CONNECTION_CLOSED"}')).toBe(1)
  })

  test('commands by outcome, refusals, round trips, the loop', async () => {
    const ok = 'skein_commands_total{outcome="ok"}'
    const before = (await valueOf(bob, ok)) ?? 0
    await textOf(bob.session(), ['echo', 'x'])
    await bob
      .session()
      .run(['nothing'])
      .catch(() => undefined)
    expect(await valueOf(bob, ok)).toBe(before + 1)
    expect(await valueOf(bob, 'skein_commands_total{outcome="UNKNOWN_COMMAND"}')).toBe(1)
    expect(await valueOf(bob, 'skein_command_duration_seconds_count')).toBe(before + 2)
    await bob.ask('/', { headers: { Host: 'attacker.example' } })
    expect(await valueOf(bob, 'skein_web_refusals_total{reason="host"}')).toBe(1)
    await expect
      .poll(() => valueOf(bob, 'skein_link_rtt_seconds_count'), patience)
      .toBeGreaterThan(0)
    await expect
      .poll(() => valueOf(bob, 'skein_event_loop_delay_seconds_count'), patience)
      .toBeGreaterThan(0)
    expect(await valueOf(bob, 'process_resident_memory_bytes')).toBeGreaterThan(10_000_000)
  })
})

test.skipIf(!promtool)(
  'promtool finds nothing (skipped where it is missing: apt install prometheus)',
  async () => {
    const { text } = await bob.ask('/metrics', { headers: bob.bearer })
    const checked = spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' })
    expect([checked.status, checked.stdout + checked.stderr]).toEqual([0, ''])
  },
)

test('the dashboard asks for nothing that is not there, and shows all that is', async () => {
  const { text } = await bob.ask('/metrics', { headers: bob.bearer })
  const names = new Set(
    [...text.matchAll(/^# TYPE (\w+) (\w+)$/gm)].flatMap(([, name = '', type]) => {
      return type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name]
    }),
  )
  const file = new URL('../../docs/grafana/skein.json', import.meta.url)
  const asked = new Set(readFileSync(file, 'utf8').match(/\b(?:skein|process|nodejs)_\w+/g) ?? [])
  expect(asked.size).toBeGreaterThan(20)
  expect([...asked].filter((name) => !names.has(name))).toEqual([])
  const shown = (name: string): boolean =>
    asked.has(name) || asked.has(name.replace(/_(sum|count)$/, '_bucket'))
  expect([...names].filter((name) => !shown(name))).toEqual([])
})
