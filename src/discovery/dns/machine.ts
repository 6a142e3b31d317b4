/**
 * Finds first peers behind a domain name that the owner configured: the servers of `SRV
 * _skein._tcp.NAME` (RFC 2782), else the addresses in the texts of `TXT _skein._tcp.NAME`, else in those of
 * `TXT NAME`:
 *
 *   skein=host:port        skein=PEERID@host:port host:port …
 *
 *   resolve ── answered ──▶ 5 min ──▶ resolve         a random part earlier, so that not all ask in step
 *      └────── failed ─────▶ 5 s, 10 s … 5 min ──▶
 *
 * **Invariant**: of an answer at most 16 addresses are told, in the order that RFC 2782 asks for.
 */
import { formatHostPort, parseHostPort, tlsAddress } from '../../base/address.ts'
import { messageOf } from '../../base/errors.ts'
import { isPeerId } from '../../base/peer-id.ts'
import { Sightings } from '../sightings.ts'
import { Tally } from '../tally.ts'
import type { Clock, Timer } from '../../base/clock.ts'
import type { PeerId } from '../../base/peer-id.ts'
import type { Random } from '../../base/random.ts'
import type { Found, Lookout, Sighting } from '../contract.ts'

/** A record of type SRV. */
export interface Server {
  readonly host: string
  readonly port: number
  /** The lowest first. */
  readonly priority: number
  /** Among those of one priority, the share of dials that it wants to be the first of. */
  readonly weight: number
}

/** Asks the domain name system. Both give an empty list where there is no such record. */
export interface DnsResolver {
  /** @throws {SkeinError} `DIAL_FAILED` no server answered. */
  servers(name: string): Promise<readonly Server[]>
  /** @throws {SkeinError} `DIAL_FAILED` no server answered. */
  texts(name: string): Promise<readonly string[]>
  /** Gives up what is under way. */
  cancel(): void
}

/** What the discovery works with. */
export interface DnsSetup {
  readonly clock: Clock
  readonly random: Random
  readonly resolver: DnsResolver
  readonly names: readonly string[]
  /** A name led nowhere; told when that is news. */
  readonly onProblem: (name: string, message: string) => void
}

interface Place {
  readonly host: string
  readonly port: number
  readonly id?: PeerId
}

type Count = 'answers' | 'failures' | 'refused: too many' | 'refused: no address'

const repeatMs = 300_000 // Guess: what people give such records as time to live.
const retryMinMs = 5_000 // Guess: a laptop that wakes has a network after some seconds.
const jitter = 0.25 // Guess.
const maxAddresses = 16 // Guess: one that answers leads to all.
const maxWords = 1_024 // Guess: what of a thousand records is looked at.
const lookPauseMs = 1_000 // Guess: who looks twice a second gets the same.

/** See the file's head. */
export class DnsDiscovery implements Lookout {
  readonly source = 'dns'
  readonly #setup: DnsSetup
  readonly #tally = new Tally<Count>()
  readonly #sightings: Sightings
  readonly #timers = new Map<string, Timer>()
  readonly #problems = new Map<string, string>()
  readonly #failures = new Map<string, number>()
  #askedMs = Number.NEGATIVE_INFINITY
  /** Answers to what was asked before the last stop do not count. */
  #round = 0
  #found: ((hint: Found) => void) | undefined

  constructor(setup: DnsSetup) {
    this.#setup = setup
    this.#sightings = new Sightings(this.source, setup.clock)
  }

  get counts(): Readonly<Record<string, number>> {
    return this.#tally.counts
  }

  start(found: (hint: Found) => void): void {
    this.stop()
    this.#found = found
    this.refresh()
  }

  stop(): void {
    if (this.#found === undefined) return
    this.#found = undefined
    this.#round++
    for (const timer of this.#timers.values()) timer.cancel()
    this.#timers.clear()
    this.#setup.resolver.cancel()
  }

  look(): void {
    if (this.#setup.clock.nowMs() - this.#askedMs >= lookPauseMs) this.refresh()
  }

  refresh(): void {
    if (this.#found === undefined) return
    this.#round++
    this.#askedMs = this.#setup.clock.nowMs()
    this.#failures.clear()
    for (const name of this.#setup.names) this.#resolve(name)
  }

  sightings(): readonly Sighting[] {
    return this.#sightings.list()
  }

  #resolve(name: string): void {
    const round = this.#round
    this.#timers.get(name)?.cancel()
    this.#places(name).then(
      (places) => {
        if (round === this.#round) this.#take(name, places)
      },
      (thrown: unknown) => {
        if (round === this.#round) this.#fail(name, messageOf(thrown))
      },
    )
  }

  async #places(name: string): Promise<readonly Place[]> {
    const { resolver, random } = this.#setup
    const service = `_skein._tcp.${name}`
    // A server that refuses to say anything of SRV may know the text all the same.
    const failures: unknown[] = []
    const orNone = (thrown: unknown): readonly never[] => {
      failures.push(thrown)
      return []
    }
    const servers = await resolver.servers(service).catch(orNone)
    if (servers.length > 0) return this.#sound(orderServers(servers, random))
    for (const at of [service, name]) {
      const texts = await resolver.texts(at).catch(orNone)
      const places = texts.slice(0, maxWords).flatMap(readPlaces)
      if (places.length > 0) return this.#sound(places)
    }
    if (failures.length > 0) throw failures[0]
    return []
  }

  #sound(places: readonly Place[]): readonly Place[] {
    const unique = new Map(places.map((place) => [formatHostPort(place), place]))
    const sound = [...unique].filter(([text]) => parseHostPort(text) !== undefined)
    if (sound.length < unique.size) this.#tally.add('refused: no address')
    if (sound.length > maxAddresses) this.#tally.add('refused: too many')
    return sound.slice(0, maxAddresses).map(([, place]) => place)
  }

  #take(name: string, places: readonly Place[]): void {
    if (places.length === 0) {
      const text = `neither SRV _skein._tcp.${name} nor a TXT with skein=host:port`
      return this.#fail(name, text)
    }
    this.#tally.add('answers')
    this.#problems.delete(name)
    this.#failures.delete(name)
    for (const { host, port, id } of places) {
      const who = id === undefined ? {} : { id }
      this.#sightings.add({ relation: 'named', host, port, ...who }, 2 * repeatMs)
      this.#found?.({ ...who, addresses: [tlsAddress({ host, port })], source: this.source })
    }
    this.#again(name, repeatMs)
  }

  #fail(name: string, message: string): void {
    this.#tally.add('failures')
    if (this.#problems.get(name) !== message) this.#setup.onProblem(name, message)
    this.#problems.set(name, message)
    const failures = this.#failures.get(name) ?? 0
    this.#failures.set(name, failures + 1)
    this.#again(name, Math.min(repeatMs, retryMinMs * 2 ** Math.min(failures, 10)))
  }

  #again(name: string, delayMs: number): void {
    const { clock, random } = this.#setup
    const timer = clock.after(delayMs * (1 - jitter * random.next()), () => this.#resolve(name))
    this.#timers.set(name, timer)
  }
}

/** Addresses in a text: `skein=host:port [ID@]host:port`; none in any other text. */
function readPlaces(text: string): readonly Place[] {
  if (!text.startsWith('skein=')) return []
  const words = text.slice('skein='.length).split(/[\s,]+/)
  return words.flatMap((word): readonly Place[] => {
    const [first = '', second] = word.split('@')
    const target = parseHostPort(second ?? first)
    if (target === undefined || (second !== undefined && !isPeerId(first))) return []
    return [second === undefined ? target : { ...target, id: first as PeerId }]
  })
}

/** RFC 2782: by priority; within one, each next one is drawn by weight. */
function orderServers(servers: readonly Server[], random: Random): readonly Place[] {
  const keyed = servers.slice(0, maxWords).map(({ host, port, priority, weight }) => {
    // Drawing one after the other is the same as sorting by this (Efraimidis and Spirakis, 2006).
    const draw = -Math.log(1 - random.next()) / Math.max(weight, 0.001)
    return { priority, draw, place: { host, port } }
  })
  const ordered = keyed.toSorted((a, b) => a.priority - b.priority || a.draw - b.draw)
  return ordered.map(({ place }) => place)
}
