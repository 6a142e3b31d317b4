/**
 * One process of a pair: `node rival.mjs near|far skein|libp2p`. The near one starts the far one, and
 * measures a block each time that it is asked: an echo, one at a time, then 64 at a time, and a bulk
 * stream.
 */
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { quantile } from './figures.mjs'

const [side, name] = process.argv.slice(2)
const messageBytes = 64
const writeBytes = 64 * 1_024
const inFlight = 64
const serve = {
  echo: (write) => write,
  /** Eight bytes of length, so many bytes, and one byte back. */
  sink: (write) => {
    let missing = 0
    return (chunk) => {
      let bytes = chunk.length
      if (missing === 0) {
        missing = Buffer.from(chunk.buffer, chunk.byteOffset, 8).readDoubleBE()
        bytes -= 8
      }
      missing -= bytes
      if (missing === 0) write(Buffer.from([1]))
    }
  },
}

const starters = { skein: startSkein, libp2p: startLibp2p }
const system = await starters[name]()
process.on('disconnect', () => process.exit(0))
if (side === 'far') process.send(await system.listen())
else {
  const child = fork(fileURLToPath(import.meta.url), ['far', name])
  const contact = await new Promise((resolve) => child.once('message', resolve))
  const lines = await system.dial(contact)
  process.on('message', async ({ roundTrips, calls, blockBytes }) => {
    const times = await echo(lines.echo, roundTrips)
    const callsPerSecond = await pipeline(lines.echo, calls)
    const megabytesPerSecond = await bulk(lines.sink, blockBytes)
    const [p50, p99] = [quantile(times, 0.5), quantile(times, 0.99)]
    process.send({ p50, p99, callsPerSecond, megabytesPerSecond })
  })
  process.send('ready')
}

async function startSkein() {
  const { Node } = await import('./product.mjs')
  return {
    async listen() {
      const node = await Node.start({ label: 'far', listen: ['127.0.0.1:0'], admit: 'anyone' })
      for (const [kind, start] of Object.entries(serve)) {
        node.serve(`bench-${kind}/1`, ['role:anyone'], (stream) => {
          const onData = start((bytes) => stream.write(bytes))
          stream.bind({ onData, onEnd() {}, onDrain() {}, onClose() {} })
        })
      }
      return node.address
    },
    async dial(contact) {
      const node = await Node.start({ label: 'near' })
      const { id } = await node.connect(contact)
      const open = async (kind, options) => {
        const stream = await node.peer(id).open(`bench-${kind}/1`, options)
        const line = { write: (bytes) => stream.write(bytes), onData() {}, onDrain() {} }
        stream.bind({
          onData: (bytes) => line.onData(bytes),
          onDrain: () => line.onDrain(),
          onEnd() {},
          onClose() {},
        })
        return line
      }
      return { echo: await open('echo'), sink: await open('sink', { priority: 'bulk' }) }
    },
  }
}

async function startLibp2p() {
  const { noise } = await import('@chainsafe/libp2p-noise')
  const { yamux } = await import('@chainsafe/libp2p-yamux')
  const { tcp } = await import('@libp2p/tcp')
  const { multiaddr } = await import('@multiformats/multiaddr')
  const { createLibp2p } = await import('libp2p')
  const create = (listen) =>
    createLibp2p({
      addresses: { listen },
      transports: [tcp()],
      connectionEncrypters: [noise()],
      streamMuxers: [yamux()],
    })
  const lineOf = (stream) => {
    const line = { write: (bytes) => stream.send(bytes), onData() {}, onDrain() {} }
    stream.addEventListener('message', ({ data }) => line.onData(data.subarray()))
    stream.addEventListener('drain', () => line.onDrain())
    return line
  }
  return {
    async listen() {
      const node = await create(['/ip4/127.0.0.1/tcp/0'])
      for (const [kind, start] of Object.entries(serve)) {
        await node.handle(`/bench-${kind}/1`, (stream) => {
          const line = lineOf(stream)
          line.onData = start((bytes) => line.write(bytes))
        })
      }
      return node.getMultiaddrs()[0].toString()
    },
    async dial(contact) {
      const node = await create([])
      const open = async (kind) =>
        lineOf(await node.dialProtocol(multiaddr(contact), `/bench-${kind}/1`))
      return { echo: await open('echo'), sink: await open('sink') }
    },
  }
}

/** The sorted round-trip times of `count` messages, one at a time, µs. */
function echo(line, count) {
  const times = new Float64Array(count)
  const message = new Uint8Array(messageBytes)
  let done = 0
  let missing = messageBytes
  let startMs = 0
  return new Promise((resolve) => {
    line.onData = (bytes) => {
      missing -= bytes.length
      if (missing > 0) return
      missing = messageBytes
      times[done++] = (performance.now() - startMs) * 1_000
      if (done === count) return resolve(times.toSorted())
      startMs = performance.now()
      line.write(message)
    }
    startMs = performance.now()
    line.write(message)
  })
}

/** Echoes a second with 64 messages on their way, each a write of its own. */
function pipeline(line, count) {
  const message = new Uint8Array(messageBytes)
  let sent = 0
  let received = 0
  const startMs = performance.now()
  return new Promise((resolve) => {
    line.onData = (bytes) => {
      received += bytes.length
      const done = Math.floor(received / messageBytes)
      if (done === count) return resolve(count / ((performance.now() - startMs) / 1_000))
      for (; sent < count && sent < done + inFlight; sent++) line.write(message)
    }
    for (; sent < inFlight; sent++) line.write(message)
  })
}

/** Sends `total` bytes until the far side has them all; returns MB/s. */
function bulk(line, total) {
  const head = Buffer.alloc(8)
  head.writeDoubleBE(total)
  const chunk = new Uint8Array(writeBytes)
  const startMs = performance.now()
  let left = total
  return new Promise((resolve) => {
    const pump = () => {
      while (left > 0) {
        left -= chunk.length
        if (!line.write(chunk)) return
      }
    }
    line.onData = () => resolve(total / 1e3 / (performance.now() - startMs))
    line.onDrain = pump
    line.write(head)
    pump()
  })
}
