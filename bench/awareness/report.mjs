/** Figures of awareness as a table, and as a section of the page. */
const heading = '## Awareness'

const seconds = (value) => (value === null ? 'never' : `${(value / 1_000).toFixed(2)} s`)
const age = (value) => (value === null ? '–' : `${Math.round(value / 1_000)} s`)
const bytes = (value) =>
  value >= 1e6 ? `${(value / 1e6).toFixed(1)} MB` : `${Math.round(value / 1e3)} kB`
const rate = (value) => `${(value / 1_000).toFixed(2)} kB/s`
const plain = (value) => String(Math.round(value))

/** Name, how it is written, the figure (or figures, joined by a slash), and what was wanted. */
const rows = [
  ['all start within 1 s: all know all', seconds, ['massStartMs']],
  ['… and what that took, a node', bytes, ['massStartBytesPerNode']],
  ['one joins: all know it', seconds, ['joinKnownByAllMs'], '≤ 2 s at 1 000'],
  ['one joins: it knows all', seconds, ['joinKnowsAllMs']],
  [
    'one is killed: one knows, all know',
    seconds,
    ['crashKnownByOneMs', 'crashKnownByAllMs'],
    '≤ 10 s at 1 000',
  ],
  [
    'one loses its power: one knows, all know',
    seconds,
    ['powerLossKnownByOneMs', 'powerLossKnownByAllMs'],
  ],
  ['one RTT changes after a calm: all know', seconds, ['rttChangeMs']],
  ['a node reports its RTTs at most every', age, ['reportIntervalMs']],
  ['age of an RTT where all change always: median, p99', age, ['rttAgeMedianMs', 'rttAgeP99Ms']],
  ['halves: each knows that the other is gone', seconds, ['partitionKnownMs']],
  ['healed after an hour: all know all', seconds, ['healMs']],
  [
    '… and what the cut and the heal took, a node',
    bytes,
    ['partitionBytesPerNode', 'healBytesPerNode'],
  ],
  ['idle, nothing changes; a node', rate, ['idleCalmBytesPerSecond']],
  [
    'idle, all RTTs change always; a node',
    rate,
    ['idleBusyBytesPerSecond'],
    '≤ 2 at 1 000, ≤ 10 at 10 000',
  ],
  ['churn: one joins or goes every second; a node', rate, ['churnBytesPerSecond']],
  ['… wrong beliefs 30 s later', plain, ['churnUnknownAfter30s'], '0'],
  ['1 % loss: living members suspected, called gone', plain, ['loss1Suspected', 'loss1Gone'], '0'],
  ['10 % loss: the same', plain, ['loss10Suspected', 'loss10Gone'], '0'],
  ['10 % loss: paths that broke', plain, ['loss10BrokenPaths']],
  ['10 % loss, one is killed: all know', seconds, ['loss10CrashMs']],
  [
    'one stalls 8 s: others suspected, called gone',
    plain,
    ['stall8OthersSuspected', 'stall8OthersGone'],
    '0',
  ],
  ['one stalls 60 s: the same', plain, ['stall60OthersSuspected', 'stall60OthersGone'], '0'],
  ['… it goes on: alive again for all', seconds, ['stall60BackMs']],
  ['connections a node: mean, most', plain, ['meanConnections', 'mostConnections']],
]

/** Columns by the number of members. */
export function order(columns) {
  return Object.fromEntries(
    Object.entries(columns).toSorted(
      ([a], [b]) => parseInt(a, 10) - parseInt(b, 10) || (a < b ? -1 : 1),
    ),
  )
}

/** The table, in Markdown. */
export function formatTable(columns) {
  const names = Object.keys(columns)
  const titles = names.map((name) => {
    const [count, what] = name.split(' ')
    const spaced = Number(count).toLocaleString('en').replaceAll(',', ' ')
    return what === undefined ? spaced : `${spaced} (${what})`
  })
  const head = ['', ...titles, 'wanted']
  const lines = rows.map(([title, write, keys, target = '']) => {
    const cells = names.map((name) => {
      const values = keys.map((key) => columns[name][key])
      return values.includes(undefined) ? '–' : values.map(write).join(', ')
    })
    return [title, ...cells, target]
  })
  return [head, head.map(() => '---'), ...lines]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n')
}

/** The page with the section written anew; the rest of the page stays. */
export function formatSection(page, { machine, node, seed, columns }, processes) {
  const cost = Object.entries(columns)
    .map(([name, { cpuMs, maxRssBytes }]) => {
      const cpu = cpuMs === undefined ? '' : `${Math.round(cpuMs / 1_000)} s, `
      return `${name}: ${cpu}${(maxRssBytes / 1e9).toFixed(1)} GB`
    })
    .join('; ')
  const run = `Seed ${seed}, Node ${node}, ${machine.cores} cores of ${machine.platform} that others used too. Processor time of each column, and its memory: ${cost}.`
  const section = [
    heading,
    '',
    intro,
    '',
    formatTable(columns),
    '',
    run,
    '',
    outro,
    ...missingOf(columns),
    '',
    ...formatProcesses(processes),
  ].join('\n')
  const startAt = page.indexOf(heading)
  if (startAt < 0) return `${page.trimEnd()}\n\n${section}`
  const nextAt = page.indexOf('\n## ', startAt)
  return `${page.slice(0, startAt)}${section}${nextAt < 0 ? '' : page.slice(nextAt)}`
}

const intro = [
  '`npm run bench -- awareness`: how soon every node knows of every other, and what that costs, by number of members. The membership machines run alone, in virtual time, each on about 15 connections (4 near by round-trip time and 4 at random that it dials, and as many that dial it). The world is that of `bench/data/region-latency.json`: eight regions, one-way latencies from 2 to 220 ms, and up to 10 % on top of each message; `--table` takes a table of measured round-trip times instead.',
  '',
  'Bytes are those handed to the transport: messages, their length, frame headers, an acknowledgement of 16 bytes for each message (an upper bound), and for idle and churn the pings and pongs of the connections (12.8 bytes a second each). TLS and TCP come on top. The machines share the bytes of a word and remember which were verified (an Ed25519 check takes some 100 µs, which virtual time does not see); that is what makes thousands of them fit into one process.',
  '',
  'Loss is that of a reliable connection: a lost segment of 1 400 bytes holds its link up for 200, 400, 800 … ms; with 10 s of that the path breaks and is dialled again, and both ends suspect each other if the dial takes longer than 1 s. A killed process resets its connections; of one without power the next ping (2.5 s apart) is not answered within two round trips and 1 s, and 1 s later its neighbours suspect it; the path itself is given up after 7.5 to 10 s. A cut is silence, too, and its connections are dialled again within 30 s of its end.',
].join('\n')

const outro =
  'At 10 000 the members begin with knowing each other: a start of all at once and a cut into halves are a matter of 10⁸ entries that change within seconds, more than one process simulates in minutes (`–`). Reports of round-trip times are off there, except where their cost and the one change are measured. The largest connection count is that of the simple choice of neighbours used here, not of the product.'

/** Says what the run of ten thousand is made for and did not get to. */
function missingOf(columns) {
  const last = columns[10000]
  if (last === undefined) return []
  const keys = rows.flatMap(([, , names]) => names).filter((key) => !neverAtTenThousand.test(key))
  const missing = keys.filter((key) => last[key] === undefined)
  if (missing.length === 0) return []
  return [
    '',
    `**Not measured yet at 10 000**, because the run was ended before it got there: ${missing.join(', ')}.`,
  ]
}

const neverAtTenThousand = /^(massStart|partition|heal|rttAge)/

/** Real processes, Skein and Serf side by side. */
function formatProcesses(processes) {
  if (processes === undefined) return []
  const times = ({ oneMs, allMs }) => [oneMs, allMs].map(seconds).join(', ')
  const lines = processes.rows.map((row) => [
    `${row.system}, ${row.count}`,
    seconds(row.allKnowAllMs),
    times(row.killed),
    times(row.stopped),
    times(row.muted),
    `${row.rssMb} MB`,
    `${row.cpuPercent} %`,
    row.load,
  ])
  const table = [processHead, processHead.map(() => '---'), ...lines]
  return [
    '### Real processes, and Serf',
    '',
    processIntro,
    '',
    ...table.map((cells) => `| ${cells.join(' | ')} |`),
    '',
  ]
}

const processHead = [
  'system, processes',
  'all know all',
  'killed: one, all know',
  'stopped: one, all know',
  'silent: one, all know',
  'memory each',
  'CPU each, idle',
  'load',
]

const processIntro =
  "`node bench/serf/main.mjs` (root, Debian's `serf`): so many processes on one machine of two cores, one round, in a network namespace of their own. From the last process that listens until all know all; then `kill -9`, `SIGSTOP`, and of one process nothing that it sends arrives any more: until one and until all others call it gone. Serf 0.9 with its LAN profile joins the first agent; a Skein node has a list of four to six earlier ones. Load is that of the machine when the processes had started; nothing else ran. A hundred Skein processes take all of two such cores (2 % each), also when nothing happens: their times are those of a starved machine, on which deadlines wait for the processes, and nobody is called gone that lives. That many nodes want more cores, or Serf. Each Skein node holds connections to about a dozen others and pings them every 2.5 s; a process that dies breaks them, one that falls silent leaves a ping without an answer."
