import { expect, test } from 'vitest'
import { planNodes } from './plan.ts'
import type { Placement, Profile } from './plan.ts'

const profiles: readonly Profile[] = [
  { name: 'alice', listen: { host: '::1', port: 8_090 }, peers: [], dataFolder: '/a' },
  {
    name: 'bob',
    listen: { host: '::1', port: 8_095 },
    peers: [
      { host: '::1', port: 8_090 },
      { host: 'elsewhere', port: 1 },
    ],
    dataFolder: '/b',
  },
]

test('one of them serves the page', () => {
  const [alice, bob] = planNodes(profiles, { portOffset: 0, pagePort: 14_680 })
  expect(bob?.settings.slice(-5)).toEqual([
    'web.enabled=true',
    'web.host="127.0.0.1"',
    'web.port=14680',
    'discovery.lan.enabled=false',
    'discovery.mdns.enabled=false',
  ])
  expect(alice?.settings.join()).not.toContain('web')
})

test.each<[string, Placement, readonly string[]]>([
  [
    'free ports stay as they are',
    { portOffset: 0 },
    ['network.listen.host="::1"', 'network.listen.port=8095', '["[::1]:8090","elsewhere:1"]'],
  ],
  [
    'where one is taken all move, and who dials them too',
    { portOffset: 100 },
    ['network.listen.host="::1"', 'network.listen.port=8195', '["[::1]:8190","elsewhere:1"]'],
  ],
  [
    'without IPv6 they use IPv4',
    { host: '127.0.0.1', portOffset: 0 },
    [
      'network.listen.host="127.0.0.1"',
      'network.listen.port=8095',
      '["127.0.0.1:8090","elsewhere:1"]',
    ],
  ],
])('%s', (_sentence, placement, [host, port, peers]) => {
  const nodes = planNodes(profiles, placement)
  const settings = [host, port, `network.peers=${peers}`]
  expect(nodes[1]?.settings.slice(0, settings.length)).toEqual(settings)
  expect(nodes.map(({ key }) => key)).toEqual(['a', 'b'])
})
