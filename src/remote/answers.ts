/**
 * The answering side: questions of the peer.
 *
 *   asked ──▶ running ──▶ answered, plain: forgotten
 *     │          │            └ with something to use: kept until the peer says that it has it
 *     │          └─ calls on the result wait here, and run in their order when it is there
 *     └─ too many, no such object, denied ──▶ failed: kept as well, for calls on the result
 *
 * **Invariant**: every question is answered exactly once, also one that was cancelled; and calls that
 * name one object start in the order in which they came.
 */
import { SkeinError } from '../base/errors.ts'
import type { Clock } from '../base/clock.ts'
import type { Subject } from '../base/policy.ts'
import { DeadlineTimer } from './deadline-timer.ts'
import { callAt, isThenable, readAt } from './dispatch.ts'
import type { Asker, Place } from './dispatch.ts'
import { violation } from './frame-reader.ts'
import { iteratorOf, Producer } from './iteration.ts'
import type { Entry, ObjectTable } from './object-table.ts'
import { Slots } from './slots.ts'

/** What is asked for: a call with `args`, an iteration with `creditBytes`, a property without either. */
export interface Request {
  readonly question: number
  /** Twice a number of ours, or of a question of the peer plus 1. */
  readonly wire: number
  readonly timeoutMs: number
  readonly path: readonly string[]
  readonly args: unknown[] | undefined
  /** Signals among the arguments; they are aborted with the call. */
  readonly signals: readonly AbortController[] | undefined
  readonly creditBytes: number | undefined
}

/** What the answers ask of their session. */
export interface AnswersOwner {
  readonly clock: Clock
  readonly table: ObjectTable
  readonly maxCalls: number
  readonly maxIterations: number
  subject(): Subject
  given(number: number): Entry | undefined
  /**
   * Sends a result, as given through `giver`.
   *
   * @throws {SkeinError} It cannot travel; nothing was sent.
   */
  readonly outbound: AnswerOutlet
}

/** How answers reach the peer. */
export interface AnswerOutlet {
  sendAnswer(
    question: number,
    value: unknown,
    how: { isKept: boolean; giver: Entry | undefined },
  ): void
  /** Sends an object that was asked for. @throws {SkeinError} `LIMIT_EXCEEDED`. */
  sendFound(question: number, entry: Entry): void
  sendFail(question: number, reason: unknown, giver: Entry | undefined): void
  sendItem(question: number, value: unknown, giver: Entry | undefined): number
  /** Whether the path takes more items now; {@link Answers.resume} follows where it did not. */
  readonly mayPump: boolean
}

interface Deadline {
  readonly atMs: number
  readonly timeoutMs: number
}

/** A question of the peer. */
class Answer {
  readonly question: number
  state: 'running' | 'done' | 'failed' = 'running'
  /** The result or the reason, once there. */
  value: unknown = undefined
  /** Through what it was reached. */
  giver: Entry | undefined
  isIteration = false
  /** It was announced, and has not come as a whole. */
  isExpected = false
  /** Of what result it is asked, where that was settled when it was announced. */
  before: Answer | undefined
  /** The method still runs, though the question was answered. */
  isWorking = true
  waiting: (() => void)[] | undefined
  signals: readonly AbortController[] | undefined
  producer: Producer | undefined
  deadline: Deadline | undefined

  constructor(question: number) {
    this.question = question
  }
}

/** See the file's head. */
export class Answers {
  readonly #owner: AnswersOwner
  readonly #answers = new Slots<Answer>()
  readonly #deadlines: DeadlineTimer
  readonly #asker: Asker
  /** Those that wait for the path, in the order of their turns. */
  readonly #blocked = new Set<Producer>()
  /** Methods that were answered for and still run. */
  #overtime = 0
  #iterations = 0
  #isClosed = false

  constructor(owner: AnswersOwner) {
    this.#owner = owner
    this.#deadlines = new DeadlineTimer(owner.clock, (nowMs) => this.#endLate(nowMs))
    this.#asker = {
      subject: () => owner.subject(),
      findEntry: (target) => owner.table.find(target),
    }
  }

  /** Questions that run, wait or are kept. */
  get size(): number {
    return this.#answers.size
  }

  /** Whether a number is that of a question which is not over. */
  isRunning(question: number): boolean {
    return this.#answers.get(question)?.state === 'running'
  }

  /** Takes a question up. */
  take(request: Request): void {
    const answer = this.open(request.question)
    if (answer === undefined) return
    answer.signals = request.signals
    if (request.timeoutMs > 0) this.#setDeadline(answer, request.timeoutMs)
    this.#start(answer, request)
  }

  /** Makes room for a question; answers itself where there is none. */
  open(question: number): Answer | undefined {
    const known = this.#answers.get(question)
    if (known?.isExpected === true) {
      known.isExpected = false
      return known
    }
    if (known?.state === 'running') throw violation(`O4: question ${question} was asked already`)
    this.#answers.delete(question)
    const { maxCalls } = this.#owner
    if (this.#answers.size + this.#overtime < maxCalls) {
      const answer = new Answer(question)
      this.#answers.add(question, answer)
      return answer
    }
    const text = `at most ${maxCalls} calls of one peer run or wait at a time (objectCallsPerPeer)`
    this.#owner.outbound.sendFail(question, new SkeinError('LIMIT_EXCEEDED', text), undefined)
    return undefined
  }

  /**
   * A question has its place in the order, and comes later: calls on its result wait for it, and what
   * it is asked of is kept.
   *
   * @returns false when there is no room: it was answered so, and must not come.
   */
  expect(question: number, wire: number): boolean {
    const before = wire % 2 === 1 ? this.#answers.get((wire - 1) / 2) : undefined
    const answer = this.open(question)
    if (answer === undefined) return false
    answer.isExpected = true
    answer.before = before
    return true
  }

  /** Answers a question that needs nothing but this node. */
  answer(question: number, make: () => unknown): void {
    const answer = this.open(question)
    if (answer === undefined) return
    try {
      this.#succeed(answer, make())
    } catch (thrown) {
      this.#fail(answer, thrown)
    }
  }

  /** Gives an object that was asked for by name or token. */
  give(question: number, find: () => Entry): void {
    const answer = this.open(question)
    if (answer === undefined) return
    try {
      const entry = find()
      this.#owner.outbound.sendFound(question, entry)
      answer.giver = entry
      answer.state = 'done'
      answer.value = entry.target
      this.#settle(answer)
    } catch (thrown) {
      this.#fail(answer, thrown)
    }
  }

  /** The peer has an answer and needs nothing of it here any more. */
  finish(question: number): void {
    if (this.#answers.get(question)?.state !== 'running') this.#answers.delete(question)
  }

  /** The peer gives a question up. */
  cancel(question: number): void {
    const answer = this.#answers.get(question)
    if (answer?.state !== 'running') return // It was answered meanwhile.
    this.#abort(answer, new SkeinError('CANCELLED', 'the caller took the call back'))
  }

  /** The reader of an iteration takes more. */
  credit(question: number, offset: number): void {
    this.#answers.get(question)?.producer?.credit(offset)
  }

  /** The path takes more: iterations go on in turns. */
  resume(): void {
    for (const producer of this.#blocked) {
      if (!this.#owner.outbound.mayPump) return
      this.#blocked.delete(producer)
      producer.pump()
    }
  }

  /** The session is over: what runs is told by its signals. */
  close(error: SkeinError): void {
    this.#isClosed = true
    this.#deadlines.cancel()
    const answers = this.#answers.values()
    this.#answers.clear()
    this.#blocked.clear()
    for (const { producer, signals } of answers) {
      producer?.stop()
      for (const signal of signals ?? []) signal.abort(error)
    }
  }

  #start(answer: Answer, request: Request): void {
    if (this.#isClosed || answer.state !== 'running') return this.#stopWorking(answer)
    if (request.wire % 2 === 0) {
      const number = request.wire / 2
      const entry = this.#owner.given(number)
      if (entry === undefined) throw violation(`O22: a call of reference ${number}, never given`)
      if (!this.#owner.table.isAlive(entry)) return this.#fail(answer, takenAway(entry))
      return this.#perform(answer, request, { value: entry.target, entry, giver: entry.exposure })
    }
    const before = answer.before ?? this.#answers.get((request.wire - 1) / 2)
    if (before === undefined || before === answer) {
      const text = 'the result has no members; it is a plain value, or was let go'
      return this.#fail(answer, new SkeinError('UNKNOWN_MEMBER', text))
    }
    const run = (): void => this.#follow(answer, request, before)
    if (before.state === 'running') (before.waiting ??= []).push(run)
    else run()
  }

  #follow(answer: Answer, request: Request, before: Answer): void {
    if (this.#isClosed || answer.state !== 'running') return this.#stopWorking(answer)
    if (before.state === 'failed') return this.#fail(answer, before.value)
    const { value, giver } = before
    const entry = giver?.target === value ? giver : undefined
    answer.giver = giver
    this.#perform(answer, request, { value, entry, giver: giver?.exposure })
  }

  #perform(answer: Answer, request: Request, place: Place): void {
    answer.giver = place.entry ?? answer.giver
    let result: unknown
    try {
      const { path, args, creditBytes } = request
      if (args !== undefined) result = callAt(place, { path, args }, this.#asker)
      else result = readAt(place, path, this.#asker)
      if (creditBytes !== undefined) {
        if (isThenable(result)) {
          result.then(
            (value) => this.#iterate(answer, value, creditBytes),
            (reason: unknown) => this.#fail(answer, reason),
          )
        } else this.#iterate(answer, result, creditBytes)
        return
      }
      if (!isThenable(result)) return this.#succeed(answer, result)
    } catch (thrown) {
      return this.#fail(answer, thrown)
    }
    result.then(
      (value) => this.#succeed(answer, value),
      (reason: unknown) => this.#fail(answer, reason),
    )
  }

  #iterate(answer: Answer, value: unknown, creditBytes: number): void {
    if (answer.state !== 'running') return this.#stopWorking(answer)
    // What is built in bounds its iterations itself.
    const isCounted = answer.giver?.exposure.isBuiltIn !== true
    if (isCounted && this.#iterations >= this.#owner.maxIterations) {
      const text = `at most ${this.#owner.maxIterations} iterations of one peer run at a time`
      return this.#fail(
        answer,
        new SkeinError('LIMIT_EXCEEDED', `${text} (objectIterationsPerPeer)`),
      )
    }
    try {
      const isIterable =
        typeof value === 'object' &&
        value !== null &&
        this.#owner.table.find(value)?.kind !== 'object'
      if (!isIterable) throw new SkeinError('INVALID', 'it cannot be iterated over')
      const { question } = answer
      const outlet = {
        sendItem: (item: unknown) => this.#owner.outbound.sendItem(question, item, answer.giver),
        mayPump: (producer: Producer) => this.#mayPump(producer),
        finish: (result: unknown, isError: boolean) => {
          if (isError) this.#fail(answer, result)
          else this.#succeed(answer, result)
        },
      }
      answer.producer = new Producer(outlet, iteratorOf(value), creditBytes)
      answer.isIteration = isCounted
      if (isCounted) this.#iterations++
    } catch (thrown) {
      return this.#fail(answer, thrown)
    }
    answer.producer.pump()
  }

  #mayPump(producer: Producer): boolean {
    const { mayPump } = this.#owner.outbound
    if (!mayPump) this.#blocked.add(producer)
    return mayPump
  }

  #succeed(answer: Answer, value: unknown): void {
    if (answer.state !== 'running' || this.#isClosed) return this.#stopWorking(answer)
    const isKept = (typeof value === 'object' && value !== null) || typeof value === 'function'
    try {
      const { giver } = answer
      this.#owner.outbound.sendAnswer(answer.question, value, { isKept, giver })
    } catch (thrown) {
      return this.#fail(answer, thrown)
    }
    answer.state = 'done'
    answer.value = value
    this.#settle(answer)
    if (!isKept) this.#answers.delete(answer.question)
  }

  #fail(answer: Answer, reason: unknown): void {
    if (answer.state !== 'running' || this.#isClosed) return this.#stopWorking(answer)
    answer.state = 'failed'
    answer.value = reason
    this.#owner.outbound.sendFail(answer.question, reason, answer.giver)
    this.#settle(answer)
  }

  #settle(answer: Answer): void {
    answer.isWorking = false
    answer.signals = undefined
    if (answer.producer !== undefined) this.#blocked.delete(answer.producer)
    answer.producer = undefined
    if (answer.isIteration) {
      answer.isIteration = false
      this.#iterations--
    }
    const { waiting } = answer
    if (waiting === undefined) return
    answer.waiting = undefined
    for (const run of waiting) run()
  }

  /** Ends a question whose work goes on; it keeps its place until the work is over. */
  #abort(answer: Answer, error: SkeinError): void {
    const { producer, signals } = answer
    const isWorking = producer === undefined
    this.#fail(answer, error)
    if (isWorking) {
      answer.isWorking = true
      this.#overtime++
    }
    producer?.stop()
    for (const signal of signals ?? []) signal.abort(error)
  }

  #stopWorking(answer: Answer): void {
    if (!answer.isWorking) return
    answer.isWorking = false
    if (answer.state !== 'running') this.#overtime--
  }

  #setDeadline(answer: Answer, timeoutMs: number): void {
    const atMs = this.#owner.clock.nowMs() + timeoutMs
    answer.deadline = { atMs, timeoutMs }
    this.#deadlines.wakeAt(atMs)
  }

  #endLate(nowMs: number): number {
    let nextMs = Number.POSITIVE_INFINITY
    for (const answer of this.#answers.values()) {
      const { deadline } = answer
      if (answer.state !== 'running' || deadline === undefined) continue
      if (deadline.atMs > nowMs) nextMs = Math.min(nextMs, deadline.atMs)
      else {
        const text = `the call did not end within ${deadline.timeoutMs / 1_000} s; it may have run`
        this.#abort(answer, new SkeinError('TIMED_OUT', text))
      }
    }
    return nextMs
  }
}

function takenAway({ exposure }: Entry): SkeinError {
  const what = exposure.name === undefined ? 'the object' : `'${exposure.name}'`
  return new SkeinError('OBJECT_GONE', `${what} is not exposed any more`)
}
