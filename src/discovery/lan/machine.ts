/**
 * Finds the others on this machine's links by ping and pong.
 *
 *   start ─▶ ping, 0.25 s, ping, 0.5 s, ping, 1 s … 5 min, ping, 5 min …      to everybody
 *            ping ◀─── pong                                                   to who pinged
 *
 * A ping leaves from a port of its own and is answered there: several nodes of one machine share port
 * 14589, and what is sent to it alone reaches only the last that opened it. Who is recognised, by its
 * ping or its pong, is told as a hint.
 *
 * A node that nobody could recognise, because it has neither network nor known list and is not open,
 * sends nothing unless its owner looks, and answers nobody.
 *
 * **Invariant**: a pong is never longer than the ping that it answers; a ping has one by IPv4 and one by
 * IPv6 at most, however many copies of it come.
 * **Invariant**: the address of a hint is that which the packet came from, never one that it names.
 */
import { tlsAddress } from '../../base/address.ts'
import { beaconBytes, nonceOf } from '../beacon.ts'
import { Intake, lanIntakeOptions } from '../intake.ts'
import { Sightings, describeSeen, isOurs } from '../sightings.ts'
import { Tally } from '../tally.ts'
import { TokenBucket } from '../token-bucket.ts'
import { readLanMessage, writeLanMessage } from './messages.ts'
import { defaultLanOptions } from './options.ts'
import type { Clock, Timer } from '../../base/clock.ts'
import type { Random } from '../../base/random.ts'
import type { Beacons, Recognised } from '../beacon.ts'
import type { Endpoint, Found, LinkWire, Lookout, OpenSelf, Sighting } from '../contract.ts'
import type { LanMessage } from './messages.ts'
import type { LanOptions } from './options.ts'

/** What the discovery works with. */
export interface LanSetup {
  readonly clock: Clock
  readonly random: Random
  readonly beacons: Beacons
  readonly wire: LinkWire
  /** Where others on the link can dial this node; 0 where they cannot. */
  readonly port: () => number
  /** What it shows to everybody, if it is open. */
  readonly open: OpenSelf | undefined
  readonly options?: LanOptions
}

/** What is counted. */
type Count =
  | 'pings sent'
  | 'pongs sent'
  | 'pings received'
  | 'pongs received'
  | 'refused: rate'
  | 'refused: foreign'
  | 'refused: version'
  | 'refused: malformed'
  | 'refused: not asked for'
  | 'copies received'

const noEcho = new Uint8Array(16)
const maxNonces = 1_024 // Guess: five seconds of all that the intake lets through.

/** See the file's head. */
export class LanDiscovery implements Lookout {
  readonly source = 'lan'
  readonly #setup: LanSetup
  readonly #options: LanOptions
  readonly #sightings: Sightings
  readonly #tally = new Tally<Count>()
  readonly #intake: Intake
  readonly #pings: TokenBucket
  readonly #pongs: TokenBucket
  /** Own pings that may be answered yet, by nonce: since when, and how often they were. */
  readonly #asked = new Map<string, { readonly atMs: number; answers: number }>()
  /** Nonces that were seen: a ping comes by broadcast and by multicast. */
  #seen = new Set<string>()
  readonly #timers = new Set<Timer>()
  #nextPing: Timer | undefined
  #pauseMs = 0
  #found: ((hint: Found) => void) | undefined

  constructor(setup: LanSetup) {
    const { clock, options = defaultLanOptions } = setup
    this.#setup = setup
    this.#options = options
    this.#sightings = new Sightings(this.source, clock)
    this.#intake = new Intake(clock, lanIntakeOptions)
    this.#pings = new TokenBucket(clock, options.pings)
    this.#pongs = new TokenBucket(clock, options.pongs)
  }

  get counts(): Readonly<Record<string, number>> {
    return this.#tally.counts
  }

  start(found: (hint: Found) => void): void {
    this.stop()
    this.#found = found
    this.#setup.wire.open((bytes, from) => this.#receive(bytes, from))
    this.#begin()
  }

  stop(): void {
    if (this.#found === undefined) return
    this.#found = undefined
    this.#nextPing?.cancel()
    for (const timer of this.#timers) timer.cancel()
    this.#timers.clear()
    this.#asked.clear()
    this.#setup.wire.close()
  }

  look(): void {
    if (this.#found !== undefined) this.#ping()
  }

  refresh(): void {
    if (this.#found === undefined) return
    this.#sightings.clear()
    this.#setup.wire.refresh()
    this.#begin()
  }

  sightings(): readonly Sighting[] {
    return this.#sightings.list()
  }

  get #isPresent(): boolean {
    return this.#setup.open !== undefined || this.#setup.beacons.hasReader
  }

  #begin(): void {
    this.#nextPing?.cancel()
    this.#pauseMs = this.#options.firstPauseMs
    this.#pingAndWait()
  }

  #pingAndWait(): void {
    const { clock, random } = this.#setup
    const { jitter, longestPauseMs } = this.#options
    if (this.#isPresent) this.#ping()
    const pauseMs = this.#pauseMs * (1 - jitter * random.next())
    this.#pauseMs = Math.min(longestPauseMs, 2 * this.#pauseMs)
    this.#nextPing = clock.after(pauseMs, () => this.#pingAndWait())
  }

  #ping(): void {
    const { clock, wire } = this.#setup
    if (!this.#pings.take()) return
    const nowMs = clock.nowMs()
    for (const [nonce, { atMs }] of this.#asked) {
      if (nowMs - atMs > this.#options.answerMs) this.#asked.delete(nonce)
    }
    const message = this.#describe('ping', noEcho)
    this.#asked.set(text(nonceOf(message.beacon)), { atMs: nowMs, answers: 0 })
    this.#tally.add('pings sent')
    wire.shout(writeLanMessage(message))
  }

  #describe(kind: LanMessage['kind'], echo: Uint8Array, reader?: Recognised): LanMessage {
    const { beacons, open, port: portNow, random } = this.#setup
    const port = portNow()
    const id = reader !== undefined && 'id' in reader ? reader.id : undefined
    const beacon = this.#isPresent ? beacons.make(port, id) : random.bytes(beaconBytes)
    const message = { kind, port: this.#isPresent ? port : 0, echo, beacon }
    return open === undefined ? message : { ...message, open }
  }

  #receive(bytes: Uint8Array, from: Endpoint): void {
    if (!this.#intake.takes(from.host)) return this.#tally.add('refused: rate')
    const message = readLanMessage(bytes)
    if (typeof message === 'string') return this.#tally.add(`refused: ${message}`)
    const nonce = text(nonceOf(message.beacon))
    if (this.#asked.has(nonce)) return // One's own ping.
    if (!this.#isNew(`${nonce}${from.host.includes(':') ? 6 : 4}`)) return
    if (message.kind === 'ping') this.#takePing(message, from)
    else this.#takePong(message, from)
  }

  #takePing(message: LanMessage, from: Endpoint): void {
    this.#tally.add('pings received')
    const who = this.#recognise(message, from)
    if (who.relation === 'self') return
    this.#tell(who, message.port, from)
    if (!this.#isPresent || !this.#pongs.take()) return
    const delayMs = isOurs(who.relation)
      ? 0
      : this.#setup.random.next() * this.#options.strangerDelayMs
    const pong = writeLanMessage(this.#describe('pong', nonceOf(message.beacon), who))
    this.#later(delayMs, () => {
      this.#tally.add('pongs sent')
      this.#setup.wire.reply(pong, from)
    })
  }

  #takePong(message: LanMessage, from: Endpoint): void {
    const asked = this.#asked.get(text(message.echo))
    const isLate =
      asked === undefined || this.#setup.clock.nowMs() - asked.atMs > this.#options.answerMs
    if (isLate || asked.answers >= this.#options.maxAnswers) {
      return this.#tally.add('refused: not asked for')
    }
    asked.answers++
    this.#tally.add('pongs received')
    this.#tell(this.#recognise(message, from), message.port, from)
  }

  #recognise({ beacon, port, open }: LanMessage, from: Endpoint): Recognised {
    const { beacons } = this.#setup
    const who = beacons.recognise(beacon, port)
    if (who.relation === 'self') return who
    const seen = { ...describeSeen(who, open), host: from.host, port }
    this.#sightings.add(seen, this.#options.lastingMs)
    return who
  }

  #tell(who: Recognised, port: number, { host }: Endpoint): void {
    if (port === 0 || !('id' in who)) return
    this.#found?.({ id: who.id, addresses: [tlsAddress({ host, port })], source: this.source })
  }

  #isNew(nonce: string): boolean {
    if (this.#seen.has(nonce)) {
      this.#tally.add('copies received')
      return false
    }
    if (this.#seen.size >= maxNonces) this.#seen = new Set([...this.#seen].slice(maxNonces / 2))
    this.#seen.add(nonce)
    return true
  }

  /** The intake bounds how many wait. */
  #later(delayMs: number, run: () => void): void {
    if (delayMs === 0) return run()
    const timer = this.#setup.clock.after(delayMs, () => {
      this.#timers.delete(timer)
      run()
    })
    this.#timers.add(timer)
  }
}

function text(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes)
}
