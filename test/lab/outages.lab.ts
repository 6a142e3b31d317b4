/**
 * Outages as networks have them, between two machines of a laboratory: a program that prints a line a
 * second for a minute, calls and a bulk stream go through all of them, and a table says how long after
 * the end of each the first call was answered.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, describe, expect, test } from 'vitest'
import { linesOf, Machine } from '../e2e/machine.ts'
import { Traffic, trafficPrograms } from '../e2e/traffic.ts'
import { hasFirewall, hosts, LabNetwork, labProblem } from './network.ts'
import type { Launched } from '../e2e/processes.ts'
import type { Place } from './network.ts'

const problem = labProblem()
if (problem !== undefined) console.warn(`the laboratory is closed: ${problem}`)
else if (!hasFirewall()) console.warn('no firewall is tried: there is no nft (nftables)')

const port = 14_590
const seconds = [5, 7, 30, 90]
const bulkChars = 20_000_000
const callLeadMs = 1_000 // The call that is measured waits so long for the end of the outage.

interface Outage {
  readonly name: string
  start(lab: Lab, traffic: Traffic): void
  /** Absent where it is over at once, and what follows is no outage but the way back. */
  readonly end?: (lab: Lab, traffic: Traffic) => void
}

const outages: readonly Outage[] = [
  {
    name: 'the cable pulled',
    start: ({ network }) => network.setCable(false),
    end: ({ network }) => network.setCable(true),
  },
  {
    name: 'the port off the switch',
    start: ({ network }) => network.setPort(false),
    end: ({ network }) => network.setPort(true),
  },
  {
    name: 'a firewall that drops',
    start: ({ network }) => network.setFirewall(true),
    end: ({ network }) => network.setFirewall(false),
  },
  {
    name: 'the one who answers asleep',
    start: ({ bob }) => bob.signal('SIGSTOP'),
    end: ({ bob }) => bob.signal('SIGCONT'),
  },
  {
    name: 'the one who asks asleep',
    start: ({ alice }, traffic) => {
      for (const asleep of [alice, traffic]) asleep.signal('SIGSTOP')
    },
    end: ({ alice }, traffic) => {
      for (const awake of [alice, traffic]) awake.signal('SIGCONT')
    },
  },
]

/** Alice, who dials and does not listen, and bob, each on a machine of the laboratory. */
class Lab implements AsyncDisposable {
  readonly network = new LabNetwork()
  readonly machine = new Machine()
  readonly alice: Launched
  readonly bob: Launched

  private constructor() {
    const shared = 'network.admit = "anyone"\nlog.level = "debug"\n'
    const listen = `network.listen = { host = "${hosts.bob}", port = ${port} }\n`
    const dial = `network.listen.enabled = false\nnetwork.peers = ["${hosts.bob}:${port}"]\n`
    this.bob = this.#launch('bob', `${shared}${listen}${trafficPrograms}`)
    this.alice = this.#launch('alice', `${shared}${dial}`)
  }

  static async start(): Promise<Lab> {
    const lab = new Lab()
    await lab.alice.printed('"msg":"connected"')
    return lab
  }

  /** Starts a call through alice's node to bob's. */
  call(): Promise<{ readonly stdout: string; readonly stderr: string }> {
    return this.machine.skein(['-p', 'alice', '@bob', 'echo', 'here'])
  }

  /** What the nodes logged of connections that ended. */
  get disconnects(): readonly string[] {
    return [this.alice, this.bob].flatMap(({ stderr }) =>
      linesOf(stderr).filter((line) => line.includes('"msg":"disconnected')),
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.machine.close()
    } finally {
      this.network.close()
    }
  }

  #launch(place: Place, toml: string): Launched {
    this.machine.write(`config/network/${place}.toml`, toml)
    const namespace = this.network.namespace(place)
    return this.machine.shell(
      `exec ip netns exec ${namespace} "$NODE" "$SKEIN" up --no-prompt -p ${place}`,
    )
  }
}

/** Milliseconds from the end of an outage to the first answer, by the name of the outage. */
const answeredMs = new Map<string, Map<number, number>>()

function note(name: string, outageSeconds: number, tookMs: number): void {
  const row = answeredMs.get(name) ?? new Map<number, number>()
  answeredMs.set(name, row.set(outageSeconds, tookMs))
}

afterAll(() => {
  const header = `${'end → first answer, ms'.padEnd(30)}${seconds.map((s) => `${s} s`.padStart(8)).join('')}`
  const rows = [...answeredMs].map(([name, row]) => {
    return `${name.padEnd(30)}${seconds.map((s) => `${row.get(s) ?? '–'}`.padStart(8)).join('')}`
  })
  if (rows.length > 0) console.log([header, ...rows].join('\n'))
})

describe.skipIf(problem !== undefined)('in the laboratory', () => {
  const possible = outages.filter(({ name }) => hasFirewall() || !name.includes('firewall'))
  const cases = seconds.flatMap((outageSeconds) =>
    possible.map((outage) => [outage.name, outageSeconds, outage] as const),
  )

  test.concurrent.each(cases)('%s for %i s is a pause', async (name, outageSeconds, outage) => {
    await using lab = await Lab.start()
    const callsMs = [2_000, outageSeconds * 1_000 + 3_000]
    const traffic = new Traffic({
      ...{ machine: lab.machine, from: 'alice', to: 'bob', lines: 60, periodMs: 1_000, callsMs },
    })
    await traffic.isUnderWay(3)
    await traffic.bulk(bulkChars)
    outage.start(lab, traffic)
    await delay(outageSeconds * 1_000 - callLeadMs)
    const call = lab.call()
    await delay(callLeadMs)
    outage.end?.(lab, traffic)
    const endMs = performance.now()
    expect(await call).toMatchObject({ stdout: 'here\n', stderr: '' })
    note(name, outageSeconds, Math.round(performance.now() - endMs))
    await traffic.isComplete()
    expect(lab.disconnects).toEqual([])
  })

  test.concurrent('another address of the one who dials is a pause', async () => {
    await using lab = await Lab.start()
    const traffic = new Traffic({
      ...{ machine: lab.machine, from: 'alice', to: 'bob', lines: 60, periodMs: 1_000 },
      callsMs: [2_000, 10_000],
    })
    await traffic.isUnderWay(3)
    await traffic.bulk(bulkChars)
    lab.network.move()
    const startMs = performance.now()
    expect(await lab.call()).toMatchObject({ stdout: 'here\n', stderr: '' })
    note('another address', seconds[0] ?? 0, Math.round(performance.now() - startMs))
    await traffic.isComplete()
    expect(lab.disconnects).toEqual([])
  })
})
