import type { Clock } from '../base/clock.ts'
import type { Storage } from '../base/storage.ts'

const fileName = 'incarnation'

/**
 * Numbers this start of the node: max(stored + 1, Unix ms), stored before anybody hears of it, so it
 * grows even when the wall clock runs backwards.
 */
export async function nextIncarnation(storage: Storage, clock: Clock): Promise<number> {
  const content = await storage.read(fileName)
  const stored = content === undefined ? 0 : Number(new TextDecoder().decode(content))
  // A damaged file is as good as none: the wall clock is right on nearly every machine.
  const last = Number.isSafeInteger(stored) && stored > 0 ? stored : 0
  const incarnation = Math.max(last + 1, clock.unixMs(), 1)
  await storage.write(fileName, new TextEncoder().encode(`${incarnation}\n`))
  return incarnation
}
