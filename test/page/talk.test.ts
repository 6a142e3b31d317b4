/** Wall, inbox and chat in a real browser: real nodes that talk to each other, each with its page. */
import { describe, expect, test, vi } from 'vitest'
import { chromiumPath, skipReason } from './browser.ts'
import { check } from './check.ts'
import { Stage } from './stage.ts'
import type { Page, Route } from 'playwright-core'
import type { Viewer } from './browser.ts'
import type { Node } from '../../src/node/node.ts'
import type { NodeOptions } from '../../src/node/options.ts'

vi.setConfig({ testTimeout: 180_000 }) // A browser on a machine under load; alone each takes a second or two.

const hostile = '<img src=x onerror=alert(1)><b>bold</b>\u202e\u001b[31m\nsecond line'

describe.skipIf(chromiumPath === undefined)(`talk in Chromium${skipReason}`, () => {
  const stage = Stage.use()

  async function startNode(label: string, options: NodeOptions = {}): Promise<Node> {
    return stage.startNode({ label, listen: ['127.0.0.1:0'], ...options })
  }

  /** Two nodes that are connected. */
  async function startPair(): Promise<readonly [Node, Node]> {
    const bob = await startNode('bob')
    const alice = await startNode('alice', { peers: [bob.address] })
    await alice.ready()
    await expect.poll(() => bob.nodes().length).toBe(2)
    return [alice, bob]
  }

  async function openPage(node: Node, tab: string, viewer: Viewer = {}): Promise<Page> {
    const { link } = await stage.serve(node)
    const page = await stage.browser.open(link, viewer)
    await page.click(`.tabs >> text=${tab}`)
    return page
  }

  test('the wall shows what others post at once, newest first, as text; and posts', async () => {
    const [alice, bob] = await startPair()
    const page = await openPage(bob, 'Wall')
    await page.waitForSelector('.nothing >> text=Nobody has posted yet')
    let dialogs = 0
    page.on('dialog', () => dialogs++)
    await alice.wall.post(hostile)
    await page.waitForSelector('.post >> text=second line')
    const [first] = await texts(page, '.post .body')
    expect(first).toBe('<img src=x onerror=alert(1)><b>bold</b>\\u{202e}\\x1b[31m\nsecond line')
    expect(await page.locator('.talk img, .talk b, .talk script').count()).toBe(0)
    await page.getByLabel('A post for everybody').fill('the printer works again')
    await page.click('button >> text=Post')
    await page.waitForSelector('.outcome >> text=posted')
    await page.waitForSelector('.post >> text=the printer works again')
    expect(await texts(page, '.post .author')).toEqual(['bob', 'alice'])
    expect(await page.locator('.post time[datetime]').count()).toBe(2)
    await expect
      .poll(async () => (await alice.wall.list()).at(-1)?.text)
      .toBe('the printer works again')
    await page.getByLabel('Search the wall').fill('print')
    await expect.poll(() => texts(page, '.post .author')).toEqual(['bob'])
    await alice.wall.post('more print, found while it is looked for')
    await expect.poll(() => texts(page, '.post .author')).toEqual(['alice', 'bob'])
    expect(dialogs).toBe(0)
  })

  test('what somebody writes while the text before is on its way stays in the box', async () => {
    const bob = await startNode('bob')
    const post = bob.wall.post.bind(bob.wall)
    let letGo: () => void = () => undefined
    const isFree = new Promise<void>((resolve) => (letGo = resolve))
    bob.wall.post = (text) => isFree.then(() => post(text))
    const page = await openPage(bob, 'Wall')
    const box = page.getByLabel('A post for everybody')
    await box.fill('first')
    await page.click('button >> text=Post')
    await box.fill('first, and second')
    letGo()
    await page.waitForSelector('.outcome >> text=posted')
    await expect.poll(() => texts(page, '.post .body')).toEqual(['first'])
    expect(await box.inputValue()).toBe(', and second')
  })

  test('two people write to each other from two windows: delivered, read, held; one is away', async () => {
    const [alice, bob] = await startPair()
    await startNode('carol', { peers: [alice.address] }) // She holds what bob does not get.
    await expect.poll(() => alice.nodes().length).toBe(3)
    const [a, b] = [await openPage(alice, 'Inbox'), await openPage(bob, 'Inbox')]
    await b.waitForSelector('text=No message came yet.')
    await a.click('button >> text=Write')
    await a.getByLabel('To', { exact: true }).fill('bob')
    await a.locator('.read-side textarea').fill('see you at eight')
    await a.click('.read-side button >> text=Send')
    await a.waitForSelector('.fate >> text=delivered')
    await b.waitForSelector('.letter-row >> text=see you at eight')
    await b.waitForSelector('.who.unread')
    expect((await bob.inbox.list({ isUnread: true })).length).toBe(1)
    await b.click('.letter-row')
    await b.waitForSelector('.letter-body >> text=see you at eight')
    await a.waitForSelector('.fate >> text=read')
    expect(await b.locator('.who.unread').count()).toBe(0)
    await b.getByLabel('Answer to alice').fill(hostile)
    await b.getByLabel('Answer to alice').press('Control+Enter')
    await b.waitForSelector('.fate >> text=delivered')
    await a.click('.letter-head .close')
    await a.click('.letter-row')
    await a.waitForSelector('.letter-body >> text=<b>bold</b>\\u{202e}\\x1b[31m')
    await b.waitForSelector('.fate >> text=read')
    await bob.close()
    await a.getByLabel('Answer to bob').fill('are you there?')
    await a.getByLabel('Answer to bob').press('Control+Enter')
    await a.waitForSelector('.fate >> text=held by 1 peer')
    await a.click('button >> text=Sent')
    await expect.poll(() => texts(a, '.letter-row .chip')).toEqual(['held by 1 peer', 'read'])
  })

  test('two people talk in two windows, as at a terminal: lines, whispers, who is there', async () => {
    const [alice, bob] = await startPair()
    const a = await openPage(alice, 'Chat')
    await a.waitForSelector('.people >> text=1 person here')
    const b = await openPage(bob, 'Chat')
    await a.waitForSelector('.event >> text=bob is here')
    await b.waitForSelector('.people >> text=2 people here')
    const box = a.getByLabel('Say something in chat')
    await box.fill('same')
    await box.press('Enter')
    await b.getByLabel('Say something in chat').fill('same')
    await b.getByLabel('Say something in chat').press('Enter')
    for (const page of [a, b]) {
      await page.waitForFunction(() => document.querySelectorAll('.remark').length === 2)
      expect((await texts(page, '.remark .author')).toSorted()).toEqual(['alice', 'bob'])
    }
    await box.fill(`/msg bob ${hostile}`)
    await box.press('Enter')
    await b.waitForSelector('.remark.direct >> text=<img src=x onerror=alert(1)>')
    expect(await b.locator('.talk img').count()).toBe(0)
    await a.waitForSelector('.remark.direct >> text=to bob alone')
    await b.click('.people button')
    await b.getByLabel('Tell alice alone').fill('psst')
    await b.getByLabel('Tell alice alone').press('Enter')
    await a.waitForSelector('.remark.direct >> text=psst')
    await a.getByLabel('Another room').fill('games')
    await a.getByLabel('Another room').press('Enter')
    await a.waitForSelector('.people >> text=1 person here')
    await alice.topic('chat').publish('while you are elsewhere')
    await bob.topic('chat').publish('are you there?')
    await a.waitForSelector('.rooms .badge >> text=1')
    await b.close()
    await a.click('.room >> text=# chat')
    await a.waitForSelector('.event >> text=bob has left')
    const late = await openPage(bob, 'Chat')
    await late.waitForSelector('.remark >> text=are you there?')
  })

  test('a long wall holds only what is in sight, loads as one scrolls, and stays where one reads', async () => {
    const bob = await startNode('bob')
    for (let each = 1; each <= 250; each++) {
      await bob.wall.post(`post ${each}\n`.repeat(1 + (each % 4)))
    }
    const page = await openPage(bob, 'Wall')
    await page.waitForSelector('.post >> text=post 250')
    expect(await page.locator('.post').count()).toBeLessThan(40)
    await page.waitForFunction(() => {
      document.querySelector('.scroll')?.scrollBy({ top: 2_000 })
      return document.querySelector('li[aria-posinset="250"]') !== null
    })
    expect(await page.locator('.post').count()).toBeLessThan(40)
    await page.evaluate(() => document.querySelector('.scroll')?.scrollTo({ top: 3_000 }))
    const seen = (): Promise<string> =>
      page.evaluate(() => {
        const { left = 0, top = 0 } =
          document.querySelector('.scroll')?.getBoundingClientRect() ?? {}
        const post = document.elementFromPoint(left + 100, top + 30)?.closest('.post')
        return `${post?.textContent} ${Math.round(post?.getBoundingClientRect().top ?? 0)}`
      })
    await expect.poll(seen).toContain('post')
    const before = await seen()
    await bob.wall.post('something new')
    await page.waitForSelector('.to-top >> text=1 new')
    expect(await seen()).toBe(before)
    await page.click('.to-top')
    await page.waitForSelector('li[aria-posinset="1"] >> text=something new')
  })

  test('the inbox needs no mouse', async () => {
    const [alice, bob] = await startPair()
    for (const text of ['first', 'second', 'third']) await alice.send('bob', text)
    const page = await openPage(bob, 'Map')
    const press = async (...keys: readonly string[]): Promise<void> => {
      for (const key of keys) await page.keyboard.press(key)
    }
    const focused = (): Promise<string> =>
      page.evaluate(() => document.activeElement?.textContent ?? '')
    await page.getByRole('button', { name: 'Inbox' }).focus()
    await press('Enter')
    await page.waitForSelector('.letter-row >> nth=2')
    for (let presses = 0; presses < 20; presses++) {
      await press('Tab')
      if ((await page.evaluate(() => document.activeElement?.className)) === 'letter-row') break
    }
    expect(await focused()).toContain('third')
    await press('ArrowDown')
    expect(await focused()).toContain('second')
    await press('Enter')
    await page.waitForSelector('.letter-body >> text=second')
    await press('Tab', 'Tab', 'Tab', 'Tab')
    await page.keyboard.type('an answer')
    await press('Control+Enter')
    await page.waitForSelector('.fate >> text=delivered')
    await press('Escape')
    await page.waitForSelector('.read-side .nothing')
    await expect.poll(focused).toContain('second')
    expect((await alice.inbox.list())[0]?.body).toBe('an answer')
  })

  test.each(['light', 'dark'] as const)('it can be used by everybody, %s', async (colorScheme) => {
    const [alice, bob] = await startPair()
    const carol = await startNode('carol', { peers: [bob.address] })
    await carol.ready()
    await fill(alice, bob, carol)
    for (const [width, height] of [
      [1280, 800],
      [360, 740],
    ] as const) {
      const page = await openPage(bob, 'Wall', { width, height, colorScheme })
      await page.waitForSelector('.post')
      await check(page, `wall-${colorScheme}-${width}`)
      await page.click('.tabs >> text=Inbox')
      await page.waitForSelector('.letter-row')
      await check(page, `inbox-${colorScheme}-${width}`)
      await page.click('.letter-row')
      await page.waitForSelector('.letter-body')
      await check(page, `letter-${colorScheme}-${width}`)
      await page.click('.letter-head .close')
      await page.click('button >> text=Write')
      await check(page, `write-${colorScheme}-${width}`)
      await page.click('.letter-head .close')
      await page.click('button >> text=Sent')
      await page.waitForSelector('.letter-row .chip')
      await check(page, `sent-${colorScheme}-${width}`)
      await page.click('.tabs >> text=Chat')
      await page.waitForSelector('.remark')
      await page.waitForSelector('.people li >> nth=1')
      await check(page, `chat-${colorScheme}-${width}`)
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
      expect(overflow).toBeLessThanOrEqual(0)
      await page.close()
    }
  })

  test('nothing of it loads before its tab is opened', async () => {
    const bob = await startNode('bob')
    const page = await openPage(bob, 'Map')
    await page.waitForSelector('.pulse.live')
    const loaded = (): Promise<number> =>
      page.evaluate(() => performance.getEntriesByType('resource').length)
    const before = await loaded()
    expect(await page.locator('link[href*="talk-"]').count()).toBe(0)
    await page.keyboard.press('Tab')
    await page.getByRole('button', { name: 'Wall' }).focus()
    await page.keyboard.press('Enter')
    await page.waitForSelector('.nothing >> text=Nobody has posted yet')
    expect(await loaded()).toBeGreaterThan(before)
    expect(page.url()).toMatch(/#wall$/)
    await page.goBack()
    await page.waitForSelector('.map')
  })

  test('a tab that loads slowly takes nothing from the one that was opened instead', async () => {
    const page = await openPage(await startNode('bob'), 'Map')
    await page.waitForSelector('.pulse.live')
    let held: Route | undefined
    await page.route('**/assets/*.js', async (route) => {
      if (held === undefined) held = route // The first of the inbox.
      else await route.continue()
    })
    await page.click('.tabs >> text=Inbox')
    await expect.poll(() => held).toBeDefined()
    await page.click('.tabs >> text=Wall')
    await page.waitForSelector('.nothing >> text=Nobody has posted yet')
    await held?.continue()
    const url = JSON.stringify(held?.request().url())
    const frames = 'new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))'
    await page.evaluate(`import(${url}).then(() => ${frames})`) // As text: vitest has its own import.
    expect(await page.locator('main.wall').count()).toBe(1)
  })

  test('no page asked anybody but its node, or complained', () => {
    stage.expectQuiet()
  })
})

/** The texts of all that a selector finds, from the top of the page down. */
async function texts(page: Page, selector: string): Promise<readonly string[]> {
  const found = await page.locator(selector).evaluateAll((elements) =>
    elements
      .map((element) => ({
        text: element.textContent,
        top: element.getBoundingClientRect().top,
      }))
      .toSorted((a, b) => a.top - b.top)
      .map(({ text }) => text),
  )
  return found
}

/** Something of everything. */
async function fill(alice: Node, bob: Node, carol: Node): Promise<void> {
  await alice.wall.post(
    'The printer works again. Whoever needs it: it is in the kitchen now, beside the window.',
  )
  await carol.wall.post(
    'Minutes of today:\n\n– backups run at night\n– the gateway moves on Friday\n– who has the key of the cellar?',
  )
  await bob.wall.post('I have it.')
  await carol.wall.post(
    Array.from({ length: 30 }, (_, at) => `line ${at + 1} of a long post`).join('\n'),
  )
  await alice.send('bob', 'see you at eight')
  await carol.send(
    'bob',
    'The build is done, and all tests passed. The report is at the usual place; have a look at the third table before we publish it.',
  )
  await alice.send('bob', new Uint8Array(2_048))
  const [first] = await bob.inbox.list()
  if (first !== undefined) await bob.inbox.markRead([first.id])
  await bob.send('alice', 'yes')
  await bob.send('carol', 'thanks', { wantsRead: true })
  const stay = { history: 0, listener: () => undefined }
  const rooms = [alice, carol].map((node) => node.talk.chat.enter('chat', stay))
  await rooms[0]?.room.topic.publish('good morning')
  await rooms[1]?.room.topic.publish(
    'Morning! Did somebody look at the gateway? It answers slowly since yesterday evening, and I see nothing in its log.',
  )
  await rooms[0]?.room.topic.publish('I do now')
}
