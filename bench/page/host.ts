/**
 * A node that serves the page of a network that is made up; told by its parent what changes.
 *
 *   host COUNT PAGE_FOLDER     says {link} when it serves
 *   {jitter: N}  {change: [at, state]}  {every: [ms, links]}     {memory: true} asks for its own
 */
import { MemoryStorage } from '../../src/base/storage.ts'
import { Node } from '../../src/node/node.ts'
import { NetworkFeed } from '../../src/node/network-feed.ts'
import { WebServer } from '../../src/web/server.node.ts'
import { FakeSource } from './fake-source.ts'
import type { MemberState } from '../../src/membership/snapshot.ts'

interface Order {
  readonly jitter?: number
  readonly change?: readonly [at: number, state: MemberState]
  readonly every?: readonly [intervalMs: number, links: number]
  readonly memory?: true
}

const [count = '5', pageFolder = 'dist/web', port = '0'] = process.argv.slice(2)
const node = await Node.start({ label: 'bench' })
const source = new FakeSource(Number(count), { isHealthy: process.env['HEALTHY'] === '1' })
const feed = new NetworkFeed(source)
;(node as { feed: NetworkFeed }).feed = feed
feed.keepHistory()
const web = await WebServer.start(node, new MemoryStorage(), {
  ...{ host: '127.0.0.1', port: Number(port), pageFolder, origins: [], metrics: 'token' },
})
let timer: NodeJS.Timeout | undefined
process.on('message', ({ jitter, change, every, memory }: Order) => {
  if (jitter !== undefined) source.jitter(jitter)
  if (change !== undefined) source.change(change[0], { state: change[1] })
  if (every !== undefined) {
    clearInterval(timer)
    const [intervalMs, links] = every
    if (intervalMs > 0) timer = setInterval(() => source.jitter(links), intervalMs)
  }
  if (memory === true) process.send?.({ rss: process.memoryUsage.rss() })
})
process.on('disconnect', () => process.exit(0))
process.send?.({ link: web.link })
if (process.send === undefined) console.log(web.link)
