/**
 * A node of the laboratory that is started again and again, and says each time how long it took from its
 * start to its first connection.
 *
 *   node discovery-node.mjs stay  KIND          prints a ticket, and stays until its input ends
 *   node discovery-node.mjs start KIND TICKET COUNT
 *
 * KIND is `lan` or `mdns`. No address is kept from one start to the next.
 */
import { MemoryStorage } from '../../dist/base/storage.js'
import { Node } from '../../dist/index.js'

const [, , role, kind, ticket, count] = process.argv
const storage = new MemoryStorage()
const options = {
  ...{ label: role, storage, admit: 'known', listen: ['[::]:0'] },
  discovery: { [kind]: true },
}

if (role === 'stay') {
  const node = await Node.start(options)
  process.stdout.write(`${(await node.invite()).ticket}\n`)
  process.stdin.resume().on('end', () => void node.close())
} else {
  const first = await Node.start({ ...options, discovery: {} })
  await first.join(ticket)
  await first.close()
  for (let run = 0; run < Number(count); run++) {
    await storage.write('peers.json', new TextEncoder().encode('{}'))
    const startMs = performance.now()
    const node = await Node.start(options)
    if (node.peers().length === 0) {
      await new Promise((resolve) => node.on('peer:connect', resolve))
    }
    process.stdout.write(`${(performance.now() - startMs).toFixed(1)}\n`)
    await node.close()
    // Whoever stays has to notice that it went; multicast DNS says the same once a second at most.
    await new Promise((resolve) => setTimeout(resolve, 1_100))
  }
}
