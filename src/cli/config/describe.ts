import { formatHostPort } from '../../base/address.ts'
import type { Config } from './config.ts'
import { formatKey } from './key-path.ts'
import { isTable } from './kinds.ts'
import { formatOrigin } from './layers.ts'
import type { Entry } from './merge.ts'
import type { Setting } from './setting.ts'
import { type SettingKey, settingKeys, settings } from './settings.ts'

/**
 * Every value and where it came from, as valid TOML:
 *
 *     network.listen.port  = 8090      # profile config/network/alice.toml:4
 */
export function describeConfig(config: Config): readonly string[] {
  const shown = config.origins.map(({ key, value }) => ({ key, value: formatValue(value) }))
  const keyWidth = widthOf(shown.map(({ key }) => key))
  const valueWidth = widthOf(shown.map(({ value }) => value))
  return [
    `# profile ${config.profile}`,
    `# configuration folder ${config.folders.config}`,
    `# data folder ${config.folders.data}`,
    ...shown.map(({ key, value }, index) => {
      const origin = describeOrigin(config.origins[index])
      return `${key.padEnd(keyWidth)} = ${value.padEnd(valueWidth)}  # ${origin}`
    }),
  ]
}

/** The same for programs: one JSON object a line, `{"key","value","layer","file","line","detail"}`. */
export function describeConfigAsJson(config: Config): readonly string[] {
  return config.origins.map(({ key, value, origin }) => {
    const { layer, file = null, line = null, detail = null } = origin
    return JSON.stringify({ key, value: plainValue(value), layer, file, line, detail })
  })
}

/** The rows of the guide's table, in Markdown. */
export function settingsTable(): readonly string[] {
  const rows = settingKeys.map((key) => {
    const row: Setting<unknown> = settings[key]
    const name = key.replace('*', 'NAME')
    return `| \`${name}\` | ${fallbackOf(key, row)} | ${row.doc}. Must be ${escapeCell(row.allowed)}. |`
  })
  return ['| Key | Default | Meaning |', '|---|---|---|', ...rows]
}

function fallbackOf(key: SettingKey, row: Setting<unknown>): string {
  if (row.fallbackText !== undefined) return row.fallbackText
  if (row.fallback === undefined) return 'none'
  const value = `\`${formatValue(row.fallback)}\``
  return key.endsWith('Bytes') ? `${value} (${formatBytes(Number(row.fallback))})` : value
}

function formatBytes(bytes: number): string {
  const power = Math.min(3, Math.floor(Math.log2(bytes) / 10))
  return `${bytes / 2 ** (10 * power)} ${['bytes', 'KiB', 'MiB', 'GiB'][power]}`
}

function escapeCell(text: string): string {
  return text.replaceAll('|', '\\|')
}

function describeOrigin(entry: Entry | undefined): string {
  if (entry === undefined) return ''
  const { layer } = entry.origin
  const where = formatOrigin(entry.origin)
  return where === layer ? layer : `${layer} ${where}`
}

// Guess: one long list must not push all comments off the screen.
const maxValueWidth = 40

function widthOf(texts: readonly string[]): number {
  return Math.max(...texts.map((text) => text.length).filter((length) => length <= maxValueWidth))
}

/** A value as TOML writes it. */
function formatValue(value: unknown): string {
  const plain = plainValue(value)
  if (Array.isArray(plain)) return `[${plain.map(formatValue).join(', ')}]`
  if (!isTable(plain)) return JSON.stringify(plain)
  const pairs = Object.entries(plain).map(
    ([key, inner]) => `${formatKey([key])} = ${formatValue(inner)}`,
  )
  return `{ ${pairs.join(', ')} }`
}

/** A value in its shortest form: `host:port` for a target without ID, the text for a plain alias. */
function plainValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plainValue)
  if (!isTable(value)) return value
  const { host, port, run } = value
  if (typeof host === 'string' && typeof port === 'number' && value['id'] === undefined)
    return formatHostPort({ host, port })
  if (typeof run === 'string' && value['allow'] === undefined) return run
  return value
}
