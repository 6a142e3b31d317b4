/** Looks at a page: a picture for people, and axe for what keeps people out. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { expect } from 'vitest'
import { keepPicture } from './browser.ts'
import type { Page } from 'playwright-core'

const axeSource = readFileSync(
  createRequire(import.meta.url).resolve('axe-core/axe.min.js'),
  'utf8',
)

/** Keeps a picture, and looks for what keeps people out (WCAG 2.2 AA and axe's own advice). */
export async function check(page: Page, name: string): Promise<void> {
  await keepPicture(page, name)
  await page.evaluate(axeSource)
  const violations = await page.evaluate(async () => {
    const { axe } = globalThis as unknown as {
      axe: { run: () => Promise<{ violations: Found[] }> }
    }
    const found = await axe.run()
    return found.violations.map(
      ({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`,
    )
  })
  expect(violations.map((each) => `${name}: ${each}`)).toEqual([])
}

interface Found {
  readonly id: string
  readonly nodes: readonly { readonly html: string }[]
}
