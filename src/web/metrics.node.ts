/**
 * `/metrics`: the node in numbers, in the text format of Prometheus.
 *
 * Numbers that the machinery counts anyhow are read when somebody asks. What only happens (a round
 * trip, a command, a refusal) is counted from the node's events. Registries and metrics are this
 * server's own: nothing is global. The delay of the event loop is sampled from the first scrape on.
 *
 * Names follow the conventions of Prometheus (prometheus.io/docs/practices/naming): base units, `_total`
 * for what only grows. A label's values are few and never a peer's choice.
 */
import { readFileSync, readdirSync } from 'node:fs'
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import { version } from '../base/version.ts'
import type { Unsubscribe } from '../base/emitter.ts'
import type { RunReport } from '../command/report.ts'
import type { Node } from '../node/node.ts'
import type { NodeStats } from '../node/stats.ts'
import type { WebCounts } from './counts.ts'
import type { WebResponse } from './router.ts'

/** What a scrape is read from. */
export interface Sources {
  readonly node: Node
  readonly server: {
    readonly connectionCount: number
    readonly sessionCount: number
    readonly counts: WebCounts
  }
}

/** One metric that is read at the scrape: its values by their labels. */
interface Reading {
  readonly name: string
  readonly help: string
  readonly labels?: readonly string[]
  readonly read: (stats: NodeStats, sources: Sources) => readonly Sample[]
}

type Sample = readonly [value: number, labels?: Readonly<Record<string, string>>]

const rttBounds = [
  50e-6, 100e-6, 250e-6, 500e-6, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5,
]
const commandBounds = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60, 600]
const delayBounds = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5]
const delayIntervalMs = 100 // Ten looks a second: a delay of 100 ms and more is never missed.
const maxRules = 100 // Guess: more rules than there are; what comes after is `other`.

const gauges: readonly Reading[] = [
  {
    name: 'skein_build_info',
    help: 'The version of Skein and of Node; always 1.',
    labels: ['version', 'node'],
    read: () => [[1, { version, node: process.versions.node }]],
  },
  {
    name: 'skein_connections',
    help: 'Connections to peers, by state.',
    labels: ['state'],
    read: ({ connections }) => byLabel('state', connections),
  },
  {
    name: 'skein_paths',
    help: 'Paths that are attached to connections, by kind.',
    labels: ['kind'],
    read: ({ paths }) => byLabel('kind', paths),
  },
  {
    name: 'skein_half_open_paths',
    help: 'Inbound paths that have not said hello yet.',
    read: ({ halfOpenPaths }) => [[halfOpenPaths]],
  },
  {
    name: 'skein_held_bytes',
    help: 'Bytes for peers that they have not acknowledged, or that wait.',
    read: ({ heldBytes }) => [[heldBytes]],
  },
  {
    name: 'skein_members',
    help: 'Members of the network as this node sees them, itself included, by state.',
    labels: ['state'],
    read: ({ members }) => byLabel('state', members),
  },
  {
    name: 'skein_commands_running',
    help: 'Commands of peers and programs that run now.',
    read: ({ runningCommands }) => [[runningCommands]],
  },
  {
    name: 'skein_topic_kept_bytes',
    help: 'Messages of topics that are kept, to repair and as history.',
    read: ({ topics }) => [[topics.keptBytes]],
  },
  {
    name: 'skein_mail_messages',
    help: 'Messages here: unread, waiting (sent from here, not arrived yet), held (for others).',
    labels: ['state'],
    read: ({ mail: { unread, waiting, held } }) => byLabel('state', { unread, waiting, held }),
  },
  {
    name: 'skein_web_connections',
    help: 'TCP connections to the web server.',
    read: (_stats, { server }) => [[server.connectionCount]],
  },
  {
    name: 'skein_web_sessions',
    help: 'Pages that are connected.',
    read: (_stats, { server }) => [[server.sessionCount]],
  },
  {
    name: 'process_start_time_seconds',
    help: 'Start of the process, seconds since 1970.',
    read: () => [[Math.round(Date.now() / 1_000 - process.uptime())]],
  },
  {
    name: 'process_resident_memory_bytes',
    help: 'Resident memory.',
    read: () => [[process.memoryUsage.rss()]],
  },
  {
    name: 'process_open_fds',
    help: 'Open file descriptors; 0 where the system does not tell.',
    read: () => [[countOpenFiles()]],
  },
  {
    name: 'process_max_fds',
    help: 'Most file descriptors that may be open; 0 where the system does not tell.',
    read: () => [[readMaxFiles()]],
  },
  {
    name: 'nodejs_heap_used_bytes',
    help: 'Heap of V8 that is in use.',
    read: () => [[process.memoryUsage().heapUsed]],
  },
]

const counters: readonly Reading[] = [
  {
    name: 'skein_frames_total',
    help: 'Counted frames (open, data, credit, end, reset, goodbye) on all connections.',
    labels: ['direction'],
    read: ({ frames }) => byLabel('direction', frames),
  },
  {
    name: 'skein_path_bytes_total',
    help: 'Bytes on paths, before encryption, by kind.',
    labels: ['kind', 'direction'],
    read: ({ bytes }) =>
      Object.entries(bytes).flatMap(([kind, { sent, received }]): Sample[] => [
        [sent, { kind, direction: 'sent' }],
        [received, { kind, direction: 'received' }],
      ]),
  },
  {
    name: 'skein_gossip_bytes_total',
    help: 'Bytes of what members tell each other of the network.',
    labels: ['direction'],
    read: ({ gossipBytes }) => byLabel('direction', gossipBytes),
  },
  {
    name: 'skein_gossip_violations_total',
    help: 'Words of members that broke a rule.',
    read: ({ gossipViolations }) => [[gossipViolations]],
  },
  {
    name: 'skein_topic_messages_total',
    help: 'Messages of topics by what became of them here; received: each once.',
    labels: ['outcome'],
    read: ({ topics }) => byLabel('outcome', topicOutcomes(topics)),
  },
  {
    name: 'skein_mail_messages_total',
    help: 'Messages to one, by direction.',
    labels: ['direction'],
    read: ({ mail: { sent, received } }) => byLabel('direction', { sent, received }),
  },
  {
    name: 'skein_wall_posts_total',
    help: 'Posts that were stored, own ones too.',
    read: ({ mail }) => [[mail.posts]],
  },
  {
    name: 'skein_mail_violations_total',
    help: 'Envelopes, receipts and posts of peers that were wrong.',
    read: ({ mail }) => [[mail.violations]],
  },
  {
    name: 'skein_web_sessions_opened_total',
    help: 'Pages that showed the token.',
    read: (_stats, { server }) => [[server.counts.sessions]],
  },
  {
    name: 'skein_web_responses_total',
    help: 'Answers of the web server, by class of their status.',
    labels: ['class'],
    read: (_stats, { server }) =>
      Object.entries(server.counts.responses).map(([digit, count]): Sample => {
        return [count, { class: `${digit}xx` }]
      }),
  },
  {
    name: 'skein_web_refusals_total',
    help: 'What the web server refused, by reason.',
    labels: ['reason'],
    read: (_stats, { server }) => byLabel('reason', server.counts.refusals),
  },
  {
    name: 'process_cpu_seconds_total',
    help: 'Processor time of the process, user and system.',
    read: () => {
      const { user, system } = process.cpuUsage()
      return [[(user + system) / 1e6]]
    },
  },
]

/** The metrics of one node. */
export class Metrics {
  readonly #sources: Sources
  readonly #registry = new Registry()
  readonly #ends: Unsubscribe[] = []
  readonly #loopDelays: Histogram
  #sampler: NodeJS.Timeout | undefined
  #stats: NodeStats | undefined

  constructor(sources: Sources) {
    this.#sources = sources
    for (const reading of gauges) this.#addGauge(reading)
    for (const reading of counters) this.#addCounter(reading)
    this.#loopDelays = new Histogram({
      name: 'skein_event_loop_delay_seconds',
      help: 'How late the event loop came to a timer; sampled from the first scrape on.',
      buckets: delayBounds,
      registers: [this.#registry],
    })
    this.#follow(sources.node)
  }

  /** Answers a scrape. */
  async answer(): Promise<WebResponse> {
    this.#sampler ??= this.#startSampling()
    this.#stats = this.#sources.node.stats()
    const body = await this.#registry.metrics()
    return { headers: { 'Content-Type': this.#registry.contentType }, body }
  }

  /** Stops counting. */
  close(): void {
    clearInterval(this.#sampler)
    for (const end of this.#ends) end()
    this.#registry.clear()
  }

  #addGauge({ name, help, labels = [], read }: Reading): void {
    const gauge: Gauge = new Gauge({
      ...{ name, help, labelNames: [...labels], registers: [this.#registry] },
      collect: () => {
        gauge.reset()
        for (const [value, given = {}] of this.#read(read)) gauge.set({ ...given }, value)
      },
    })
  }

  #addCounter({ name, help, labels = [], read }: Reading): void {
    const counter: Counter = new Counter({
      ...{ name, help, labelNames: [...labels], registers: [this.#registry] },
      collect: () => {
        counter.reset()
        for (const [value, given = {}] of this.#read(read)) counter.inc({ ...given }, value)
      },
    })
  }

  #read(read: Reading['read']): readonly Sample[] {
    return this.#stats === undefined ? [] : read(this.#stats, this.#sources)
  }

  #follow(node: Node): void {
    const registers = [this.#registry]
    const rtt = new Histogram({
      ...{ name: 'skein_link_rtt_seconds', buckets: rttBounds, registers },
      help: 'Round-trip times of the paths in use, smoothed, at each measurement.',
    })
    const duration = new Histogram({
      ...{ name: 'skein_command_duration_seconds', buckets: commandBounds, registers },
      help: 'How long commands of peers and programs ran.',
    })
    const count = (name: string, help: string, label: string): ((value: string) => void) => {
      const counter = new Counter({ name, help, labelNames: [label], registers })
      const seen = new Set<string>()
      return (value) => {
        const isFew = seen.size < maxRules || seen.has(value)
        if (isFew) seen.add(value)
        counter.inc({ [label]: isFew ? value : 'other' })
      }
    }
    const commands = count('skein_commands_total', 'Commands that ended, by how.', 'outcome')
    const refusals = count('skein_refusals_total', 'Peers that were not let in, by rule.', 'rule')
    const violations = count('skein_violations_total', 'Broken rules, by rule.', 'rule')
    const dials = count('skein_dial_failures_total', 'Dials that failed, by code.', 'code')
    const ends = count('skein_disconnects_total', 'Connections that ended, by code.', 'code')
    const lost = new Counter({
      ...{ name: 'skein_paths_lost_total', registers },
      help: 'Paths that broke under a connection.',
    })
    this.#ends.push(
      node.on('link:rtt', ({ rttMicros }) => rtt.observe(rttMicros / 1e6)),
      node.on('command:run', (report) => {
        commands(outcomeOf(report))
        duration.observe(report.durationMs / 1_000)
      }),
      node.on('peer:refuse', ({ rule }) => refusals(rule)),
      node.on('peer:violation', ({ rule }) => violations(/^[A-Z]\d+/.exec(rule)?.[0] ?? 'other')),
      node.on('dial:fail', ({ error }) => dials(error.code)),
      node.on('peer:disconnect', ({ error }) => ends(error.code)),
      node.on('path:lost', () => lost.inc()),
    )
  }

  #startSampling(): NodeJS.Timeout {
    let dueMs = performance.now() + delayIntervalMs
    return setInterval(() => {
      const nowMs = performance.now()
      this.#loopDelays.observe(Math.max(0, nowMs - dueMs) / 1_000)
      dueMs = nowMs + delayIntervalMs
    }, delayIntervalMs).unref()
  }
}

/** `ok`, `failed` (an exit code other than 0), or the code of what went wrong. */
function outcomeOf({ ending }: RunReport): string {
  if ('error' in ending) return ending.error
  return ending.exit === 0 ? 'ok' : 'failed'
}

function topicOutcomes(topics: NodeStats['topics']) {
  const { published, received, duplicates, forged, refused, untimely, excess } = topics
  const { unreadable, missed, lost, ignored, deniedTyped } = topics
  return {
    ...{ published, received, duplicate: duplicates, forged, refused, untimely, excess },
    ...{ unreadable, missed, lost, ignored_type: ignored, refused_type: deniedTyped },
  }
}

function byLabel(label: string, values: object): readonly Sample[] {
  return Object.entries(values as Readonly<Record<string, number>>).map(([key, value]): Sample => {
    return [value, { [label]: key }]
  })
}

function countOpenFiles(): number {
  try {
    return readdirSync('/proc/self/fd').length - 1 // Without the one that reads.
  } catch {
    return 0 // Not Linux.
  }
}

function readMaxFiles(): number {
  try {
    const limits = readFileSync('/proc/self/limits', 'utf8')
    return Number(/^Max open files +(\d+)/m.exec(limits)?.[1] ?? 0)
  } catch {
    return 0 // Not Linux.
  }
}
