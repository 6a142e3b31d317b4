/**
 * One worker of `npm run fuzz`: plays seeds until it is told to stop, and tells its parent.
 *
 * Arguments: the first seed and the step to the next one.
 */
import { messageOf } from '../base/errors.ts'
import { emptyReport, fuzzRound } from './fuzz.test-kit.ts'

const [first = 0, step = 1] = process.argv.slice(2).map(Number)
const batch = 200

function play(seed: number): void {
  const report = emptyReport()
  for (let index = 0; index < batch; index++) {
    try {
      fuzzRound(seed + index * step, report, () => performance.now())
    } catch (thrown) {
      const cause = thrown instanceof Error ? (thrown.stack ?? thrown.message) : messageOf(thrown)
      process.send?.({ failure: `seed ${seed + index * step}: ${cause}` })
    }
  }
  process.send?.({ report: { ...report, violations: [...report.violations] } })
  setImmediate(play, seed + batch * step)
}

play(first)
process.on('disconnect', () => process.exit(0))
