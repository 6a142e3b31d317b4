/**
 * Finds the others by DNS-SD over multicast DNS (RFC 6762, RFC 6763), and is found by any browser of it.
 *
 *   start ─▶ announce twice, a second apart;  ask, 1 s, ask, 2 s, ask, 4 s … 30 min, ask, 30 min …
 *   somebody asks ─▶ 20–120 ms ─▶ all our records to the group, once a second at most
 *   stop, another network ─▶ goodbye (TTL 0)
 *
 * Left out of RFC 6762, and why: probing (§8.1), because a name of 80 random bits is nobody else's; answers
 * to one asker (§5.4, §6.7), because a packet with a false sender would send them to whom it likes.
 *
 * **Invariant**: nothing is ever sent to one address: what is answered goes to the group.
 * **Invariant**: the address of a hint is that which the packet came from, never one that it names.
 */
import { tlsAddress } from '../../base/address.ts'
import { encodeBase32 } from '../../base/base32.ts'
import { Intake, mdnsIntakeOptions } from '../intake.ts'
import { Sightings, describeSeen } from '../sightings.ts'
import { Tally } from '../tally.ts'
import { TokenBucket } from '../token-bucket.ts'
import { isSameName, readDnsMessage, recordTypes, typeOf, writeDnsMessage } from './messages.ts'
import { defaultMdnsOptions } from './options.ts'
import { instanceName, metaRecord, readAnnouncements, recordsOf, serviceName } from './service.ts'
import type { Clock, Timer } from '../../base/clock.ts'
import type { Random } from '../../base/random.ts'
import type { Beacons } from '../beacon.ts'
import type { Endpoint, Found, LinkWire, Lookout, OpenSelf, Sighting } from '../contract.ts'
import type { DnsMessage, DnsRecord, Question } from './messages.ts'
import type { MdnsOptions } from './options.ts'
import type { Announcement, Heard } from './service.ts'

/** What the discovery works with. */
export interface MdnsSetup {
  readonly clock: Clock
  readonly random: Random
  readonly beacons: Beacons
  readonly wire: LinkWire
  /** Where others on the link can dial this node; 0 where they cannot. */
  readonly port: () => number
  /** The addresses of this machine, 4 or 16 bytes each. */
  readonly addresses: () => readonly Uint8Array[]
  /** What it shows to everybody, if it is open. */
  readonly open: OpenSelf | undefined
  readonly options?: MdnsOptions
}

/** What is counted. */
type Count =
  | 'questions sent'
  | 'answers sent'
  | 'questions received'
  | 'answers received'
  | 'refused: rate'
  | 'refused: malformed'
  | 'refused: not of this protocol'

interface KnownInstance {
  readonly untilMs: number
  /** The ports at the addresses that it announced itself from: by IPv4, by IPv6. */
  readonly places: ReadonlyMap<string, number>
}

const mdnsPort = 5_353
const maxPlaces = 4 // Guess: two links, by IPv4 and IPv6.
const burst = 20 // As of lan.
const instanceBytes = 10
const maxKnownAnswers = 16 // Guess: a link with more of us is asked for them again.
const maxLastingMs = 3_600_000 // Who says that it stays for longer is not believed.

/** See the file's head. */
export class MdnsDiscovery implements Lookout {
  readonly source = 'mdns'
  readonly #setup: MdnsSetup
  readonly #options: MdnsOptions
  readonly #sightings: Sightings
  readonly #tally = new Tally<Count>()
  readonly #intake: Intake
  readonly #questions: TokenBucket
  readonly #timers = new Map<'ask' | 'announce' | 'answer' | 'rotate', Timer>()
  /** Those that need not answer again. */
  readonly #known = new Map<string, KnownInstance>()
  #announcement: Announcement | undefined
  /** What the next answer begins with, beside our own records. */
  #isMetaAsked = false
  #answeredMs = Number.NEGATIVE_INFINITY
  #pauseMs = 0
  #found: ((hint: Found) => void) | undefined

  constructor(setup: MdnsSetup) {
    const { clock, options = defaultMdnsOptions } = setup
    this.#setup = setup
    this.#options = options
    this.#sightings = new Sightings(this.source, clock)
    this.#intake = new Intake(clock, mdnsIntakeOptions)
    this.#questions = new TokenBucket(clock, { burst, perSecond: options.questionsPerSecond })
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
    this.#sayGoodbye()
    for (const timer of this.#timers.values()) timer.cancel()
    this.#timers.clear()
    this.#known.clear()
    this.#setup.wire.close()
  }

  look(): void {
    if (this.#found !== undefined) this.#ask([])
  }

  refresh(): void {
    if (this.#found === undefined) return
    this.#sayGoodbye()
    this.#sightings.clear()
    this.#known.clear()
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
    this.#pauseMs = this.#options.firstPauseMs
    this.#introduce()
    this.#askAndWait()
  }

  /** Takes a new name and says it, twice: the first may be lost. */
  #introduce(): void {
    const { beacons, random, port: portNow, addresses, open } = this.#setup
    this.#after('rotate', this.#options.rotateMs, () => {
      this.#sayGoodbye()
      this.#introduce()
    })
    const port = portNow()
    if (!this.#isPresent || port === 0) return
    const instance = encodeBase32(random.bytes(instanceBytes))
    const said = { instance, port, beacon: beacons.make(port), addresses: addresses() }
    this.#announcement = open === undefined ? said : { ...said, open }
    this.#answeredMs = Number.NEGATIVE_INFINITY
    this.#answer()
    this.#after('announce', this.#options.repeatMs, () => this.#answer())
  }

  #sayGoodbye(): void {
    const announcement = this.#announcement
    this.#announcement = undefined
    this.#timers.get('announce')?.cancel()
    this.#timers.get('answer')?.cancel()
    this.#timers.delete('answer')
    if (announcement === undefined) return
    const gone = recordsOf(announcement).map((record) => ({ ...record, ttlSeconds: 0 }))
    this.#shout({ isResponse: true, questions: [], answers: gone, additionals: [] })
  }

  #askAndWait(): void {
    const { longestPauseMs } = this.#options
    if (this.#isPresent) this.#ask(this.#knownAnswers())
    this.#after('ask', this.#pauseMs, () => this.#askAndWait())
    this.#pauseMs = Math.min(longestPauseMs, 2 * this.#pauseMs)
  }

  #ask(known: readonly DnsRecord[]): void {
    if (!this.#questions.take()) return
    // A question comes back to who asks it: it need not answer itself.
    const own = this.#announcement === undefined ? [] : recordsOf(this.#announcement)
    const answers = [...own.filter(({ data }) => data.kind === 'ptr'), ...known]
    this.#tally.add('questions sent')
    const question = { name: serviceName, type: recordTypes.ptr, isUnicast: false }
    this.#shout({ isResponse: false, questions: [question], answers, additionals: [] })
  }

  /** Whom we know for long enough yet: they need not answer (RFC 6762 §7.1). */
  #knownAnswers(): readonly DnsRecord[] {
    const nowMs = this.#setup.clock.nowMs()
    const known = [...this.#known].flatMap(([instance, { untilMs }]): readonly DnsRecord[] => {
      const ttlSeconds = Math.floor((untilMs - nowMs) / 1_000)
      if (ttlSeconds < maxLastingMs / 2_000) return []
      const data = { kind: 'ptr', name: instanceName(instance) } as const
      return [{ name: serviceName, ttlSeconds, isUnique: false, data }]
    })
    return known.slice(-maxKnownAnswers)
  }

  #receive(bytes: Uint8Array, from: Endpoint): void {
    if (!this.#intake.takes(from.host)) return this.#tally.add('refused: rate')
    // One who asks from another port wants an answer for itself alone (RFC 6762 §6.7): see the head.
    if (from.port !== mdnsPort) return this.#tally.add('refused: not of this protocol')
    const message = readDnsMessage(bytes)
    if (message === undefined) return this.#tally.add('refused: malformed')
    if (!message.isResponse) this.#takeQuery(message)
    else for (const heard of readAnnouncements(message)) this.#takeAnnouncement(heard, from)
  }

  #takeQuery({ questions, answers }: DnsMessage): void {
    const said = this.#announcement
    if (said === undefined) return
    const records = recordsOf(said)
    const isForUs = questions.some((question) => {
      return records.some((record) => isAnswer(record, question) && !isKnown(record, answers))
    })
    const isMeta = questions.some((question) => isAnswer(metaRecord, question))
    if (!isForUs && !isMeta) return
    this.#tally.add('questions received')
    this.#isMetaAsked ||= isMeta
    if (this.#timers.has('answer')) return
    const { clock, random } = this.#setup
    const { answerDelayMs, repeatMs } = this.#options
    const earliestMs = this.#answeredMs + repeatMs - clock.nowMs()
    const delayMs = (answerDelayMs * (1 + 5 * random.next())) / 6
    this.#after('answer', Math.max(earliestMs, delayMs), () => {
      this.#timers.delete('answer')
      this.#answer()
    })
  }

  #answer(): void {
    const said = this.#announcement
    if (said === undefined) return
    const answers = this.#isMetaAsked ? [metaRecord, ...recordsOf(said)] : recordsOf(said)
    this.#isMetaAsked = false
    this.#answeredMs = this.#setup.clock.nowMs()
    this.#tally.add('answers sent')
    this.#shout({ isResponse: true, questions: [], answers, additionals: [] })
  }

  #takeAnnouncement(heard: Heard, { host }: Endpoint): void {
    const { instance, port, ttlSeconds, beacon, open } = heard
    if (instance === this.#announcement?.instance) return
    if (ttlSeconds === 0) return this.#takeGoodbye(instance, host)
    this.#tally.add('answers received')
    const lastingMs = Math.min(maxLastingMs, ttlSeconds * 1_000)
    const { beacons } = this.#setup
    const who = beacon && beacons.recognise(beacon, port)
    if (who?.relation === 'self') return
    this.#remember(instance, { host, port }, lastingMs)
    const seen = describeSeen(who ?? { relation: 'other' }, open)
    this.#sightings.add({ ...seen, host, port }, lastingMs)
    if (port === 0 || who === undefined || who.relation === 'other') return
    this.#found?.({ id: who.id, addresses: [tlsAddress({ host, port })], source: this.source })
  }

  /** Only who announced it can take it back: a goodbye from elsewhere is none. */
  #takeGoodbye(instance: string, host: string): void {
    const known = this.#known.get(instance)
    if (known?.places.has(host) !== true) return
    this.#known.delete(instance)
    for (const [place, port] of known.places) this.#sightings.remove(place, port)
  }

  #remember(instance: string, { host, port }: Endpoint, lastingMs: number): void {
    const before = [...(this.#known.get(instance)?.places ?? [])].slice(1 - maxPlaces)
    const places = new Map([...before, [host, port]])
    this.#known.delete(instance)
    const [longest] = this.#known.keys()
    if (this.#known.size >= 2 * maxKnownAnswers && longest !== undefined) {
      this.#known.delete(longest)
    }
    this.#known.set(instance, { places, untilMs: this.#setup.clock.nowMs() + lastingMs })
  }

  #shout(message: DnsMessage): void {
    this.#setup.wire.shout(writeDnsMessage(message))
  }

  #after(name: 'ask' | 'announce' | 'answer' | 'rotate', delayMs: number, run: () => void): void {
    this.#timers.get(name)?.cancel()
    this.#timers.set(name, this.#setup.clock.after(delayMs, run))
  }
}

function isAnswer({ name, data }: DnsRecord, question: Question): boolean {
  const isType = question.type === recordTypes.any || question.type === typeOf(data)
  return isType && isSameName(name, question.name)
}

/** Whether the asker knows a record for at least half its time yet (RFC 6762 §7.1). */
function isKnown({ name, ttlSeconds, data }: DnsRecord, known: readonly DnsRecord[]): boolean {
  if (data.kind !== 'ptr') return false
  return known.some((other) => {
    const isSame = other.data.kind === 'ptr' && isSameName(other.data.name, data.name)
    return isSame && isSameName(other.name, name) && other.ttlSeconds * 2 >= ttlSeconds
  })
}
