import { expect, test } from 'vitest'
import { Emitter } from '../base/emitter.ts'
import { SkeinError } from '../base/errors.ts'
import { MemoryStorage } from '../base/storage.ts'
import { forwardEvents, type NodeEvents } from './events.ts'
import { prepare } from './prepare.ts'
import type { Log } from '../base/log.ts'
import type { ManagerEvents } from '../connection/manager-events.ts'

test('a dial that fails again and again in the same way is logged once, and heard of each time', async () => {
  const [lines, heard]: [string[], string[]] = [[], []]
  const add = (_fields: object, message: string): void => void lines.push(message)
  const log: Log = { debug: () => undefined, info: add, warn: add, error: add, child: () => log }
  const source = new Emitter<ManagerEvents>(() => undefined)
  const events = new Emitter<NodeEvents>(() => undefined)
  const { people } = await prepare({ storage: new MemoryStorage(), log })
  const info = (): never => expect.unreachable('nobody connects')
  forwardEvents(source, { node: { info }, people, events, log })
  events.on('dial:fail', ({ error }) => void heard.push(error.message))

  for (const [host, text] of [
    ['a', 'nobody listens'],
    ['a', 'nobody listens'],
    ['b', 'nobody listens'],
    ['a', 'unreachable'],
    ['a', 'nobody listens'],
  ]) {
    const error = new SkeinError('DIAL_FAILED', `${host}: ${text}`)
    source.emit('dial:fail', { address: `tls://${host}:1`, error })
  }
  expect(heard).toHaveLength(5)
  const [first, ...others] = ['a: nobody listens', 'b: nobody listens', 'a: unreachable']
  expect(lines).toEqual([first, ...others, first])
})
