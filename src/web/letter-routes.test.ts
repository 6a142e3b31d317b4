/** Messages and the wall over HTTP: two nodes, one with a web server. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { request } from 'node:http'
import { Node } from '../node/node.ts'
import { WebScene } from './server.test-kit.ts'

let scene: WebScene
let carol: Node
let token = ''
beforeAll(async () => {
  scene = await WebScene.start()
  await scene.node.listen(['127.0.0.1:0'])
  carol = await Node.start({ label: 'carol', peers: [scene.node.address] })
  await carol.ready({ timeoutMs: 15_000 })
  token = new URL(scene.server.link).hash.replace('#token=', '')
}, 30_000)
afterAll(async () => {
  await carol.close()
  await scene[Symbol.asyncDispose]()
})

interface Answer {
  readonly status: number
  readonly value: Record<string, unknown>
}

async function ask(path: string, body?: unknown, type = 'application/json'): Promise<Answer> {
  const { status, text } = await scene.ask(path, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': type },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  return { status, value: JSON.parse(text) as Record<string, unknown> }
}

test('[B16] a message goes out by POST, comes in by GET, page by page, and is marked as read', async () => {
  const sent = await ask('/messages', { to: 'carol', text: 'hello <b>carol</b>', wantsRead: true })
  expect(sent).toMatchObject({ status: 201, value: { state: 'delivered', recipient: carol.id } })
  for (const text of ['one', 'two', 'three']) await carol.send(scene.node.id, text)
  const last = await ask('/messages?limit=2')
  const rows = last.value['messages'] as { readonly id: number; readonly text: string }[]
  expect([rows.map(({ text }) => text), last.value['hasMore']]).toEqual([['two', 'three'], true])
  const before = await ask(`/messages?limit=2&before=${rows[0]?.id}`)
  expect(before.value).toMatchObject({ messages: [{ text: 'one', isRead: false }], hasMore: false })
  expect((await ask(`/messages/${rows[0]?.id}/read`, {})).value).toEqual({ read: 1 })
  const unread = (await ask('/messages?unread=1')).value['messages'] as { readonly text: string }[]
  expect(unread.map(({ text }) => text)).toEqual(['one', 'three'])
  expect((await ask('/messages?search=thr')).value).toMatchObject({ messages: [{ text: 'three' }] })
})

test('[B16] posts are written and read, and what comes is told as it comes', async () => {
  const events = await follow('/events')
  await ask('/wall', { text: 'hello all' })
  await carol.send(scene.node.id, 'live')
  await events.until('event: post')
  await events.until('"text":"live"')
  expect(events.text).toContain('"text":"hello all"')
  events.end()
  expect((await ask('/wall')).value).toMatchObject({ posts: [{ text: 'hello all' }] })
  const longest = '\u0001'.repeat(16_384) // Six characters of JSON each.
  expect((await ask('/wall', { text: longest })).status).toBe(201)
})

test.each<[string, string, unknown, number, string]>([
  ['nobody', '/messages', { to: 'nobody', text: 'x' }, 404, 'PEER_UNKNOWN'],
  ['no body', '/messages', { to: 'carol' }, 400, 'INVALID'],
  ['two bodies', '/messages', { to: 'carol', text: 'x', base64: 'eA==' }, 400, 'INVALID'],
  ['a type that is none', '/messages', { to: 'carol', text: 'x', type: 'text' }, 400, 'INVALID'],
  ['no JSON', '/messages', '{"to":', 400, 'INVALID'],
  ['all', '/messages', { to: '@all', text: 'x' }, 400, 'INVALID'],
  ['a list', '/messages', { to: 'carol,dave', text: 'x' }, 400, 'INVALID'],
  ['31 days', '/messages', { to: 'carol', text: 'x', expiryMs: 2_678_400_000 }, 400, 'INVALID'],
  ['a time in words', '/messages', { to: 'carol', text: 'x', expiryMs: '5' }, 400, 'INVALID'],
  ['a key that is none', '/messages', { to: 'carol', text: 'x', expires: '2h' }, 400, 'INVALID'],
  [
    'too long a text',
    '/messages',
    { to: 'carol', text: 'x'.repeat(1_100_000) },
    413,
    'LIMIT_EXCEEDED',
  ],
  ['an empty post', '/wall', { text: ' ' }, 400, 'INVALID'],
  ['too long a post', '/wall', { text: 'x'.repeat(20_000) }, 413, 'LIMIT_EXCEEDED'],
])('[B16] %s is refused with a reason', async (_what, path, body, status, code) => {
  expect(await ask(path, body)).toMatchObject({ status, value: { code } })
})

test.each(['/messages', '/sent', '/wall', '/events'])(
  '[B16] %s is only for the token',
  async (path) => {
    expect((await scene.ask(path)).status).toBe(401)
  },
)

test('[B17] escape sequences of others do not reach a terminal', async () => {
  await carol.send(scene.node.id, '\u001b[31mred\u001b]0;title\u0007 \u202egnp.exe')
  const { text } = await scene.node.run('inbox --keep --limit 1')
  expect(text).toContain('\\x1b[31mred\\x1b]0;title\\x07 \\u{202e}gnp.exe')
  // oxlint-disable-next-line no-control-regex -- these are what must not be there
  expect(text).not.toMatch(/[\u0000-\u0008\u001b\u202e]/)
})

test('[B17] markup and escape sequences of a post stay what they are as JSON, and are shown as text', async () => {
  const text = '<img src=x onerror=alert(1)> \u001b]0;title\u0007 \u009b2J'
  await carol.wall.post(text)
  const posts = async (): Promise<unknown> => {
    const { value } = await ask('/wall?limit=1')
    return (value['posts'] as { readonly text: string }[])[0]?.text
  }
  await expect.poll(posts, { timeout: 10_000 }).toBe(text)
  const shown = await scene.node.run('wall --limit 1')
  expect(shown.text).toContain('<img src=x onerror=alert(1)> \\x1b]0;title\\x07 \\x9b2J')
})

test.each<[string, string, string | Uint8Array, string, RegExp]>([
  ['to an ID that nobody here has met', 'b'.repeat(51) + 'a', 'x', 'PEER_UNKNOWN', /ever met/],
  ['to the node itself', 'self', 'x', 'INVALID', /this node itself/],
  ['with half a character', 'carol', '\ud800', 'INVALID', /lone surrogate/],
  ['of 10 MB', 'carol', new Uint8Array(10_000_000), 'LIMIT_EXCEEDED', /10000000 bytes; at most/],
])('[B10] a message %s is refused at its author', async (_what, to, body, code, reason) => {
  const recipient = to === 'self' ? scene.node.id : to
  await expect(scene.node.send(recipient, body)).rejects.toMatchObject({
    code,
    message: expect.stringMatching(reason) as string,
  })
})

test.each([0, -1, Number.NaN])(
  '[B12] a message for %s ms is refused at its author',
  async (expiryMs) => {
    await expect(scene.node.send('carol', 'x', { expiryMs })).rejects.toMatchObject({
      code: 'INVALID',
      message: expect.stringMatching(/is kept for 1 ms to 30 days/) as string,
    })
  },
)

test('[B12] a message for a part of a millisecond arrives', async () => {
  const sent = await scene.node.send('carol', 'x', { expiryMs: 60_000.5 })
  expect(sent.state).toBe('delivered')
})

test('[B10] a text that is no UTF-8 is refused at its author', async () => {
  const bytes = new Uint8Array([0x61, 0xff, 0xfe])
  await expect(scene.node.send('carol', bytes, { type: 'text/plain' })).rejects.toMatchObject({
    code: 'INVALID',
    message: expect.stringMatching(/no text in UTF-8; send it with the type/) as string,
  })
})

test('[B16] who comes back to the events gets what came meanwhile, once, however much it was', async () => {
  const first = await follow('/events')
  await carol.send(scene.node.id, 'heard')
  await first.until('"text":"heard"')
  first.end()
  const last = [...first.text.matchAll(/^id: (.*)$/gm)].at(-1)?.[1] ?? ''
  expect(last).toMatch(/^\d+-\d+$/)
  const missed = Array.from({ length: 20 }, (_, at) => `missed ${at}`)
  for (const text of missed) await carol.send(scene.node.id, text)
  await carol.wall.post('missed post')
  const [newest] = await scene.node.inbox.list({ limit: 1 })
  expect(newest?.body).toBe('missed 19')
  const again = await follow('/events', { 'Last-Event-ID': last })
  await again.until('missed post')
  await again.until('"missed 19"')
  await carol.send(scene.node.id, 'live again')
  await again.until('live again')
  const told = [...again.text.matchAll(/"text":"([^"]*)"/g)].map(([, text]) => text)
  expect(told.filter((text) => text !== 'missed post')).toEqual([...missed, 'live again'])
  again.end()
  // What is no place of this file begins with what comes.
  for (const junk of ['x', '-1', '99999999999-99999999999']) {
    const fresh = await follow('/events', { 'Last-Event-ID': junk })
    await carol.send(scene.node.id, `fresh ${junk}`)
    await fresh.until(`fresh ${junk}`)
    expect(fresh.text).not.toContain('live again')
    fresh.end()
  }
})

test.each([
  ['an emoji', '🦆', ['a 🦆 swims']],
  ['a word and an emoji', 'swims 🦆', ['a 🦆 swims']],
  ['a sign', '=>', ['x => y']],
  ['a quotation mark', '"', ['say "hi"']],
  ['what FTS5 takes for operators', 'NEAR(x', ['NEAR(x y)']],
  ['a star', '*', ['2 * 3']],
  ['what nobody wrote', '🦢', []],
])('[B16] a search for %s finds it', async (_what, search, found) => {
  const had = await scene.node.inbox.list({ search: 'swims' })
  if (had.length === 0) {
    for (const text of ['a 🦆 swims', 'x => y', 'say "hi"', 'NEAR(x y)', '2 * 3'])
      await carol.send(scene.node.id, text)
  }
  const { value } = await ask(`/messages?search=${encodeURIComponent(search)}`)
  const rows = value['messages'] as { readonly text: string }[]
  expect(rows.map(({ text }) => text)).toEqual(found)
})

/** Reads an answer that does not end. */
async function follow(path: string, more: Readonly<Record<string, string>> = {}) {
  const events = {
    text: '',
    end: () => undefined as void,
    until: (_text: string) => Promise.resolve(),
  }
  let wake: () => void = () => undefined
  await new Promise<void>((resolve, reject) => {
    const asking = request(
      `http://127.0.0.1:${scene.server.port}${path}`,
      { headers: { Authorization: `Bearer ${token}`, ...more } },
      (response) => {
        response.setEncoding('utf8').on('data', (text: string) => {
          events.text += text
          resolve()
          wake()
        })
      },
    )
    asking.on('error', reject).end()
    events.end = () =>
      void asking
        .off('error', reject)
        .on('error', () => undefined)
        .destroy()
  })
  events.until = async (text) => {
    while (!events.text.includes(text)) {
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
  }
  return events
}
