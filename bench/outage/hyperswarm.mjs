/** Hyperswarm with its defaults: both peers join a topic; calls and bulk share the one connection. */
import Hyperswarm from 'hyperswarm'
import { lineNames } from './traffic.mjs'

const topic = Buffer.alloc(32, 'outage')
const headBytes = 5

export async function far({ bootstrap }, answerer) {
  await join(bootstrap, (lines) => {
    for (const name of lineNames) answerer.up(name, lines[name])
  })
}

export async function near({ bootstrap }, asker) {
  await join(bootstrap, (lines) => {
    for (const name of lineNames) asker.up(name, lines[name])
  })
}

async function join(bootstrap, onLines) {
  const swarm = new Hyperswarm({ bootstrap })
  swarm.on('connection', (socket) => onLines(split(socket)))
  await swarm.join(topic).flushed()
}

/** Two lines over one socket: a byte says which, four how much follows. */
function split(socket) {
  const lines = lineNames.map((_, at) => ({
    write(bytes) {
      if (socket.destroyed) throw new Error('the socket is gone')
      const head = Buffer.alloc(headBytes)
      head[0] = at
      head.writeUInt32BE(bytes.length, 1)
      return socket.write(Buffer.concat([head, bytes]))
    },
    onData() {},
    onDrain() {},
    onClose() {},
  }))
  let rest = Buffer.alloc(0)
  socket.on('data', (bytes) => {
    rest = Buffer.concat([rest, bytes])
    while (rest.length >= headBytes) {
      const endAt = headBytes + rest.readUInt32BE(1)
      if (rest.length < endAt) return
      lines[rest[0]].onData(rest.subarray(headBytes, endAt))
      rest = rest.subarray(endAt)
    }
  })
  socket.on('drain', () => lines.forEach((line) => line.onDrain()))
  socket.on('error', () => socket.destroy())
  socket.on('close', () => lines.forEach((line) => line.onClose()))
  return Object.fromEntries(lineNames.map((name, at) => [name, lines[at]]))
}
