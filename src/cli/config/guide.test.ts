import { readFile, writeFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { settingsTable } from './describe.ts'
import { settingKeys, settings } from './settings.ts'
import type { Setting } from './setting.ts'

const guide = new URL('../../../docs/guide/configuration.md', import.meta.url)
const tablePattern = /(<!-- settings:[^\n]*-->\n)([^]*?)(<!-- \/settings -->)/

test('the guide lists every key with its default and meaning (UPDATE_DOCS=1 writes it)', async () => {
  const text = await readFile(guide, 'utf8')
  const table = `${settingsTable().join('\n')}\n`
  if (process.env['UPDATE_DOCS'])
    await writeFile(guide, text.replace(tablePattern, `$1${table.replaceAll('$', '$$$$')}$3`))
  const shown = tablePattern.exec(await readFile(guide, 'utf8'))?.[2]
  expect(shown).toBe(table)
})

test.each(settingKeys)('%s has a default that it allows, or says what stands for none', (key) => {
  const row: Setting<unknown> = settings[key]
  if (row.fallback === undefined) expect(key).toContain('*')
  else if (row.fallbackText === undefined) expect(row.read(row.fallback)).toHaveProperty('value')
})
