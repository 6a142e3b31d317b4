/**
 * One worker of `npm run fuzz`: plays exchanges with a session until it is told to stop, and tells its
 * parent. What nobody handles ends it with an exit code, and that is a failure too.
 *
 * Arguments: the first seed and the step to the next one.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { messageOf } from '../base/errors.ts'
import { emptySessionReport, sessionFuzzRound } from './fuzz.test-kit.ts'

const [first = 0, step = 1] = process.argv.slice(2).map(Number)
const batch = 50
const mostHeapBytes = 192 * 2 ** 20 // Guess: three times what is there at the start, and grows no more.

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

let seed = first
for (;;) {
  const report = emptySessionReport()
  for (let left = batch; left > 0; left--, seed += step) {
    process.send?.({ seed })
    try {
      await sessionFuzzRound(seed, report, () => performance.now())
    } catch (thrown) {
      const cause = thrown instanceof Error ? (thrown.stack ?? thrown.message) : messageOf(thrown)
      process.send?.({ failure: `session seed ${seed}: ${cause}` })
    }
  }
  collect()
  const { heapUsed } = process.memoryUsage()
  if (heapUsed > mostHeapBytes) {
    process.send?.({ failure: `session seeds before ${seed}: ${heapUsed} bytes stay` })
    process.exit(0)
  }
  process.send?.({ report: { ...report, violations: [...report.violations], heapUsed } })
  if (!process.connected) process.exit(0)
}
