/** A process whose memory is measured, or its counterpart: listens and dials as it is told over IPC. */
import v8 from 'node:v8'
import vm from 'node:vm'
import { dialBare, listenBare } from './bare.mjs'
import { Node } from './product.mjs'

v8.setFlagsFromString('--expose-gc')
const collect = vm.runInNewContext('gc')
const limits = { maxInbound: 10_000, maxOutbound: 10_000, maxHalfOpen: 10_000 }
const atATime = 8
const host = '127.0.0.1'
const held = [] // Nothing is collected while it is measured.

const tasks = {
  async bareListen() {
    const port = await listenBare((socket) => {
      socket.on('data', () => {})
      held.push(socket)
    })
    return [port]
  },
  async bareDial([port], count) {
    await repeat(count, async () => {
      const socket = await dialBare(port, 'm')
      socket.on('data', () => {})
      held.push(socket)
    })
  },
  /** `count` nodes that listen. */
  async listen(_, count) {
    const nodes = []
    await repeat(count, async () => {
      const node = await start({ listen: [`${host}:0`] })
      // A network of its own: others are strangers to it, so what is measured is the connection, and
      // not what members of one network know of each other.
      await node.invite()
      nodes.push(node)
    })
    return nodes.map((node) => node.address)
  },
  /** One node dials each address. */
  async dialAll(addresses) {
    held.node ??= await start({})
    const left = [...addresses]
    await repeat(addresses.length, () => held.node.connect(left.pop()))
  },
  /** `count` nodes dial one address. */
  async dialOne([address], count) {
    await repeat(count, async () => (await start({})).connect(address))
  },
  /** Resident bytes after a thorough collection, and when everything has come to rest. */
  async rss() {
    for (let round = 0; round < 5; round++) {
      collect()
      await new Promise((resolve) => setTimeout(resolve, 60))
    }
    return process.memoryUsage().rss
  },
}

async function start(options) {
  const node = await Node.start({ admit: 'anyone', mesh: false, limits, ...options })
  held.push(node)
  return node
}

async function repeat(count, run) {
  let left = count
  const worker = async () => {
    while (left-- > 0) await run()
  }
  await Promise.all(Array.from({ length: atATime }, worker))
}

process.on('message', ({ task, where, count }) => {
  tasks[task](where, count).then((result) => process.send({ result }))
})
process.on('disconnect', () => process.exit(0))
