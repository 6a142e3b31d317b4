/**
 * One path under a connection: its reader, its pings, its round-trip time, its end.
 *
 * A ping goes out as soon as the path is attached and every `keepAliveMs` after. A pong that is late by
 * two round trips and a second makes the path doubtful: the connection looks for a better one, and
 * this one may still recover. A path that is silent for `silenceMs` is given up, whatever the
 * operating system still believes of it. Time in which this process fell behind, or slept, counts less:
 * the answer may be here, unread.
 */
import { afterAwake } from '../base/clock.ts'
import { FrameReader } from './frame-reader.ts'
import { frameType, makeNumberFrame } from './frames.ts'
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
  /** The path brought bytes: whatever they led to leaves in one write when this returns. */
  onLinkData(link: PathLink, bytes: Uint8Array): void
  onLinkClose(link: PathLink, reason: string): void
  /** The path does not answer in time. It may still recover. */
  onLinkDoubt(link: PathLink): void
  /** A round trip was measured. */
  onLinkRtt(link: PathLink): void
  /** Once every `keepAliveMs`: a moment to tidy up. */
  onLinkTick(link: PathLink): void
}

const earlySamples = 4 // Guess: of these the least is taken; a process that just started is slow.
const earlyPingMs = 250 // Guess: so a second after it began a path has an honest round-trip time.
const lateShare = 2 // Guess: silence is borne at most three times as long.
const lateMs = 1_000 // DESIGN: a pong late by two round trips and a second.
const rttSmoothing = 1 / 8 // RFC 6298 §2: alpha.

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
  #pingSentMicros: number | undefined

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
    if (token !== this.#pingSentMicros) return
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
    this.#pingSentMicros = undefined
    this.isDoubtful = false
  }

  /**
   * Asks the peer for a sign of life now. A ping that is under way asks already: a second one would
   * only put its deadline off.
   */
  probe(): void {
    if (this.isClosed || this.#pingSentMicros !== undefined) return
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
    if (this.#isHeard || hasSlept) {
      this.#isHeard = false
      this.#silentSinceMs = nowMs
      this.#lateBeforeMs = clock.lateMs()
    } else if (this.#silentMs() >= options.silenceMs) {
      this.destroy('silent')
      this.#owner.onLinkClose(this, `silent for ${Math.round(options.silenceMs / 1_000)} s`)
      return
    }
    this.#ping()
    if (!this.isClosed) this.#owner.onLinkTick(this)
  }

  /** How long nothing came while this process could have heard it. */
  #silentMs(): number {
    const { clock, options } = this.#owner
    const missedMs = Math.min(lateShare * options.silenceMs, clock.lateMs() - this.#lateBeforeMs)
    return clock.nowMs() - this.#silentSinceMs - missedMs
  }

  #tickAfter(delayMs: number): void {
    this.#timer?.cancel()
    this.#dueMs = this.#owner.clock.nowMs() + delayMs
    this.#timer = this.#owner.clock.after(delayMs, () => this.#tick())
  }

  #ping(): void {
    const { clock, options } = this.#owner
    // The token is the time itself: a late pong still tells the truth.
    this.#pingSentMicros = clock.nowMicros()
    this.path.write(makeNumberFrame(frameType.ping, this.#pingSentMicros))
    const patienceMs = lateMs + (2 * (this.rttMicros ?? 0)) / 1_000
    const restMs = Math.max(0, options.keepAliveMs - patienceMs)
    this.#dueMs = clock.nowMs() + patienceMs + restMs
    this.#timer = afterAwake(clock, patienceMs, () => {
      this.#timer = clock.after(restMs, () => this.#tick())
      if (this.#pingSentMicros === undefined) return
      this.isDoubtful = true
      this.#owner.onLinkDoubt(this)
    })
  }

  #stop(): void {
    this.isClosed = true
    this.#timer?.cancel()
  }
}
