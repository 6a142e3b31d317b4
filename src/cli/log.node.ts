/**
 * The log of a node that runs in this process: pino's lines, readable on a terminal, JSON in a pipe.
 * The last ones are kept for `skein logs`.
 */
import pino from 'pino'
import { sanitizeText } from '../base/text.ts'
import type { Log } from '../base/log.ts'

const keptLines = 1_000 // Guess: some hours of a quiet node.

/** Where lines go, and how. */
export interface LogOptions {
  readonly level: string
  /** Lines for people in place of JSON. */
  readonly isReadable: boolean
  /** Takes each line with its line break. */
  readonly write: (line: string) => void
  /** Writes only warnings and what ran here for whom; the rest goes to the memory alone. */
  readonly isTerse?: boolean
}

/** A log, and what it said last. */
export interface LogKeeper {
  readonly log: Log
  /** The last lines, oldest first, as JSON without line breaks. */
  readonly lines: readonly string[]
}

/** Makes the log of a node. */
export function createLog({ level, isReadable, write, isTerse = false }: LogOptions): LogKeeper {
  const lines: string[] = []
  const destination = {
    write(line: string) {
      const json = line.trimEnd()
      lines.push(json)
      if (lines.length > keptLines) lines.shift()
      if (isTerse && !isWorthSaying(json)) return
      write(isReadable ? `${formatLine(json)}\n` : line)
    },
  }
  return { log: pino({ level, base: null }, destination), lines }
}

/** Scripts at the prompt want little: what is wrong, and each command that ran here. */
function isWorthSaying(json: string): boolean {
  const [, level, scope] = /^\{"level":(\d+),"time":\d+(?:,"scope":"(\w+)")?/.exec(json) ?? []
  return scope === 'command' || Number(level) >= warnLevel
}

interface Record {
  readonly level: number
  readonly time: number
  readonly msg?: string
  readonly scope?: string
  readonly peer?: string
}

/** Writes a line of JSON for people: `12:03:44 connected · bob k3f2abcd address=…`. */
export function formatLine(json: string): string {
  const { level, time, msg = '', scope = '', peer, ...rest } = JSON.parse(json) as Record
  const clock = new Date(time).toTimeString().slice(0, 8)
  const mark = level >= errorLevel ? 'error: ' : level >= warnLevel ? 'warning: ' : ''
  const fields = Object.entries(rest).map(([key, value]) => `${key}=${formatValue(value)}`)
  const who = peer === undefined ? [] : [peer]
  const tail = [...who, ...fields].join(' ')
  const text = `${clock} ${scope === '' ? '' : `${scope}: `}${mark}${msg}${tail === '' ? '' : ` · ${tail}`}`
  return sanitizeText(text).replaceAll('\n', ' ')
}

const warnLevel = 40 // pino's numbers.
const errorLevel = 50

function formatValue(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return /^[^\s"]+$/.test(text) ? text : JSON.stringify(text)
}
