import { expect, test } from 'vitest'
import { emptySessionReport, sessionFuzzRound } from './fuzz.test-kit.ts'

// `npm run fuzz` plays as many as there is time for.
const rounds = 60
const first = Number(process.env['SEED'] ?? 0)

test(`[O1, O2, O5, O11, O24] sessions from seeds ${first} on bear whatever a peer sends`, async () => {
  const report = emptySessionReport()
  for (let seed = first; seed < first + rounds; seed++) {
    try {
      await sessionFuzzRound(seed, report, () => performance.now())
    } catch (thrown) {
      throw new Error(`seed ${seed}`, { cause: thrown })
    }
  }
  expect(report.values).toBe(rounds)
  expect(report.inputs).toBeGreaterThan(rounds * 20)
  expect(report.violations.size).toBeGreaterThan(5)
})
