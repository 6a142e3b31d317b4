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
  /** Takes each line with its line break; lines below `shownLevel` only go to the memory. */
  readonly write: (line: string) => void
  /** The least level that is written; `level` where absent. */
  readonly shownLevel?: string
}

/** A log, and what it said last. */
export interface LogKeeper {
  readonly log: Log
  /** The last lines, oldest first, as JSON without line breaks. */
  readonly lines: readonly string[]
}

/** Makes the log of a node. */
export function createLog({ level, isReadable, write, shownLevel = level }: LogOptions): LogKeeper {
  const lines: string[] = []
  const least = pino.levels.values[shownLevel] ?? Number.POSITIVE_INFINITY
  const destination = {
    write(line: string) {
      const json = line.trimEnd()
      lines.push(json)
      if (lines.length > keptLines) lines.shift()
      if (Number(/^\{"level":(\d+)/.exec(json)?.[1] ?? 0) < least) return
      write(isReadable ? `${formatLine(json)}\n` : line)
    },
  }
  return { log: pino({ level, base: null }, destination), lines }
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
