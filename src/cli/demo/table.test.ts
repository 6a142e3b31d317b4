import { describe, expect, test } from 'vitest'
import { formatPage, formatTable } from './table.ts'
import type { DemoState, LinkView, NodeView } from './state.ts'

const open = (rttMicros?: number): LinkView => ({
  state: 'open',
  suspendedMs: 0,
  ...(rttMicros === undefined ? {} : { rttMicros }),
})
const suspended = (suspendedMs: number): LinkView => ({ state: 'suspended', suspendedMs })

const node = (name: string, port: number, more: Partial<NodeView>): NodeView => ({
  name,
  key: name.slice(0, 1),
  status: 'running',
  port,
  pid: port + 1,
  lives: 1,
  links: new Map(),
  gone: new Set(),
  ...more,
})

/** Alice was killed 3.9 s ago, bob has not measured carol yet, erin starts. */
const { pid: _none, ...dead } = node('alice', 8_090, { status: 'killed' })
const state: DemoState = {
  nodes: [
    dead,
    node('bob', 8_095, {
      links: new Map([
        ['alice', suspended(3_900)],
        ['carol', open()],
      ]),
    }),
    node('carol', 8_085, { links: new Map([['bob', open(240)]]) }),
    node('dave', 8_100, { links: new Map([['alice', suspended(119_999)]]) }),
    node('erin', 8_105, {
      status: 'starting',
      gone: new Set(['alice']),
      links: new Map([['dave', open(12_400)]]),
    }),
  ],
  events: [
    { time: '12:00:01', text: 'alice–bob connected' },
    { time: '12:00:02', text: 'alice is killed' },
  ],
}

describe('the table', () => {
  test('says on a wide terminal who sees whom, with state, port and process', () => {
    expect(formatTable(state, { width: 120, hasColor: false })).toEqual([
      '            alice           bob             carol           dave            erin            state     port   pid',
      '  a  alice  —               ·               ·               ·               ·               killed    8090',
      '  b  bob    suspended 3 s   —               –               ·               ·               running   8095   8096',
      '  c  carol  ·               240 µs          —               ·               ·               running   8085   8086',
      '  d  dave   suspended 119 s ·               ·               —               ·               running   8100   8101',
      '  e  erin   gone            ·               ·               12 400 µs       —               starting  8105   8106',
    ])
  })

  test('leaves out the process at 80 columns', () => {
    expect(formatTable(state, { width: 80, hasColor: false })).toEqual([
      '            alice     bob       carol     dave      erin      state     port',
      '  a  alice  —         ·         ·         ·         ·         killed    8090',
      '  b  bob    susp 3s   —         –         ·         ·         running   8095',
      '  c  carol  ·         240 µs    —         ·         ·         running   8085',
      '  d  dave   susp 119s ·         ·         —         ·         running   8100',
      '  e  erin   gone      ·         ·         12 400 µs —         starting  8105',
    ])
  })

  test('leaves out units and ports at 60 columns', () => {
    expect(formatTable(state, { width: 60, hasColor: false }).slice(0, 3)).toEqual([
      '        alice  bob    carol  dave   erin   state',
      'a alice —      ·      ·      ·      ·      killed',
      'b bob   ~3s    —      –      ·      ·      running',
    ])
  })

  test('leaves out states too at 40 columns', () => {
    expect(formatTable(state, { width: 40, hasColor: false })).toEqual([
      '        alice bob   carol dave  erin',
      'a alice —     ·     ·     ·     ·',
      'b bob   ~3s   —     –     ·     ·',
      'c carol ·     240   —     ·     ·',
      'd dave  ~119s ·     ·     —     ·',
      'e erin  gone  ·     ·     12400 —',
    ])
    expect(formatTable(state, { width: 40, hasColor: true })[1]).toContain('\u001b[31m alice')
  })

  test('is cut where even that does not fit', () => {
    expect(formatTable(state, { width: 20, hasColor: false })[2]).toBe('b bob   ~3s   —    …')
  })

  test('shows the round-trip time by colour, and has no colour unless asked for', () => {
    const paint = (rttMicros: number): string | undefined => {
      const links = new Map([['bob', open(rttMicros)]])
      const nodes = [node('alice', 8_090, { links }), node('bob', 8_095, {})]
      // oxlint-disable-next-line no-control-regex -- colours are control sequences
      return /\u001b\[(\d+)m[\d ]+ µs/.exec(
        formatTable({ nodes, events: [] }, { width: 99, hasColor: true })[1] ?? '',
      )?.[1]
    }
    expect([240, 1_000, 10_000].map(paint)).toEqual(['32', '33', '31'])
    expect(formatTable(state, { width: 99, hasColor: false }).join('')).not.toContain('\u001b')
  })
})

describe('the page', () => {
  const page = { width: 90, height: 24, hasColor: false, skein: 'skein' }

  test('says what it is, what to try, and what happened last', () => {
    expect(formatPage(state, page)).toEqual([
      'Skein demo: five nodes, each a process of its own',
      'A row is what that node sees: the round-trip time to each peer',
      '',
      ...formatTable(state, page),
      '',
      'Press a to restart alice; b c d e do the same for theirs; q ends all five.',
      'From another terminal: skein -p bob @alice add',
      '',
      '12:00:01  alice–bob connected',
      '12:00:02  alice is killed',
    ])
  })

  test.each([
    ['drops the oldest events first', 16, '12:00:02  alice is killed'],
    ['and what explains', 11, '12:00:02  alice is killed'],
    ['then all events', 9, 'From another terminal: skein -p bob @alice add'],
    ['and then what stands at its end', 4, formatTable(state, page)[2]],
    ['down to one line', 1, 'Skein demo: five nodes, each a process of its own'],
  ])('on a low terminal it %s', (_sentence, height, last) => {
    const lines = formatPage(state, { ...page, height })
    expect(lines.filter((line) => line !== '').at(-1)).toBe(last)
    expect(lines.length).toBeLessThanOrEqual(height)
  })

  test('says on a small terminal what the keys do, and shows the whole table', () => {
    expect(formatPage(state, { ...page, width: 40, height: 12 })).toEqual([
      'Skein demo: five nodes, each a process …',
      ...formatTable(state, { ...page, width: 40 }),
      'a b c d e: kill, restart; q: end',
      'From another terminal:',
      '  skein -p bob @alice add',
      '12:00:01  alice–bob connected',
      '12:00:02  alice is killed',
    ])
  })

  test('puts a long command on a line of its own', () => {
    const lines = formatPage(state, {
      ...page,
      width: 60,
      skein: 'node /some/where/dist/bin/skein.cjs',
    })
    expect(lines).toContain('  node /some/where/dist/bin/skein.cjs -p bob @alice add')
  })

  test('shows the link of the live page whole, or how to get it', () => {
    const link = `http://127.0.0.1:14580/#token=${'x'.repeat(32)}`
    const shown = (width: number): readonly string[] =>
      formatPage({ ...state, page: link }, { ...page, width })
    expect(shown(80)).toContain(`The live page: ${link}`)
    expect(shown(64)).toContain(link)
    expect(shown(60)).toContain('The live page: skein -p bob map --open')
  })

  test('says when the ports are others', () => {
    expect(formatPage(state, { ...page, note: 'A port is taken' })[2]).toBe('A port is taken')
  })

  test.each([120, 80, 60, 20, 1])('is never wider than %i columns', (width) => {
    const widths = formatPage(state, { ...page, width }).map((line) => line.length)
    expect(Math.max(...widths)).toBeLessThanOrEqual(width)
  })
})
