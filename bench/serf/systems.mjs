/** How a process of each system is started, and what its lines mean. */
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const here = path.dirname(fileURLToPath(import.meta.url))
const firstPort = 21_000
const acquaintances = 4 // Earlier nodes that each is told of.

/** By name: `command` is what to run as process `at` of `count`, `read` what a line of it says. */
export const systems = {
  serf: {
    command: (at) => [
      'serf',
      'agent',
      `-node=n${at}`,
      `-bind=127.0.0.1:${firstPort + at}`,
      `-rpc-addr=127.0.0.1:${firstPort + 2_000 + at}`,
      '-profile=lan',
      '-log-level=info',
      ...(at === 0 ? [] : [`-retry-join=127.0.0.1:${firstPort}`, '-retry-interval=1s']),
    ],
    read(line, at) {
      if (line.includes('Serf agent running')) return { what: 'listening', name: `n${at}` }
      const event = /EventMember(Join|Failed|Leave|Reap): (\S+)/.exec(line)
      if (event === null) return undefined
      const what = { Join: 'join', Failed: 'gone', Leave: 'left', Reap: 'reap' }[event[1]]
      return { what, name: event[2] }
    },
  },
  skein: {
    command: (at) => [
      process.execPath,
      path.join(here, 'agent.mjs'),
      String(at),
      String(firstPort + at),
      ...acquaintancesOf(at).map((each) => String(firstPort + each)),
    ],
    read(line) {
      const [what, name] = line.split(' ')
      return { what, name }
    },
  },
}

/** The one before it, and some spread over all earlier ones. */
function acquaintancesOf(at) {
  const chosen = new Set()
  for (let step = 1; chosen.size < acquaintances && at - step >= 0; step = step * 3 + 1) {
    chosen.add(at - step)
  }
  if (at > 0) chosen.add(Math.floor(at / 2))
  return [...chosen]
}
