/** What a browser loads before the first picture. */
import { existsSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'

const folder = path.resolve(import.meta.dirname, '../../dist/web')
const maxFirstLoadBytes = 150_000 // The promise; see docs/guide/page.md for what is in it.

/** The files of the first load: what index.html names, what that imports at once, and the worker. */
function firstLoad(): ReadonlySet<string> {
  const files = new Set(['index.html'])
  for (const file of files) {
    const text = readFileSync(path.join(folder, file), 'utf8')
    const named =
      file === 'index.html' ? /(?:href|src)="([^"]+)"/g : /(?:from|import)\s*"\.\/([^"]+)"/g
    for (const [, name = ''] of text.matchAll(named)) {
      files.add(file === 'index.html' ? name : `assets/${name}`)
    }
    for (const [, name = ''] of text.matchAll(/"\.\/(layout-worker-\w+\.js)"/g))
      files.add(`assets/${name}`)
  }
  return files
}

test('the first load is below 150 kB gzip, and each of its files stands there compressed', () => {
  const files = [...firstLoad()]
  expect(files.length).toBeGreaterThan(4)
  for (const file of files) expect(existsSync(path.join(folder, `${file}.br`)), file).toBe(true)
  const bytes = files.reduce((sum, file) => sum + statSync(path.join(folder, `${file}.gz`)).size, 0)
  expect(bytes).toBeLessThan(maxFirstLoadBytes)
})

test('the page has no inline script or style, and names no other host', () => {
  const html = readFileSync(path.join(folder, 'index.html'), 'utf8')
  expect(html).not.toMatch(/<style|style=|<script(?![^>]*src=)|\son\w+=/)
  expect(html).not.toMatch(/https?:|\/\//)
})
