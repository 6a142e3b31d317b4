/**
 * One worker of `npm run soak`: plays the worlds of its seeds and tells its parent of each.
 *
 * Arguments: the first seed, the step to the next one, how many, and 1 for worlds that crash a lot.
 */
import { messageOf } from '../../src/base/errors.ts'
import { chaos } from './chaos.ts'

const [first = 0, step = 1, count = 0, crashes = 0] = process.argv.slice(2).map(Number)

for (let index = 0; index < count; index++) {
  const seed = first + index * step
  try {
    process.send?.({ seed, report: await chaos(seed, { isCrashy: crashes === 1 }) })
  } catch (thrown) {
    process.send?.({ seed, failure: messageOf(thrown) })
  }
}
process.disconnect()
