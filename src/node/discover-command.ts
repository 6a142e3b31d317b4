/** `discover`: who is out there. */
import { formatHostPort } from '../base/address.ts'
import { formatDuration, parseDuration } from '../base/duration.ts'
import { SkeinError } from '../base/errors.ts'
import { shortPeerId } from '../base/peer-id.ts'
import { readWords } from './command-words.ts'
import { alignColumns } from './format.ts'
import { pause } from './pause.ts'
import type { Clock } from '../base/clock.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { Command } from '../command/command.ts'
import type { Relation, Sighting } from '../discovery/contract.ts'

/** What the command asks of its node. */
export interface DiscoverHost {
  readonly id: PeerId
  readonly clock: Clock
  readonly discoveryCounts: Readonly<Record<string, unknown>>
  nameOf(id: PeerId): string
  discovered(): readonly Sighting[]
  lookAround(): void
}

/** One who is out there, however often it was seen. */
interface Neighbour {
  readonly relation: Relation
  readonly name?: string
  readonly id?: PeerId
  readonly addresses: readonly string[]
  readonly sources: readonly string[]
  readonly ageMs: number
}

const usage = 'discover [--json] [--for SECONDS]'
const defaultMs = 2_000 // Guess: answers come within 0.5 s, and a person waits for two.
const maxMs = 600_000
const meanings: Readonly<Record<Relation, string>> = {
  network: 'my network',
  known: 'known',
  named: 'by name',
  open: 'open',
  other: 'other',
}

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
      if (sources.length === 0) {
        const text = 'this node looks for nobody: discovery.lan.enabled, discovery.mdns.enabled and'
        throw new SkeinError(
          'INVALID',
          `${text} discovery.dns.enabled are off, or there is no name`,
        )
      }
      node.lookAround()
      await pause(node.clock, waitMs, signal)
      const neighbours = collectNeighbours(node)
      if (isJson) return neighbours.map((each) => JSON.stringify(each)).join('\n')
      if (neighbours.length > 0) return formatNeighbours(neighbours).join('\n')
      return `Nobody was seen by ${sources.join(', ')} in ${formatDuration(Math.ceil(waitMs / 1_000))}`
    },
  }
}

/** Those with an ID once each; of the others each address. */
function collectNeighbours(node: DiscoverHost): readonly Neighbour[] {
  const found = new Map<string, Neighbour>()
  for (const { relation, source, host, port, id, label, ageMs } of node.discovered()) {
    const address = port === 0 ? host : formatHostPort({ host, port })
    const key = id ?? address
    const before = found.get(key)
    const name = label ?? (id !== undefined && relation !== 'open' ? node.nameOf(id) : undefined)
    found.set(key, {
      relation: before?.relation ?? relation,
      ...((before?.name ?? name) !== undefined && { name: before?.name ?? name ?? '' }),
      ...(id !== undefined && { id }),
      addresses: [...new Set([...(before?.addresses ?? []), address])],
      sources: [...new Set([...(before?.sources ?? []), source])],
      ageMs: Math.min(before?.ageMs ?? ageMs, ageMs),
    })
  }
  return [...found.values()]
}

function formatNeighbours(neighbours: readonly Neighbour[]): readonly string[] {
  const rows = neighbours.map(({ relation, name, id, addresses, sources, ageMs }) => {
    const age = formatDuration(Math.round(ageMs / 1_000))
    const shortId = id === undefined ? '-' : shortPeerId(id)
    return [meanings[relation], name ?? '-', shortId, sources.join(' '), age, addresses.join(' ')]
  })
  return alignColumns([['WHO', 'NAME', 'ID', 'FOUND BY', 'SEEN', 'ADDRESSES'], ...rows])
}

function readWait(text: string | undefined): number {
  if (text === undefined) return defaultMs
  const waitMs = parseDuration(text)
  if (waitMs !== undefined && waitMs <= maxMs) return waitMs
  throw new SkeinError(
    'INVALID',
    `--for must be a time up to 10m such as 5 or 500ms, not '${text}'`,
  )
}
