/**
 * One path under a connection: its reader, its pings, its round-trip time, its end.
 *
 * A ping goes out as soon as the path is attached and again within `keepAliveMs`. A ping of the peer is as
 * good a sign of life: it puts ours off, a few times in a row, for we want to know the round trip, too. So
 * an idle path carries two records in that time and not four.
 *
 * A pong that is late by two round trips and a second makes the path doubtful: the connection looks for a
 * better one, and this one may still recover. A path that is silent for `silenceMs` is given up, whatever
 * the operating system still believes of it. Time in which this process fell behind, or slept, counts
 * less: the answer may be here, unread.
 */
import { afterAwake } from '../base/clock.ts'
import { FrameReader } from './frame-reader.ts'
import { frameType } from './frames.ts'
import type { Clock, Timer } from '../base/clock.ts'
import type { Path, PathHandler } from '../transport/contract.ts'
import type { FrameSink } from './frame-reader.ts'
import type { ConnectionOptions } from './options.ts'

/** What is remembered of a path between two looks. */
export interface PathUse {
  /** Since when its round trip is clearly shorter; `undefined` while it is not. */
  fasterSinceMs: number | undefined
  /** Number of the next counted frame on it, when it was last looked at. */
  lastNumber: number
  /** Since when that number stands still. */
  unusedSinceMs: number
}

/** What a path tells its connection. */
export interface LinkOwner extends FrameSink {
  readonly clock: Clock
  readonly options: ConnectionOptions
  /** Whether our peer ID is the lower one: the two ends differ in something. */
  readonly isLower: boolean
  /** The path brought bytes: whatever they led to leaves in one write when this returns. */
  onLinkData(link: PathLink, bytes: Uint8Array): void
  onLinkClose(link: PathLink, reason: string): void
  /** The path does not answer in time. It may still recover. */
  onLinkDoubt(link: PathLink): void
  /** A round trip was measured. */
  onLinkRtt(link: PathLink): void
  /** Once every `keepAliveMs`: a moment to tidy up. */
  onLinkTick(link: PathLink): void
  /** Sends a PING or PONG on this path, with an ACK behind it where one is due. */
  writeProbe(link: PathLink, type: number, value: number): void
}

const earlySamples = 4 // Guess: of these the least is taken; a process that just started is slow.
const earlyPingMs = 250 // Guess: so a second after it began a path has an honest round-trip time.
const lateShare = 2 // Guess: silence is borne at most three times as long.
const lateMs = 1_000 // C17
const rttSmoothing = 1 / 8 // RFC 6298 §2: alpha.
const mostPutOff = 3 // Guess: the round trip is measured by each end four times a minute at least.
// Of `keepAliveMs`: who pinged last pings again before the other end's turn comes, and of two whose pings
// cross one is sooner by a tenth of a second the next time.
const lowerShare = 0.92
const higherShare = 0.96

/** See the file's head. */
export class PathLink implements PathHandler {
  readonly path: Path
  readonly reader: FrameReader
  /** Smoothed round-trip time, µs; `undefined` before the first answer. */
  rttMicros: number | undefined
  isClosed = false
  /** True while a ping is overdue. */
  isDoubtful = false
  /** What the choice of paths remembers. */
  readonly use: PathUse

  readonly #owner: LinkOwner
  readonly #startMs: number
  #isHeard = true
  #samples = 0
  #silentSinceMs: number
  /** How far this process had fallen behind then, ms. */
  #lateBeforeMs: number
  /** When the next tick is due: one that comes much later means that this process slept. */
  #dueMs: number
  #timer: Timer | undefined
  /** Of our last ping, until its pong comes: when it left, µs. */
  #token: number | undefined
  /** True while nothing showed that our last ping arrived. */
  #isAsking = false
  /** Pings of the peer since our last one. */
  #putOff = 0

  constructor(owner: LinkOwner, path: Path, number: number) {
    this.#owner = owner
    this.path = path
    this.reader = new FrameReader(owner, number)
    this.#startMs = owner.clock.nowMs()
    this.use = { fasterSinceMs: undefined, lastNumber: number, unusedSinceMs: this.#startMs }
    this.#silentSinceMs = this.#startMs
    this.#lateBeforeMs = owner.clock.lateMs()
    this.#dueMs = this.#startMs
  }

  /** Milliseconds that the path has served. */
  get ageMs(): number {
    return this.#owner.clock.nowMs() - this.#startMs
  }

  /** Takes the path over and measures it. */
  start(): void {
    this.path.bind(this)
    this.#tick()
  }

  /** Lets go of the path: sends what was written, then ends it. */
  close(): void {
    this.#stop()
    this.path.close()
  }

  /** Lets go of the path at once. */
  destroy(reason: string): void {
    this.#stop()
    this.path.destroy(reason)
  }

  /** The peer answered the ping with this token. */
  receivePong(token: number): void {
    if (token !== this.#token) return
    this.#token = undefined
    this.prove()
    const sample = Math.max(1, this.#owner.clock.nowMicros() - token)
    const before = this.rttMicros ?? sample
    const isEarly = this.#samples++ < earlySamples
    this.rttMicros = isEarly
      ? Math.min(before, sample)
      : Math.round(before + (sample - before) * rttSmoothing)
    if (isEarly) this.#tickAfter(earlyPingMs)
    this.#owner.onLinkRtt(this)
  }

  /** The peer showed that what we send on this path arrives. */
  prove(): void {
    this.isDoubtful = false
    if (!this.#isAsking) return
    this.#isAsking = false
    this.#tickAt(this.#dueMs)
  }

  /**
   * The peer pings: it is there, and need not be asked soon.
   *
   * @param isAlone - Whether there is no other path: what is compared is measured by both ends.
   */
  answerPing(token: number, isAlone: boolean): void {
    this.#owner.writeProbe(this, frameType.pong, token)
    const isKnown = this.#samples >= earlySamples && !this.#isAsking
    if (!isAlone || !isKnown || this.isClosed || this.#putOff >= mostPutOff) return
    this.#putOff++
    this.#hear()
    this.#tickAfter(this.#owner.options.keepAliveMs)
    this.#owner.onLinkTick(this)
  }

  /**
   * Asks the peer for a sign of life now. A ping that is under way asks already: a second one would
   * only put its deadline off.
   */
  probe(): void {
    if (this.isClosed || this.#isAsking) return
    this.#timer?.cancel()
    this.#ping()
  }

  onData(bytes: Uint8Array): void {
    this.#isHeard = true
    if (!this.isClosed) this.#owner.onLinkData(this, bytes)
  }

  onDrain(): void {
    // What is in flight is bounded by acknowledgements, not by the path's own buffer.
  }

  onClose(reason: string): void {
    if (this.isClosed) return
    this.#stop()
    this.#owner.onLinkClose(this, reason)
  }

  #tick(): void {
    const { clock, options } = this.#owner
    const nowMs = clock.nowMs()
    const hasSlept = nowMs - this.#dueMs > options.keepAliveMs
    if (this.#isHeard || hasSlept) this.#hear()
    else if (this.#silentMs() >= options.silenceMs) {
      this.destroy('silent')
      this.#owner.onLinkClose(this, `silent for ${Math.round(options.silenceMs / 1_000)} s`)
      return
    }
    this.#ping()
    if (!this.isClosed) this.#owner.onLinkTick(this)
  }

  /** From here on silence counts anew. */
  #hear(): void {
    const { clock } = this.#owner
    this.#isHeard = false
    this.#silentSinceMs = clock.nowMs()
    this.#lateBeforeMs = clock.lateMs()
  }

  /** How long nothing came while this process could have heard it. */
  #silentMs(): number {
    const { clock, options } = this.#owner
    const missedMs = Math.min(lateShare * options.silenceMs, clock.lateMs() - this.#lateBeforeMs)
    return clock.nowMs() - this.#silentSinceMs - missedMs
  }

  #tickAfter(delayMs: number): void {
    this.#tickAt(this.#owner.clock.nowMs() + delayMs)
  }

  #tickAt(timeMs: number): void {
    if (this.isClosed) return
    const { clock } = this.#owner
    this.#timer?.cancel()
    this.#dueMs = timeMs
    this.#timer = clock.after(Math.max(0, timeMs - clock.nowMs()), () => this.#tick())
  }

  #ping(): void {
    const { clock, options } = this.#owner
    this.#putOff = 0
    // The token is the time itself: a late pong still tells the truth.
    this.#token = clock.nowMicros()
    this.#isAsking = true
    this.#owner.writeProbe(this, frameType.ping, this.#token)
    const share = this.#owner.isLower ? lowerShare : higherShare
    const patienceMs = lateMs + (2 * (this.rttMicros ?? 0)) / 1_000
    this.#dueMs = clock.nowMs() + Math.max(patienceMs, share * options.keepAliveMs)
    this.#timer = afterAwake(clock, patienceMs, () => {
      this.#tickAt(this.#dueMs)
      if (!this.#isAsking) return
      this.isDoubtful = true
      this.#owner.onLinkDoubt(this)
    })
  }

  #stop(): void {
    this.isClosed = true
    this.#timer?.cancel()
  }
}
