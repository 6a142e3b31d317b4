/** What `discover` prints: what a person can use, and the same keys for every program. */
import { describe, expect, test } from 'vitest'
import { peerIdFromKey } from '../base/peer-id.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { discoverCommand } from './discover-command.ts'
import type { CommandContext } from '../command/command.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { Sighting } from '../discovery/contract.ts'
import type { DiscoverHost } from './discover-command.ts'

const id = (fill: number): PeerId => peerIdFromKey(new Uint8Array(32).fill(fill))
const ids = { self: id(1), bob: id(2), carol: id(3) }

function sighting(given: Partial<Sighting>): Sighting {
  return { relation: 'network', source: 'lan', host: '10.0.0.2', port: 14_590, ageMs: 10, ...given }
}

interface World {
  readonly seen?: readonly Sighting[]
  readonly peers?: ReturnType<DiscoverHost['peers']>
  readonly sources?: readonly string[]
  readonly args?: readonly string[]
}

async function discover({ seen = [], peers = [], sources = ['lan'], args = [] }: World) {
  const clock = new VirtualClock()
  const command = discoverCommand({
    id: ids.self,
    clock,
    discoveryCounts: Object.fromEntries(sources.map((source) => [source, {}])),
    nameOf: (named) => (named === ids.bob ? 'bob' : 'carol'),
    peers: () => peers,
    discovered: () => seen,
    lookAround: () => undefined,
  })
  const { signal } = new AbortController()
  const running = Promise.resolve(command.run({ args, signal } as unknown as CommandContext))
  running.catch(() => undefined)
  await clock.advance(2_000)
  const outcome = await running
  return typeof outcome === 'string' ? outcome : ''
}

const ofBob = [
  sighting({ id: ids.bob }),
  sighting({ id: ids.bob, host: 'fe80::1%eth0', source: 'mdns' }),
]

describe('discover', () => {
  test('prints a line an address, with its port, and what they have in common once', async () => {
    const lines = (await discover({ seen: [...ofBob, sighting({ relation: 'other' })] })).split(
      '\n',
    )
    expect(lines).toEqual([
      'WHO         NAME  ID        FOUND BY  SEEN  ADDRESS',
      `my network  bob   ${ids.bob.slice(0, 8)}  lan mdns  0 s   10.0.0.2:14590`,
      '                                            [fe80::1%eth0]:14590',
      'other       -     -         lan       0 s   10.0.0.2:14590',
    ])
  })

  test('of one that tells no port it prints where it is connected, else that it cannot be dialled', async () => {
    const seen = [ids.bob, ids.carol].map((each) => sighting({ id: each, port: 0 }))
    const peers = [{ id: ids.bob, address: '127.0.0.1:9000' }]
    const text = await discover({ seen, peers })
    expect(text).toMatch(/^my network {2}bob .* 127\.0\.0\.1:9000$/m)
    expect(text).toMatch(/^my network {2}carol .* 10\.0\.0\.2 \(tells no port: .*\)$/m)
  })

  test('--json has every key of everybody, and only addresses that can be dialled', async () => {
    const seen = [...ofBob, sighting({ relation: 'other', host: '10.0.0.9', port: 0 })]
    const lines = (await discover({ seen, args: ['--json'] })).split('\n')
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      {
        ...{ relation: 'network', name: 'bob', id: ids.bob },
        addresses: ['10.0.0.2:14590', '[fe80::1%eth0]:14590'],
        hosts: ['10.0.0.2', 'fe80::1%eth0'],
        ...{ sources: ['lan', 'mdns'], ageMs: 10 },
      },
      {
        ...{ relation: 'other', name: null, id: null, addresses: [] },
        ...{ hosts: ['10.0.0.9'], sources: ['lan'], ageMs: 10 },
      },
    ])
  })

  test('where all discoveries are off it says how to turn one on', async () => {
    const failed = discover({ sources: [] })
    await expect(failed).rejects.toThrow('skein up -s discovery.lan.enabled=true')
  })

  test('where nobody was seen it says who looked', async () => {
    expect(await discover({ sources: ['lan', 'mdns'] })).toBe('Nobody was seen by lan, mdns in 2 s')
  })
})
