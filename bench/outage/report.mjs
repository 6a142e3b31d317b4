/** Runs of the same cell as one row, and rows as a table and as a section of the page. */
import { systems } from './systems.mjs'

const heading = '## After an outage'

/** What tells one cell from another. */
export const keyOf = ({ name, link, kind, seconds }) => [name, link, kind, seconds].join(' ')

/** One entry a cell, with every round as it was. */
export function summarize(runs) {
  const groups = [...groupBy(runs, keyOf).values()].map((group) => {
    const { link, kind, name, seconds, watchMs } = group[0]
    const results = group.filter(({ result }) => result !== undefined).map(({ result }) => result)
    const failures = group.flatMap(({ failure }) => (failure === undefined ? [] : [failure]))
    return { name, link, kind, seconds, watchMs, failures, runs: results }
  })
  return inOrder(groups)
}

/** Cells as the tables have them. */
export function inOrder(cells) {
  const kinds = Object.keys(kindTitles)
  const names = Object.keys(systems)
  return cells.toSorted(
    (a, b) =>
      a.seconds - b.seconds ||
      kinds.indexOf(a.kind) - kinds.indexOf(b.kind) ||
      names.indexOf(a.name) - names.indexOf(b.name),
  )
}

function groupBy(values, keyOfValue) {
  const groups = new Map()
  for (const value of values) {
    const key = keyOfValue(value)
    groups.set(key, [...(groups.get(key) ?? []), value])
  }
  return groups
}

function median(values) {
  const sorted = values.toSorted((a, b) => a - b)
  const half = Math.floor(sorted.length / 2)
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2
}

const columns = [
  'system',
  'first answer after the heal (each round)',
  'calls lost, of those asked',
  'lost in flight',
  'answered twice, run twice',
  'bulk lost',
]

const kindTitles = {
  reset: 'TCP sockets reset, new ones refused',
  stall: 'silence: the TCP proxy passes nothing',
  pull: 'cable pulled: the far interface has no carrier',
  drop: 'silence: packets are dropped on the way',
}

function rowOf({ name, watchMs, runs, failures }) {
  const title = systems[name].title
  if (runs.length === 0) return [title, `not run: ${failures[0]}`, '', '', '', '']
  const middle = (pick) => Math.round(median(runs.map(pick)))
  const sum = (pick) => runs.reduce((total, run) => total + pick(run), 0)
  const twice = [sum((run) => run.answeredTwice), sum((run) => run.runTwice)]
  return [
    title,
    recovery(runs, watchMs),
    `${middle((run) => run.lost)} of ${middle((run) => run.asked)}`,
    `${middle((run) => run.lostInFlight)}`,
    twice.join(', '),
    runs.every((run) => run.isWhole)
      ? 'none, hash equal'
      : formatBytes(median(runs.map((run) => run.lostBytes))),
  ]
}

function recovery(runs, watchMs) {
  const seconds = (ms) => (ms === null ? 'never' : `${(ms / 1_000).toFixed(2)}`)
  const sorted = runs
    .map((run) => run.recoveryMs)
    .toSorted((a, b) => (a ?? Infinity) - (b ?? Infinity))
  const all = sorted.map(seconds).join(', ')
  if (sorted.every((ms) => ms === null)) return `never (watched ${watchMs / 1_000} s)`
  const values = sorted.map((ms) => ms ?? Infinity)
  const middle = median(values)
  return `${Number.isFinite(middle) ? `**${(middle / 1_000).toFixed(2)} s**` : '**never**'} (${all})`
}

function formatBytes(bytes) {
  return bytes < 2 ** 20
    ? `${Math.round(bytes / 2 ** 10)} KiB`
    : `${(bytes / 2 ** 20).toFixed(1)} MiB`
}

/** The tables in Markdown: one for each length and kind of outage. */
export function formatCells(cells) {
  const tables = groupBy(cells, tableOf)
  return [...tables.values()]
    .map((group) => {
      const { seconds, kind } = group[0]
      const rows = [columns, columns.map(() => '---'), ...group.map(rowOf)]
      const lines = rows.map((row) => `| ${row.join(' | ')} |`)
      return [`### ${seconds} s, ${kindTitles[kind]}`, '', ...lines].join('\n')
    })
    .join('\n\n')
}

const tableOf = ({ seconds, kind }) => `${seconds} ${kind}`

/** The page with this section in the place of the one before, or at its end. */
export function formatSection(page, { machine, versions, loadBefore, cells }) {
  const section = [
    heading,
    '',
    intro,
    '',
    `Measured on ${machine.cores} cores of ${machine.platform} that others use too (load before: ${loadBefore}). Skein and Hyperswarm ${versions.hyperswarm} (HyperDHT ${versions.hyperdht}) ran on Node ${versions.node}, js-libp2p ${versions.libp2p} on Node ${versions.libp2pNode}. Up to 24 runs at a time: tenths of a second mean something, hundredths do not. Namespaces know each other's hardware addresses, so no ARP is waited for.`,
    '',
    formatCells(cells),
    '',
    outro,
    '',
  ].join('\n')
  const startAt = page.indexOf(heading)
  if (startAt < 0) return `${page.trimEnd()}\n\n${section}`
  const nextAt = page.indexOf('\n## ', startAt)
  const rest = nextAt < 0 ? '' : page.slice(nextAt)
  return `${page.slice(0, startAt)}${section}${rest}`
}

const intro = [
  '`npm run bench -- outage`: two peers in two processes. One asks a numbered call every 100 ms and sends a bulk stream of 1 MiB/s; then the only path between them breaks, and heals. A call is lost when it has no answer after 10 s of health. Medians over the rounds.',
  '',
  'TCP systems run through a proxy that takes 25 ms each way and resets or falls silent. Hyperswarm speaks UDP and needs a rendezvous, so it runs between network namespaces whose cable is pulled or drops packets; Skein and js-libp2p run there too. A rival gets the simplest code that a user would write: streams are opened again when the system reports a connection, and a call without a stream is lost. "Our own dials" is one step more: a loop that dials again each second.',
].join('\n')

const outro = [
  '"Skein, commands" asks each call with `peer.run`, so each is a stream and a command of its own; "Skein, streams" sends all calls on one stream, as the rivals do. In 90 s about 900 calls begin to wait. A command has bounds that a stream has not: the time that `run` gives a peer without a path, and `commandsPerPeer` (64 at a time) when all arrive together. Commands beyond those fail with a code; none runs twice.',
  '',
  'A stalled proxy and the kernel beside it take some MiB that they never deliver; for the rivals that counts as lost, for Skein it is sent again. js-libp2p keeps its streams over a short stall only because TCP does. With KEEP_ALIVE it dials five more times and then drops the tag, so after 90 s the program has to dial. Hyperswarm tries again after 1, 5 and 15 s; a peer that was away for longer is found at the next refresh of the topic (10 minutes) or when an interface changes, which a silent drop is not.',
  '',
  'Not in the tables: HyperDHT without Hyperswarm, which dials no second time; Hyperswarm through the TCP proxy, since it speaks UDP. Without root there are no namespaces, and those tables are left out.',
].join('\n')
