/** The page in a real browser: real nodes in this process, the real server, the built page. */
import { readFileSync } from 'node:fs'
import { describe, expect, test, vi } from 'vitest'
import { FakeSource } from '../../bench/page/fake-source.ts'
import { MemoryStorage } from '../../src/base/storage.ts'
import { NetworkFeed } from '../../src/node/network-feed.ts'
import { Node } from '../../src/node/node.ts'
import { chromiumPath, settled, skipReason } from './browser.ts'
import { check } from './check.ts'
import { Stage } from './stage.ts'
import type { Page } from 'playwright-core'
import type { WebServer } from '../../src/web/server.node.ts'

vi.setConfig({ testTimeout: 180_000 }) // A browser on a machine under load; alone each takes a second or two.

describe.skipIf(chromiumPath === undefined)(`the page in Chromium${skipReason}`, () => {
  const stage = Stage.use()

  /** A node whose network is made up. */
  async function serveFake(source: FakeSource): Promise<WebServer> {
    const node = await stage.startNode({ label: 'host' })
    const feed = new NetworkFeed(source)
    ;(node as { feed: NetworkFeed }).feed = feed
    stage.onEnd(() => Promise.resolve(feed.stop()))
    return stage.serve(node)
  }

  test('shows the network as it is, follows a death and a return, and the table agrees', async () => {
    const storage = new MemoryStorage()
    const bob = await stage.startNode({
      label: 'bob',
      listen: ['127.0.0.1:0'],
      commands: { hello: 'echo Hello!' },
    })
    const options = { label: 'alice', peers: [bob.address], listen: ['127.0.0.1:0'], storage }
    const alice = await Node.start(options)
    const carol = await stage.startNode({
      label: 'carol',
      peers: [bob.address],
      listen: ['127.0.0.1:0'],
    })
    await carol.ready()
    const page = await stage.browser.open((await stage.serve(bob)).link)
    await page.waitForSelector('.map[aria-label="Map of the network: 3 nodes, 3 links"]')
    await settled(page)
    expect(page.url()).not.toContain('token')
    await page.click('.view-both')
    await page.waitForSelector('tbody tr.alive >> nth=2')
    expect(await column(page, 0)).toEqual(['alice', 'bob (this node)', 'carol'])
    expect(await column(page, 2)).toEqual([alice, bob, carol].map(({ address }) => address))
    await alice.close()
    await page.waitForSelector('tr.left, tr.gone')
    expect(await column(page, 1)).toEqual([expect.stringMatching(/left|gone/), 'alive', 'alive'])
    const again = await Node.start(options)
    stage.onEnd(() => again.close())
    await page.waitForSelector('.map[aria-label^="Map of the network: 3 nodes, 3 links"]')
    await page.waitForFunction(() => document.querySelectorAll('tbody tr.alive').length === 3)
    await page.waitForSelector('.news >> text=is back')
  })

  test('tells of a change within a second, from the node to the glass', async () => {
    const source = new FakeSource(40, { isHealthy: true })
    const page = await stage.browser.open((await serveFake(source)).link)
    await settled(page)
    await page.evaluate(() => {
      const seen = new MutationObserver(() => {
        if (document.querySelector('.news')?.textContent?.includes('is gone') === true) {
          ;(globalThis as { goneAtMs?: number }).goneAtMs ??= Date.now()
        }
      })
      seen.observe(document.body, { subtree: true, childList: true, characterData: true })
    })
    const atMs = Date.now()
    source.change(7, { state: 'gone' })
    const goneAtMs = await page.waitForFunction(
      () => (globalThis as { goneAtMs?: number }).goneAtMs,
    )
    expect(Number(await goneAtMs.jsonValue()) - atMs).toBeLessThan(1_000)
  })

  test('runs a permitted command on the selected node, and takes one back', async () => {
    const bob = await stage.startNode({ label: 'bob', listen: ['127.0.0.1:0'] })
    const alice = await stage.startNode({
      label: 'alice',
      peers: [bob.address],
      commands: { hello: 'echo Hello there' },
    })
    alice.command('forever', {
      summary: 'Run until it is taken back',
      run: async ({ out, signal }) => {
        out('begun\u001b[31m\n')
        await new Promise((resolve) => signal.addEventListener('abort', resolve))
      },
    })
    await alice.ready()
    const page = await stage.browser.open((await stage.serve(bob)).link)
    await page.waitForSelector('.map[aria-label^="Map of the network: 2 nodes"]')
    await page.click('.view-both')
    await page.click('tbody >> text=alice')
    const box = page.getByLabel('Command for alice')
    await box.fill('hello')
    await box.press('Enter')
    await page.waitForSelector('.ending >> text=done')
    expect(await page.textContent('.output')).toBe('Hello there')
    await box.fill('forever')
    await box.press('Enter')
    await page.waitForSelector('.output >> text=begun\\x1b[31m')
    await page.click('.stop')
    await page.waitForSelector('.ending >> text=cancelled')
    await box.fill('nope')
    await box.press('Enter')
    await page.waitForSelector('.ending >> text=Unknown command')
  })

  test('text from peers stays text, and what nobody sees is shown', async () => {
    const source = new FakeSource(5, { isHealthy: true })
    const hostile = '<img src=x onerror=alert(1)>\u202e\u001b[31m'
    source.change(1, {
      name: hostile,
      software: '<b>1</b>',
      addresses: ['tls://"><script>alert(1)</script>:1'],
    })
    const page = await stage.browser.open((await serveFake(source)).link)
    let dialogs = 0
    page.on('dialog', () => dialogs++)
    await settled(page)
    await page.click('.view-both')
    await page.click('tbody tr >> text=onerror')
    const title = await page.textContent('#panel-title')
    expect(title).toContain('<img src=x onerror=alert(1)>\\u{202e}')
    expect(await page.locator('#app img, #app script, #app b').count()).toBe(0)
    for (const name of ['svg', 'json'] as const) {
      const text = await download(page, name)
      for (const wrong of ['\u202e', '\u001b', ...(name === 'svg' ? ['<img', '<script'] : [])]) {
        expect(text).not.toContain(wrong)
      }
    }
    expect(dialogs).toBe(0)
  })

  test('needs no mouse: arrows select, keys zoom, the panel and back', async () => {
    const page = await stage.browser.open(
      (await serveFake(new FakeSource(12, { isHealthy: true }))).link,
    )
    await settled(page)
    for (let presses = 0; presses < 12; presses++) {
      await page.keyboard.press('Tab')
      if (await page.evaluate(() => document.activeElement?.className === 'map')) break
    }
    await page.keyboard.press('ArrowRight')
    await page.waitForSelector('#panel-title >> text=alice')
    let passed = 'alice'
    for (const key of ['ArrowRight', 'ArrowDown', 'ArrowLeft', 'ArrowUp']) {
      await page.keyboard.press(key)
      passed += ` ${await page.textContent('#panel-title')}`
    }
    expect(new Set(passed.split(' ')).size).toBeGreaterThan(2)
    await page.keyboard.press('l')
    await page.waitForSelector('#panel-title >> text=–')
    for (const key of ['+', '+', '-', '0', 'Shift+ArrowLeft']) await page.keyboard.press(key)
    await page.keyboard.press('Enter')
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('panel-title')
    await page.keyboard.press('Escape')
    await page.waitForSelector('#panel-title >> text=The network')
    expect(await page.evaluate(() => document.activeElement?.className)).toBe('map')
  })

  test('finds nodes, and saves what it shows as SVG, D2 and JSON', async () => {
    const page = await stage.browser.open((await serveFake(new FakeSource(60))).link)
    await settled(page)
    await page.fill('#search', 'judy')
    await page.click('.view-table')
    await page.waitForSelector('caption >> text=1 of 60 nodes')
    expect(await column(page, 0)).toEqual(['judy'])
    await page.press('#search', 'Enter')
    await page.waitForSelector('#panel-title >> text=judy')
    await page.fill('#search', 'nobody at all')
    await page.press('#search', 'Enter')
    expect(await page.textContent('#panel-title')).toContain('judy')
    await page.fill('#search', 'a')
    await page.press('#search', 'Enter')
    await page.waitForSelector('#panel-title >> text=alice')
    await page.fill('#search', '')
    await page.waitForSelector('caption >> text=60 of 60 nodes')
    expect(await download(page, 'svg')).toContain('</svg>')
    expect(await download(page, 'd2')).toContain("'@alice': 'alice :14590' { class: [self] }")
    const lines = (await download(page, 'json')).trim().split('\n')
    expect(lines.filter((line) => line.includes('"type":"node"'))).toHaveLength(60)
  })

  test('a long table holds only the rows in sight, and says how many there are', async () => {
    const page = await stage.browser.open((await serveFake(new FakeSource(3_000))).link)
    await page.click('.view-table')
    await page.waitForSelector('caption >> text=3000 of 3000 nodes')
    expect(await page.locator('tbody tr').count()).toBeLessThan(80)
    expect(await page.getAttribute('table', 'aria-rowcount')).toBe('3001')
    await page.evaluate(() => document.querySelector('.rows')?.scrollTo({ top: 1e9 }))
    await page.waitForSelector('tr[aria-rowindex="3001"]')
  })

  test('comes back by itself when its node does, and asks for its link without a token', async () => {
    const storage = new MemoryStorage()
    const bob = await stage.startNode({ label: 'bob' })
    const web = await stage.serve(bob, { storage })
    const page = await stage.browser.open(web.link)
    await page.waitForSelector('.pulse.live')
    await page.waitForSelector('.empty >> text=No other member is here yet')
    await web.close()
    await page.waitForSelector('.trouble >> text=The node does not answer')
    const again = await stage.serve(bob, { storage, port: web.port })
    await page.waitForSelector('.pulse.live')
    await page.waitForSelector('.trouble', { state: 'detached' })
    await page.reload() // The token is this tab's.
    await page.waitForSelector('.pulse.live')
    const stranger = await stage.browser.open(again.url)
    await stranger.waitForSelector('.trouble >> text=This page needs its link')
    const liar = await stage.browser.open(`${again.url}#token=${'x'.repeat(43)}`)
    await liar.waitForSelector('.trouble >> text=This link is no longer valid')
  })

  test('another site cannot talk to the node', async () => {
    const web = await stage.serve(await stage.startNode({ label: 'bob' }))
    const page = await stage.browser.open('about:blank')
    const outcome = await page.evaluate(async (url) => {
      return new Promise<string>((resolve) => {
        const socket = new WebSocket(url)
        socket.addEventListener('open', () => resolve('open'))
        socket.addEventListener('error', () => resolve('refused'))
      })
    }, `ws://127.0.0.1:${web.port}/socket`)
    expect(outcome).toBe('refused')
    stage.browser.complaints.length = 0 // The refusal above.
  })

  test.each(['light', 'dark'] as const)(
    'everybody can use it: axe finds nothing, %s',
    async (colorScheme) => {
      const source = new FakeSource(12)
      const link = (await serveFake(source)).link
      for (const [width, height] of [
        [1280, 800],
        [360, 740],
      ] as const) {
        const page = await stage.browser.open(link, { width, height, colorScheme })
        await settled(page)
        source.change(3, { state: 'suspect' })
        await page.waitForSelector('.news button')
        await check(page, `overview-${colorScheme}-${width}`)
        await page.click('.view-table')
        await page.click('tbody tr >> text=bob')
        await page.waitForSelector('.history figure')
        await check(page, `table-${colorScheme}-${width}`)
        await page.click('.view-map')
        await settled(page)
        await check(page, `node-${colorScheme}-${width}`)
        await page.click('.links li .rtt')
        await page.waitForSelector('#panel-title >> text=–')
        await check(page, `link-${colorScheme}-${width}`)
        if (width === 360) {
          const overflow = await page.evaluate(
            () => document.documentElement.scrollWidth - innerWidth,
          )
          expect(overflow).toBeLessThanOrEqual(0)
        }
        await page.close()
        source.change(3, { state: 'alive' })
      }
    },
  )

  test('no page asked anybody but its node, or complained', () => {
    stage.expectQuiet()
  })
})

async function column(page: Page, at: number): Promise<readonly string[]> {
  const cells = page.locator(`tbody tr:not(.space) > :nth-child(${at + 1})`)
  return cells.allTextContents()
}

async function download(page: Page, format: 'svg' | 'd2' | 'json'): Promise<string> {
  await page.click('.menu summary')
  const [saved] = await Promise.all([
    page.waitForEvent('download'),
    page.click(`.menu-list >> text=${format.toUpperCase()}`),
  ])
  expect(saved.suggestedFilename()).toBe(`network.${format}`)
  return readFileSync(await saved.path(), 'utf8')
}
