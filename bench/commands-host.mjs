/**
 * One process of a pair that runs commands: `node commands-host.mjs near|far`. The near one starts the
 * far one, and measures what it is told over IPC; `BENCH_DIST` says of which build both are.
 */
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { Node } from './product.mjs'

const outputBytes = 256 * 2 ** 20
const pollMs = 2
const polls = 300

if (process.argv[2] === 'far') await serve()
else await measure()

async function serve() {
  const node = await Node.start({
    label: 'far',
    listen: ['127.0.0.1:0'],
    admit: 'anyone',
    programs: {
      zeros: { file: 'head', args: ['-c', String(outputBytes), '/dev/zero'] },
      endless: { file: 'cat', args: ['/dev/zero'] },
      count: { file: 'wc', args: ['-c'], stdin: true },
    },
  })
  node.expose('tool', { echo: (value) => value }, { allow: ['role:anyone'], members: ['echo'] })
  process.on('disconnect', () => process.exit(0))
  process.send(node.address)
}

async function measure() {
  const far = fork(fileURLToPath(import.meta.url), ['far'])
  const address = await new Promise((resolve) => far.once('message', resolve))
  const node = await Node.start({ label: 'near' })
  const { id } = await node.connect(address)
  const peer = node.peer(id)
  const tool = peer.object('tool')
  process.on('disconnect', () => process.exit(0))
  process.on('message', async ({ name, amount }) => {
    process.send(await tasks[name](peer, tool, amount))
  })
  process.send('ready')
}

const tasks = {
  /** Commands one after the other: µs each. */
  async sequential(peer, _tool, amount) {
    const startMs = performance.now()
    for (let index = 0; index < amount; index++) await peer.run(['echo', 'hello'])
    return ((performance.now() - startMs) * 1_000) / amount
  },
  /** Commands with 64 under way: a second. */
  async parallel(peer, _tool, amount) {
    let left = amount
    const startMs = performance.now()
    const worker = async () => {
      while (left-- > 0) await peer.run(['echo', 'hello'])
    }
    await Promise.all(Array.from({ length: 64 }, worker))
    return amount / ((performance.now() - startMs) / 1_000)
  },
  /** What a program prints: MB/s. */
  async output(peer) {
    let bytes = 0
    const startMs = performance.now()
    await peer.run(['zeros'], { onOut: (chunk) => void (bytes += chunk.length) })
    return bytes / 1e6 / ((performance.now() - startMs) / 1_000)
  },
  /** What a program reads: MB/s. */
  async input(peer) {
    const chunk = new Uint8Array(64 * 1_024)
    const startMs = performance.now()
    const { text } = await peer.run(['count'], { stdin: chunks(chunk, outputBytes / 2) })
    return Number(text) / 1e6 / ((performance.now() - startMs) / 1_000)
  },
  /** Calls of an object every 2 ms while nothing else travels: µs, sorted. */
  idleCalls: (_peer, tool) => poll(() => tool.echo(1)),
  idleCommands: (peer) => poll(() => peer.run(['echo', 'a'])),
  /** The same while a program prints as fast as it is read. */
  busyCalls: (peer, tool) => beside(peer, () => poll(() => tool.echo(1))),
  busyCommands: (peer) => beside(peer, () => poll(() => peer.run(['echo', 'a']))),
  /** The same while a program's output is taken slowly: it waits here and there. */
  slowCalls: (peer, tool) =>
    beside(
      peer,
      () => poll(() => tool.echo(1)),
      () => pause(20),
    ),
}

async function beside(peer, work, onOut = () => undefined) {
  const abort = new AbortController()
  let bytes = 0
  const running = peer
    .run(['endless'], {
      signal: abort.signal,
      onOut: (chunk) => {
        bytes += chunk.length
        return onOut()
      },
    })
    .catch(() => undefined)
  await pause(200)
  const [before, startMs] = [bytes, performance.now()]
  const times = await work()
  const rate = (bytes - before) / 1e6 / ((performance.now() - startMs) / 1_000)
  abort.abort()
  await running
  return { times, rate }
}

async function poll(ask) {
  const times = []
  const asked = []
  for (let index = 0; index < polls; index++) {
    const startMs = performance.now()
    asked.push(ask().then(() => times.push((performance.now() - startMs) * 1_000)))
    await pause(pollMs)
  }
  await Promise.all(asked)
  return times.toSorted((a, b) => a - b)
}

async function* chunks(chunk, bytes) {
  for (let sent = 0; sent < bytes; sent += chunk.length) yield chunk
}

function pause(forMs) {
  return new Promise((resolve) => setTimeout(resolve, forMs))
}
