/**
 * The far side of every pair, a process of its own: bare TLS and a Skein node, which serve the same.
 *
 *   echo   bytes come back as they are
 *   calls  each message comes back by itself
 *   sink   8 bytes of length (float64), then so many bytes, then one byte back
 */
import { listenBare } from './bare.mjs'
import { Parser, TurnWriter } from './calls.mjs'
import { Node } from './product.mjs'

let sunkBytes = 0

const servers = {
  echo: (write) => write,
  calls: (write) => {
    const parser = new Parser((bytes, at, end) => write(bytes.subarray(at, end)))
    return (chunk) => parser.read(chunk)
  },
  sink: (write) => {
    let missing = 0
    return (chunk) => {
      let bytes = chunk.length
      if (missing === 0) {
        missing = Buffer.from(chunk.buffer, chunk.byteOffset, 8).readDoubleBE()
        bytes -= 8
      }
      missing -= bytes
      sunkBytes += bytes
      if (missing === 0) write(Buffer.from([1]))
    }
  },
}

const modes = { e: 'echo', c: 'calls', s: 'sink' }

const port = await listenBare((socket, mode) => {
  const writer = new TurnWriter(socket)
  const write = mode === 'c' ? (bytes) => writer.send(bytes) : (bytes) => socket.write(bytes)
  socket.on('data', servers[modes[mode]](write))
})

const node = await Node.start({ label: 'far', listen: ['127.0.0.1:0'], admit: 'anyone' })
for (const [name, serve] of Object.entries(servers)) {
  node.serve(`bench-${name}/1`, ['role:anyone'], (stream) => {
    const onData = serve((bytes) => stream.write(bytes))
    stream.bind({ onData, onEnd: () => stream.end(), onDrain() {}, onClose() {} })
  })
}

process.on('message', () => process.send({ cpu: process.cpuUsage(), sunkBytes }))
process.on('disconnect', () => process.exit(0))
process.send({ port, address: node.address })
