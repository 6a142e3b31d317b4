/**
 * One worker of `npm run soak`: plays the worlds of its seeds and tells its parent of each.
 *
 * Arguments: the first seed, the step to the next one, and how many.
 */
import { messageOf } from '../../src/base/errors.ts'
import { chaos } from './chaos.ts'

const [first = 0, step = 1, count = 0] = process.argv.slice(2).map(Number)

for (let index = 0; index < count; index++) {
  const seed = first + index * step
  try {
    process.send?.({ seed, report: await chaos(seed) })
  } catch (thrown) {
    process.send?.({ seed, failure: messageOf(thrown) })
  }
}
process.disconnect()
