/**
 * What was asked for and what came of it, over all nodes of a chaotic world; whatever breaks a promise
 * is a problem.
 *
 * A connection may end, and what is asked on it fail, only because the far side was started again, once
 * for each start, or where the world lets connections expire; and then only with a code that says so.
 * Counted, and not by the clock: an answer of the old process may come when the new one has started.
 */
import type { ErrorCode, SkeinError } from '../../src/base/errors.ts'
import type { Simulation } from '../../src/testing/simulation.node.ts'

/** Something that one node asked of another. */
export interface Operation {
  readonly kind: 'call' | 'flow' | 'bulk'
  readonly id: number
  readonly from: string
  readonly to: string
  state: 'open' | 'done' | 'failed' | 'abandoned'
  /** Times that the far side carried it out. */
  runs: number
  /** Items that each side sent and received, in order. */
  readonly sent: [number, number]
  readonly received: [number, number]
}

/** See the file's head. */
export class Ledger {
  readonly problems: string[] = []
  readonly operations: Operation[] = []
  /** Whether the world's resume window is short enough for connections to expire. */
  mayExpire = false

  readonly #world: Simulation
  readonly #starts = new Map<string, number>()
  /** Starts of the far side that the near one, `from→to`, has noticed, or could not miss. */
  readonly #noticed = new Map<string, number>()

  constructor(world: Simulation) {
    this.#world = world
  }

  /** Notes that something began. */
  begin(kind: Operation['kind'], from: string, to: string): Operation {
    const operation: Operation = {
      kind,
      id: this.operations.length,
      from,
      to,
      state: 'open',
      runs: 0,
      sent: [0, 0],
      received: [0, 0],
    }
    this.operations.push(operation)
    return operation
  }

  /** The operation with this number, as a node read it from a stream. */
  find(id: number): Operation | undefined {
    const operation = this.operations[id]
    if (operation === undefined) this.problem(`operation ${id} was never asked for`)
    return operation
  }

  /** The far side carries a call out. */
  run(operation: Operation): void {
    operation.runs++
    if (operation.runs > 1) this.problem(`${nameOf(operation)} ran ${operation.runs} times`)
  }

  /** It ended well, as its asker sees it. */
  finish(operation: Operation): void {
    if (operation.state !== 'open') this.problem(`${nameOf(operation)} ended twice`)
    operation.state = 'done'
    const { runs, sent, received, kind } = operation
    if (kind === 'call' && runs !== 1) this.problem(`${nameOf(operation)} was answered unrun`)
    if (sent[0] !== received[0] || sent[1] !== received[1]) {
      this.problem(`${nameOf(operation)} sent ${String(sent)} and received ${String(received)}`)
    }
  }

  /** It failed, as its asker sees it. */
  fail(operation: Operation, error: SkeinError): void {
    if (operation.state !== 'open') this.problem(`${nameOf(operation)} ended twice`)
    operation.state = 'failed'
    const allowed = this.#allowedCodes(operation)
    if (allowed.includes(error.code)) return
    this.problem(`${nameOf(operation)} failed with ${error.code} (${error.message})`)
  }

  /** A node is started, perhaps again: whoever started before it is new to it. */
  start(name: string): void {
    this.#starts.set(name, this.#startsOf(name) + 1)
    for (const [other, starts] of this.#starts) this.#noticed.set(`${name}→${other}`, starts)
  }

  /** A connection ended, as one side sees it, while nobody meant to end it. */
  disconnect(from: string, to: string, error: SkeinError): void {
    if (!this.#allowedCodes({ from, to }).includes(error.code)) {
      this.problem(`${from} lost its connection to ${to}: ${error.code} (${error.message})`)
    }
    if (error.code !== 'PEER_RESTARTED') return
    this.#noticed.set(`${from}→${to}`, this.#noticedBy(from, to) + 1)
  }

  /** A node crashed: it does not learn what became of what it asked for. */
  crash(name: string): void {
    for (const operation of this.operations) {
      if (operation.from === name && operation.state === 'open') operation.state = 'abandoned'
    }
  }

  /** Operations that have not ended. */
  get open(): readonly Operation[] {
    return this.operations.filter(({ state }) => state === 'open')
  }

  /** Notes that a promise was broken. */
  problem(what: string): void {
    this.#world.note(`PROBLEM ${what}`)
    this.problems.push(what)
  }

  #allowedCodes({ from, to }: Pick<Operation, 'from' | 'to'>): readonly ErrorCode[] {
    const isNews = this.#startsOf(to) > this.#noticedBy(from, to)
    const codes: ErrorCode[] = isNews ? ['PEER_RESTARTED'] : []
    if (this.mayExpire) codes.push('CONNECTION_EXPIRED')
    return codes
  }

  #startsOf(name: string): number {
    return this.#starts.get(name) ?? 0
  }

  #noticedBy(from: string, to: string): number {
    return this.#noticed.get(`${from}→${to}`) ?? 1
  }
}

/** How an operation is called in messages: `call 7 a→b`. */
export function nameOf({ kind, id, from, to }: Operation): string {
  return `${kind} ${id} ${from}→${to}`
}
