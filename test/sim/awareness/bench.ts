/**
 * One run of `npm run bench -- awareness`, in a process of its own with a heap of its own.
 *
 * Arguments: what (all, calm, busy), members, seed, ms to watch, ms of the partition, and a table of
 * round-trip times, if any.
 */
import { readFileSync } from 'node:fs'
import { AwarenessRun } from './scenarios.ts'
import { regionWorld, tableWorld } from './latency-worlds.ts'

const what = process.argv[2]
const [count = 0, seed = 0, watchMs = 0, partitionMs = 0] = process.argv.slice(3, 7).map(Number)
const table = process.argv[7]
const startMs = performance.now()
const run = new AwarenessRun({
  ...{ seed, count, watchMs, partitionMs, areReportsOff: what === 'calm' },
  latencies: table === undefined ? regionWorld : tableWorld(readFileSync(table, 'utf8')),
  onFigure: (name, value) => {
    const { rss } = process.memoryUsage()
    const wallSeconds = Math.round((performance.now() - startMs) / 1_000)
    const { turns } = run.world.clock
    process.stderr.write(
      `  ${name} ${value === null ? 'never' : Math.round(value)}  (${wallSeconds} s, ${Math.round(rss / 1e6)} MB, ${turns} events)\n`,
    )
  },
})
if (what === 'calm') run.runCalm()
else if (what === 'busy') run.runBusy()
else run.runAll()
const maxRssBytes = process.resourceUsage().maxRSS * 1_024
const { user, system } = process.cpuUsage()
process.send?.({ figures: run.figures, cpuMs: (user + system) / 1_000, maxRssBytes })
process.disconnect?.()
