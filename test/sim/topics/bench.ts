/**
 * One cell of `npm run bench -- topics`, in a process of its own with a heap of its own.
 *
 * Arguments: nodes, senders, share of segments lost, messages, ms between two, seed.
 */
import { measureTopics } from './scenarios.ts'

const [count = 0, senders = 0, loss = 0, messages = 0, everyMs = 0, seed = 0] = process.argv
  .slice(2, 8)
  .map(Number)
const figures = measureTopics({ seed, count, senders, loss, messages, everyMs })
const { user, system } = process.cpuUsage()
const maxRssBytes = process.resourceUsage().maxRSS * 1_024
process.send?.({ figures, cpuMs: Math.round((user + system) / 1_000), maxRssBytes })
process.disconnect?.()
