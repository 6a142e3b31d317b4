import { expect, test } from 'vitest'
import { emptyReport, fuzzRound } from './fuzz.test-kit.ts'

// `npm run fuzz` plays as many as there is time for.
const rounds = 400
const first = Number(process.env['SEED'] ?? 0)

test(`[V15] [V35] values from seeds ${first} on, and what an enemy makes of them, harm nothing`, () => {
  const report = emptyReport()
  for (let seed = first; seed < first + rounds; seed++) {
    try {
      fuzzRound(seed, report, () => performance.now())
    } catch (thrown) {
      throw new Error(`seed ${seed}`, { cause: thrown })
    }
  }
  expect(report.inputs).toBeGreaterThan(rounds * 20)
  expect(report.accepted).toBeGreaterThan(rounds)
  expect(report.violations.size).toBeGreaterThan(30)
})
