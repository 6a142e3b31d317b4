/** The section "Topics" of `docs/performance.md`. */
const heading = '## Topics'

const text = `\`npm run bench -- topics\`: how messages of topics spread. The machines run alone, in virtual time, each on about 15 connections (4 near by round-trip time and 4 at random that it dials, and as many that dial it; up to 12 nodes all are connected to all). The world is that of \`bench/data/region-latency.json\`: eight regions, one-way latencies from 2 to 220 ms, and up to 10 % on top of each message. Loss is that of a reliable connection: a lost segment of 1 400 bytes holds its link up for 200, 400, 800 … ms.

A message of 100 bytes every 100 or 200 ms, its author drawn in turn; measured after each author has published and half as many messages as are measured (so that trees are there). *Copies* and *names* are what a node received of a message, on average; one copy is the least there can be. *Bytes* are all that a node received of a message, names, frames and TLS records included. *Last hop* is the number of links that the copy crossed which came last, on average over the messages.`

const choice = `A tree an author, not one for all: with one tree for all (a variant that was not kept), at 20 nodes that all send, p50 was 261 ms and p99 1 363 ms with 1.59 copies, with a tree each 112 ms, 179 ms and 1.00 (no loss, same seed). Names that wait 100 ms and are asked for after 300: at 20 nodes and 20 % loss, 500 ms gave p99 1 262 ms and 1.35 copies, 200 ms (names after 50) 897 ms and 1.47.`

export function formatTables(topics) {
  return [formatCells(topics), formatReal(topics.real)].filter((part) => part !== '').join('\n\n')
}

export function formatSection(page, topics) {
  const { machine, node, seed } = topics
  const note = `Seed ${seed}, Node ${node}, ${machine.cores} cores of ${machine.platform} that others used too (load ${machine.load}).`
  const parts = [heading, text, formatCells(topics), note, choice]
  if (topics.real !== undefined)
    parts.push('### Real nodes, and gossipsub', realText(topics.real), formatReal(topics.real))
  const section = `${parts.join('\n\n')}\n`
  const at = page.indexOf(`${heading}\n`)
  if (at < 0) return `${page.trimEnd()}\n\n${section}`
  const next = page.indexOf('\n## ', at + 1)
  return `${page.slice(0, at)}${section}${next < 0 ? '' : page.slice(next)}`
}

function formatCells(topics) {
  const rows = ['20', '100', '1000'].flatMap((count) =>
    (topics[count] ?? []).map((cell) => formatCell(count, cell)),
  )
  const head = [
    'nodes',
    'senders',
    'loss',
    'delivered',
    'twice',
    'p50',
    'p99',
    'last',
    'copies',
    'names',
    'bytes',
    'last hop (most)',
  ]
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n')
}

function formatCell(count, cell) {
  const ms = (value) => `${Math.round(value)} ms`
  return [
    count,
    cell.senders,
    `${Math.round(cell.loss * 100)} %`,
    `${Math.floor(cell.delivered * 1e6) / 1e4} %`,
    cell.repeated,
    ms(cell.p50Ms),
    ms(cell.p99Ms),
    ms(cell.maxMs),
    cell.copies.toFixed(2),
    cell.names.toFixed(1),
    Math.round(cell.bytes),
    `${cell.lastHop.toFixed(1)} (${cell.mostHops})`,
  ]
}

function realText({ nodes, degree, messages, everyMs, rounds, versions, load, note = '' }) {
  return `${nodes} nodes in one process, each connected to ${degree} others at random (the same graph for both) over TCP on loopback, Skein with TLS 1.3, js-libp2p with Noise and Yamux and \`@libp2p/gossipsub\` with its defaults. ${messages} messages of 100 bytes, one every ${everyMs} ms from one node after the other; every node subscribes. Both on Node ${versions.node}; libp2p ${versions.libp2p}, gossipsub ${versions.gossipsub}. ${rounds} rounds in turn, medians; load ${load}. CPU is that of the whole process for one message at all nodes. Gossipsub's heartbeat is a second, and its mesh was given ten; Skein's trees come to be with the first messages.${note}`
}

function formatReal(real) {
  if (real === undefined) return ''
  const rows = Object.entries(real.systems).map(([name, figures]) => [
    name,
    `${figures.p50Ms.toFixed(1)} ms`,
    `${figures.p99Ms.toFixed(1)} ms`,
    `${(figures.delivered * 100).toFixed(2)} %`,
    `${figures.cpuMs.toFixed(1)} ms`,
    `${Math.round(figures.rssMb)} MB`,
  ])
  const head = ['system', 'p50', 'p99', 'delivered', 'CPU a message', 'memory']
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n')
}
