/** `discover`: who is out there. */
import { formatHostPort } from '../base/address.ts'
import { formatDuration, parseDuration } from '../base/duration.ts'
import { SkeinError } from '../base/errors.ts'
import { shortPeerId } from '../base/peer-id.ts'
import { sanitizeText } from '../base/text.ts'
import { maxLookMs } from './command-limits.ts'
import { readWords } from './command-words.ts'
import { alignColumns } from './format.ts'
import { pause } from './pause.ts'
import type { Clock } from '../base/clock.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { Command } from '../command/command.ts'
import type { Relation, Sighting } from '../discovery/contract.ts'
import type { PeerInfo } from './peer.ts'

/** What the command asks of its node. */
export interface DiscoverHost {
  readonly id: PeerId
  readonly clock: Clock
  readonly discoveryCounts: Readonly<Record<string, unknown>>
  nameOf(id: PeerId): string
  peers(): readonly Pick<PeerInfo, 'id' | 'address'>[]
  discovered(): readonly Sighting[]
  lookAround(): void
}

/** One who is out there, however often it was seen; as `--json` prints it, every key always. */
interface Neighbour {
  readonly relation: Relation
  readonly name: string | null
  readonly id: PeerId | null
  /** Where it can be dialled, as `host:port`. */
  readonly addresses: readonly string[]
  /** Where it was seen, dialable or not. */
  readonly hosts: readonly string[]
  readonly sources: readonly string[]
  readonly ageMs: number
}

const usage = 'discover [--for TIME] [--json]'
const defaultMs = 2_000 // Guess: answers come within 0.5 s, and a person waits for two.
const meanings: Readonly<Record<Relation, string>> = {
  network: 'my network',
  known: 'known',
  named: 'by name',
  open: 'open',
  other: 'other',
}

const blindText = [
  'this node looks for nobody: it was started with discovery.lan.enabled and discovery.mdns.enabled',
  'off, and with no name to ask DNS for. Start it with one of them:',
  'skein up -s discovery.lan.enabled=true, or',
  'skein up -s discovery.dns.names=\'["skein.example.org"]\'',
].join(' ')

/** See the file's head. */
export function discoverCommand(node: DiscoverHost): Command {
  return {
    summary: 'List who is out there: of this network, known, open, and others',
    usage,
    allow: [],
    async run({ args, signal }) {
      const { isJson, values } = readWords(args, ['for'], { most: 0, usage })
      const waitMs = readWait(values('for').at(-1))
      const sources = Object.keys(node.discoveryCounts)
      if (sources.length === 0) throw new SkeinError('INVALID', blindText)
      node.lookAround()
      await pause(node.clock, waitMs, signal)
      const neighbours = collectNeighbours(node)
      if (isJson) return neighbours.map((each) => JSON.stringify(each)).join('\n')
      if (neighbours.length > 0) return formatNeighbours(neighbours).join('\n')
      return `Nobody was seen by ${sources.join(', ')} in ${formatDuration(Math.ceil(waitMs / 1_000))}`
    },
  }
}

/** Those with an ID once each; of the others each place. */
function collectNeighbours(node: DiscoverHost): readonly Neighbour[] {
  const found = new Map<string, Neighbour>()
  const connected = new Map(node.peers().map(({ id, address }) => [id, address]))
  for (const { relation, source, host, port, id, label, ageMs } of node.discovered()) {
    const place = port === 0 ? undefined : formatHostPort({ host, port })
    const key = id ?? place ?? host
    const before = found.get(key)
    const ownName = id !== undefined && relation !== 'open' ? node.nameOf(id) : undefined
    // One that listens to its own machine only says no port; where it is connected, it can be reached.
    const known = id === undefined ? undefined : connected.get(id)
    const address = place ?? known
    found.set(key, {
      relation: before?.relation ?? relation,
      name: before?.name ?? label ?? ownName ?? null,
      id: id ?? null,
      addresses: joined(before?.addresses, address),
      hosts: joined(before?.hosts, host),
      sources: joined(before?.sources, source),
      ageMs: Math.min(before?.ageMs ?? ageMs, ageMs),
    })
  }
  return [...found.values()]
}

function joined(before: readonly string[] = [], added: string | undefined): readonly string[] {
  return added === undefined || before.includes(added) ? before : [...before, added]
}

/** A line an address; what they have in common stands in the first. */
function formatNeighbours(neighbours: readonly Neighbour[]): readonly string[] {
  const rows = neighbours.flatMap(({ relation, name, id, addresses, hosts, sources, ageMs }) => {
    const age = formatDuration(Math.round(ageMs / 1_000))
    const shortId = id === null ? '-' : shortPeerId(id)
    const who = [meanings[relation], name ?? '-', shortId, sources.join(' '), age]
    const unreachable = hosts.map((host) => `${host} (tells no port: it lets nobody dial it there)`)
    const places = addresses.length > 0 ? addresses : unreachable
    return places.map((place, at) => [...(at === 0 ? who : who.map(() => '')), sanitizeText(place)])
  })
  return alignColumns([['WHO', 'NAME', 'ID', 'FOUND BY', 'SEEN', 'ADDRESS'], ...rows])
}

function readWait(text: string | undefined): number {
  if (text === undefined) return defaultMs
  const waitMs = parseDuration(text)
  if (waitMs !== undefined && waitMs <= maxLookMs) return waitMs
  throw new SkeinError(
    'INVALID',
    `--for must be a time up to 10m such as 5 or 500ms, not '${text}'`,
  )
}
