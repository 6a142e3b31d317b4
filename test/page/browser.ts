/**
 * A real Chromium for the tests of the page: one for a whole file, a fresh context a test.
 *
 * Debian's Chromium, driven by playwright-core. Where there is none the tests are skipped, and say so.
 */
import { existsSync, mkdirSync } from 'node:fs'
import path from 'node:path'
import { chromium } from 'playwright-core'
import type { Browser, BrowserContext, Page } from 'playwright-core'

const candidates = [process.env['CHROMIUM'], '/usr/bin/chromium', '/usr/bin/chromium-browser']

/** Where Chromium is; `undefined` where there is none. */
export const chromiumPath = candidates.find((file) => file !== undefined && existsSync(file))

/** For the title of a suite: why it is skipped. */
export const skipReason = chromiumPath === undefined ? ' (skipped: no Chromium; set CHROMIUM)' : ''

const flags = [
  ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync'],
  ...['--disable-background-networking', '--disable-component-update'],
]
const patienceMs = 100_000 // Less than the test has: what did not appear is then named.
const folder = path.resolve(import.meta.dirname, '../../test-screenshots')

/** How a page is looked at. */
export interface Viewer {
  readonly width?: number
  readonly height?: number
  readonly colorScheme?: 'light' | 'dark'
}

/** A browser that closes with everything it opened. */
export class TestBrowser {
  readonly #browser: Browser
  readonly #contexts: BrowserContext[] = []
  /** What pages wrote to the console as an error, or threw. */
  readonly complaints: string[] = []
  /** Every host that a page asked for something. */
  readonly hosts = new Set<string>()

  private constructor(browser: Browser) {
    this.#browser = browser
  }

  static async start(): Promise<TestBrowser> {
    if (chromiumPath === undefined) throw new Error('there is no Chromium')
    const options = { executablePath: chromiumPath, args: flags, headless: true }
    return new TestBrowser(await chromium.launch(options))
  }

  /** Opens a link in a context of its own. */
  async open(
    link: string,
    { width = 1280, height = 800, colorScheme = 'light' }: Viewer = {},
  ): Promise<Page> {
    const context = await this.#browser.newContext({
      viewport: { width, height },
      colorScheme,
      reducedMotion: 'reduce',
      acceptDownloads: true,
    })
    this.#contexts.push(context)
    const page = await context.newPage()
    page.setDefaultTimeout(patienceMs)
    page.on('console', (message) => {
      if (message.type() === 'error') this.complaints.push(message.text())
    })
    page.on('pageerror', (error) => this.complaints.push(String(error)))
    page.on('request', (request) => this.hosts.add(new URL(request.url()).host))
    await page.goto(link, { timeout: patienceMs })
    return page
  }

  /** Closes every page: they would look for their nodes for ever. */
  async closePages(): Promise<void> {
    await Promise.all(this.#contexts.splice(0).map((context) => context.close()))
  }

  async close(): Promise<void> {
    await this.closePages()
    await this.#browser.close()
  }
}

/** Keeps a picture for people, in a folder that git ignores. */
export async function keepPicture(page: Page, name: string): Promise<void> {
  mkdirSync(folder, { recursive: true })
  await page.screenshot({ path: path.join(folder, `${name}.png`) })
}

/** Waits until the map stands still, with everybody on it. */
export async function settled(page: Page): Promise<void> {
  await page.waitForSelector('.map[data-settled="true"]')
}
