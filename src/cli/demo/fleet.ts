/** The five nodes: their processes, what each says of the others, and what happened to them. */
import { SkeinError } from '../../base/errors.ts'
import { followLinks, formatSeconds } from './links.ts'
import { NodeProcess } from './node-process.node.ts'
import { pageProfile } from './plan.ts'
import { watchNode } from './watch.node.ts'
import type { PeerInfo } from '../../node/peer.ts'
import type { Links } from './links.ts'
import type { NodeNews } from './watch.node.ts'
import type { PlannedNode } from './plan.ts'
import type { DemoEvent, DemoState, LinkView, NodeStatus, NodeView } from './state.ts'

/** What the fleet is made from. */
export interface FleetSetup {
  readonly plan: readonly PlannedNode[]
  /** The folder that holds `network/`. */
  readonly configFolder: string
  /** The built command. */
  readonly program: string
  readonly env: NodeJS.ProcessEnv
}

interface Member {
  readonly planned: PlannedNode
  readonly process: NodeProcess
  status: NodeStatus
  startMs: number
  id: string | undefined
  peers: readonly PeerInfo[]
  /** IDs of members that it calls gone. */
  gone: ReadonlySet<string>
  watching: AbortController
}

const intervalMs = 500 // Twice a second: as often as a person can read.
const hurriedIntervalMs = 100 // While something happens that somebody waits to see.
const hurryMs = 3_000 // Guess: a node that was started is connected by then.
const graceMs = 2_000 // Guess: a node closes in 20 ms; one that does not is stuck.
const maxEvents = 200 // More than any terminal has lines.

/** See the file's head. */
export class Fleet {
  /** Rejects when a node ended before it ever ran: then nothing can be shown. */
  readonly failed: Promise<never>
  /** Called at every change. */
  onChange: () => void = () => undefined
  readonly #setup: FleetSetup
  readonly #members: readonly Member[]
  readonly #events: DemoEvent[] = []
  #links: Links = new Map()
  /** Names of nodes that all others called gone. */
  readonly #gone = new Set<string>()
  #fail: (error: SkeinError) => void = () => undefined
  #hurryUntilMs = 0
  #page: string | undefined
  #isStopping = false

  constructor(setup: FleetSetup) {
    this.#setup = setup
    this.failed = new Promise((_resolve, reject) => {
      this.#fail = reject
    })
    this.failed.catch(() => undefined) // Whoever waits sees it; nobody need wait.
    this.#members = setup.plan.map((planned) => this.#makeMember(planned))
  }

  /** Starts all five. */
  start(): void {
    for (const member of this.#members) this.#startMember(member)
  }

  /** What is so now. */
  get state(): DemoState {
    const page = this.#page === undefined ? {} : { page: this.#page }
    const nodes = this.#members.map((member) => this.#view(member))
    return { nodes, events: [...this.#events], ...page }
  }

  /** Pairs whose link is not open, and measured, at both ends: each is to be connected to each. */
  get missingLinks(): readonly string[] {
    const { nodes } = this.state
    const isOpen = (one: NodeView, other: NodeView): boolean => {
      const link = one.links.get(other.name)
      return link?.state === 'open' && link.rttMicros !== undefined
    }
    return nodes.flatMap((one, index) =>
      nodes
        .slice(index + 1)
        .filter((other) => !isOpen(one, other) || !isOpen(other, one))
        .map((other) => `${one.name}–${other.name}`),
    )
  }

  /** Nodes that do not run any more, in the words of an error. */
  get gone(): readonly string[] {
    return this.#members.flatMap(({ planned, status }) =>
      status === 'killed' || status === 'ended' ? [planned.name] : [],
    )
  }

  /** Kills the node of a key, hard; one that is dead is started again. */
  toggle(key: string): void {
    const member = this.#members.find(({ planned }) => planned.key === key)
    if (member === undefined || this.#isStopping) return
    const { planned, process: child, status } = member
    if (status === 'killed' || status === 'ended') {
      this.#say(`${planned.name} is started again`)
      member.status = 'starting'
      // A process that was killed a moment ago is still about to go.
      void child.kill().then(() => this.#startMember(member))
      return
    }
    this.#say(`${planned.name} is killed (SIGKILL to process ${child.pid ?? 'unknown'})`)
    member.status = 'killed'
    this.#forget(member)
    this.#hurry()
    void child.kill()
  }

  /** Ends all five in good order. Resolves when no process is left. */
  async stop(): Promise<void> {
    this.#isStopping = true
    for (const { watching } of this.#members) watching.abort()
    await Promise.all(this.#members.map((member) => member.process.stop(graceMs)))
  }

  /** Ends all five at once: for the last moment of this process. */
  killAll(): void {
    this.#isStopping = true
    for (const member of this.#members) void member.process.kill()
  }

  #makeMember(planned: PlannedNode): Member {
    const { program, configFolder, env } = this.#setup
    const argv = [program, 'up', '-c', configFolder, '-p', planned.name, '--no-prompt']
    const member: Member = {
      planned,
      process: new NodeProcess({
        argv: [...argv, ...planned.settings.flatMap((setting) => ['-s', setting])],
        env,
        onEnd: (reason) => this.#onEnd(member, reason),
      }),
      status: 'starting',
      startMs: 0,
      id: undefined,
      peers: [],
      gone: new Set(),
      watching: new AbortController(),
    }
    return member
  }

  #startMember(member: Member): void {
    if (this.#isStopping || member.status !== 'starting') return
    member.startMs = performance.now()
    member.watching = new AbortController()
    member.process.start()
    this.#hurry()
    void watchNode({
      profile: member.planned.name,
      hasPage: member.planned.name === pageProfile,
      signal: member.watching.signal,
      intervalMs: () => (performance.now() < this.#hurryUntilMs ? hurriedIntervalMs : intervalMs),
      onNews: (news) => this.#onNews(member, news),
      onSilence: () => this.#onSilence(member),
    })
    this.onChange()
  }

  #onNews(member: Member, { id, peers, nodes, page }: NodeNews): void {
    this.#page = page ?? this.#page
    const { planned, process: child, status, startMs } = member
    if (status !== 'running') {
      const how =
        status === 'silent'
          ? 'answers again'
          : `runs after ${formatSeconds(performance.now() - startMs)} (process ${child.pid ?? ''})`
      this.#say(`${planned.name} ${how}`)
      this.#hurry()
    }
    const gone = new Set(nodes.filter(({ state }) => state === 'gone').map((each) => each.id))
    Object.assign(member, { status: 'running', id, peers, gone })
    this.#follow()
  }

  #onSilence(member: Member): void {
    if (member.status !== 'running') return
    member.status = 'silent'
    member.peers = []
    this.#say(`${member.planned.name} does not answer`)
  }

  #onEnd(member: Member, reason: string): void {
    if (this.#isStopping) return
    this.#forget(member)
    if (member.status !== 'killed' && member.status !== 'ended') {
      const hasRun = member.id !== undefined
      member.status = 'ended'
      this.#say(`${member.planned.name} ended: ${reason}`)
      if (!hasRun) {
        const text = `${member.planned.name} could not start: ${reason}`
        this.#fail(new SkeinError('NODE_CLOSED', text))
      }
    }
    this.onChange()
  }

  /** Drops what a node said that is gone. */
  #forget(member: Member): void {
    member.watching.abort()
    member.peers = []
    member.gone = new Set()
  }

  #view({ planned, process: child, status, peers, gone }: Member): NodeView {
    const names = new Map(this.#members.map((member) => [member.id, member.planned.name]))
    const links = peers.flatMap(({ id, state, suspendedMs, rttMicros }): [string, LinkView][] => {
      const name = names.get(id)
      if (name === undefined || state === 'closed') return []
      return [[name, { state, suspendedMs, ...(rttMicros === undefined ? {} : { rttMicros }) }]]
    })
    return {
      name: planned.name,
      key: planned.key,
      status,
      port: planned.listen.port,
      lives: child.lives,
      links: new Map(links),
      gone: new Set([...gone].flatMap((id) => names.get(id) ?? [])),
      ...(child.pid === undefined || status === 'killed' ? {} : { pid: child.pid }),
    }
  }

  #follow(): void {
    const { links, texts } = followLinks(this.#links, this.state.nodes, performance.now())
    this.#links = links
    if (texts.length > 0) this.#hurry()
    for (const text of texts) this.#say(text)
    this.#followGone()
    this.onChange()
  }

  /** Tells when the last of those that run calls a node gone. */
  #followGone(): void {
    const { nodes } = this.state
    const running = nodes.filter(({ status }) => status === 'running')
    for (const { name } of nodes) {
      const others = running.filter((node) => node.name !== name)
      const isGone = others.length > 0 && others.every(({ gone }) => gone.has(name))
      if (isGone && !this.#gone.has(name)) this.#say(`${name} is gone, say all others`)
      if (isGone) this.#gone.add(name)
      else if (!others.some(({ gone }) => gone.has(name))) this.#gone.delete(name)
    }
  }

  #hurry(): void {
    this.#hurryUntilMs = performance.now() + hurryMs
  }

  #say(text: string): void {
    this.#events.push({ time: new Date().toTimeString().slice(0, 8), text })
    if (this.#events.length > maxEvents) this.#events.shift()
    this.onChange()
  }
}
