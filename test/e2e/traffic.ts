/**
 * What two nodes have under way when their path breaks, and the proof that it was only a pause: a
 * program that prints, a bulk stream there and back, and calls that are waited for.
 */
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { expect } from 'vitest'
import { linesOf } from './machine.ts'
import type { Machine } from './machine.ts'
import type { Ended, Launched } from './processes.ts'

const sources = {
  // COUNT PERIOD_MS
  lines: `
    const [count, periodMs] = process.argv.slice(1).map(Number)
    let at = 0
    const timer = setInterval(() => {
      console.log('line', at)
      if (++at === count) clearInterval(timer)
    }, periodMs)`,
  back: `process.stdin.pipe(process.stdout)`,
  // FILE NAME DELAY_MS
  answer: `
    const [file, name, delayMs] = process.argv.slice(1)
    require('fs').appendFileSync(file, name + '\\n')
    setTimeout(() => console.log('answer', name), Number(delayMs))`,
}

/** The programs that the traffic needs, as the configuration of the node that is asked. */
export const trafficPrograms = Object.entries(sources)
  .map(([name, source]) =>
    [
      `[programs.${name}]`,
      `file = ${JSON.stringify(process.execPath)}`,
      `args = ["-e", ${JSON.stringify(source)}, "--"]`,
      `stdin = ${name === 'back'}`,
      `arguments = "append"`,
      `allow = ["role:anyone"]`,
    ].join('\n'),
  )
  .join('\n')

/** Whose traffic, and how much. */
export interface TrafficOptions {
  readonly machine: Machine
  /** Profile of the node that asks. */
  readonly from: string
  /** Label of the one that answers. */
  readonly to: string
  readonly lines: number
  readonly periodMs: number
  /** How long each call takes; they start at once. */
  readonly callsMs: readonly number[]
}

/** See the file's head. */
export class Traffic {
  readonly #options: TrafficOptions
  readonly #lines: Launched
  #input = ''
  #bulk: Launched | undefined
  readonly #calls: Launched[] = []

  constructor(options: TrafficOptions) {
    this.#options = options
    const { lines, periodMs, callsMs } = options
    this.#lines = this.#ask('lines', `${lines}`, `${periodMs}`)
    for (const delayMs of callsMs) this.#call(delayMs)
  }

  /** Sends so many characters there and back, and waits until the first of them have come back. */
  async bulk(chars: number): Promise<void> {
    this.#input = randomBytes(chars / 2).toString('hex')
    this.#bulk = this.#ask('back')
    this.#bulk.endInput(this.#input)
    await this.#bulk.printed(/^[0-9a-f]{1000000}/)
  }

  /** Signals every program that asks, as when their machine falls asleep. */
  signal(name: NodeJS.Signals): void {
    for (const asking of [this.#lines, ...this.#calls]) asking.signal(name)
    this.#bulk?.signal(name)
  }

  /** Waits until the program printed so many lines, and each call has begun. */
  async isUnderWay(lines: number): Promise<void> {
    await this.#lines.printed(`line ${lines - 1}\n`)
    await until(() => this.#runs().length === this.#calls.length, 'the calls run')
  }

  /** Starts one more call. */
  call(delayMs: number): Promise<Ended> {
    return this.#call(delayMs).ended
  }

  /** Waits for the end of everything, and checks that all arrived once, in order, whole. */
  async isComplete(): Promise<void> {
    const lines = await this.#lines.ended
    expect(lines.stderr).toBe('')
    expect(linesOf(lines.stdout)).toEqual(numbered('line', this.#options.lines))
    expect(lines.code).toBe(0)
    const calls = await Promise.all(this.#calls.map(({ ended }) => ended))
    expect(calls.map(({ stdout, stderr }) => stdout + stderr)).toEqual(
      numbered('answer', calls.length).map((line) => `${line}\n`),
    )
    const ran = numbered('', calls.length).map((each) => each.trim())
    expect(this.#runs().toSorted((a, b) => Number(a) - Number(b))).toEqual(ran)
    const bulk = await this.#bulk?.ended
    expect(bulk?.stderr ?? '').toBe('')
    expect((bulk?.stdout ?? '') === this.#input).toBe(true)
    expect(bulk?.code ?? 0).toBe(0)
  }

  get #runsFile(): string {
    return path.join(this.#options.machine.folder, `runs-${this.#options.from}`)
  }

  /** The names of the calls that began. */
  #runs(): readonly string[] {
    try {
      return linesOf(readFileSync(this.#runsFile, 'utf8'))
    } catch {
      return [] // None yet.
    }
  }

  #call(delayMs: number): Launched {
    const name = `${this.#calls.length}`
    const call = this.#ask('answer', this.#runsFile, name, `${delayMs}`)
    this.#calls.push(call)
    return call
  }

  #ask(...words: readonly string[]): Launched {
    const { machine, from, to } = this.#options
    const asking = machine.launch(['-p', from, `@${to}`, ...words])
    if (words[0] !== 'back') asking.endInput()
    return asking
  }
}

/** Waits until something is so, which takes some process a moment. */
export async function until(
  isSo: () => boolean | Promise<boolean>,
  sentence: string,
): Promise<void> {
  const deadlineMs = Date.now() + patienceMs
  while (!(await isSo())) {
    if (Date.now() > deadlineMs) throw new Error(`not so within ${patienceMs} ms: ${sentence}`)
    await delay(pollMs)
  }
}

const patienceMs = 10_000 // Guess: ten times what the slowest start takes on a busy machine.
const pollMs = 50

function numbered(word: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, at) => `${word} ${at}`)
}
