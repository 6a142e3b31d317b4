/** Skein with its defaults: two streams, opened once. */
import { Socket } from 'node:net'
import { Node } from '../product.mjs'
import { lineNames } from './traffic.mjs'

const everybody = ['role:anyone']

export async function far({ host, port }, answerer) {
  const node = await Node.start({ label: 'far', listen: [`${host}:${port}`], admit: 'anyone' })
  for (const name of lineNames) {
    node.serve(`outage-${name}/1`, everybody, (stream) => answerer.up(name, lineOf(stream)))
  }
  node.command('note', {
    summary: 'Count the call of this number',
    allow: everybody,
    run({ args: [number] }) {
      answerer.run(Number(number))
      return number
    },
  })
}

export async function near({ address, isCommand, shutPort }, asker) {
  if (shutPort !== undefined) shut(shutPort)
  const node = await Node.start({ label: 'near', peers: [address] })
  await node.ready()
  const peer = node.peer('far')
  for (const name of lineNames) {
    if (isCommand && name === 'calls') continue
    const priority = name === 'bulk' ? 'bulk' : 'call'
    asker.up(name, lineOf(await peer.open(`outage-${name}/1`, { priority })))
  }
  return isCommand ? async (number) => (await peer.run(['note', `${number}`])).text : undefined
}

function lineOf(stream) {
  const line = { write: (bytes) => stream.write(bytes), onData() {}, onDrain() {}, onClose() {} }
  stream.bind({
    onData: (bytes) => line.onData(bytes),
    onDrain: () => line.onDrain(),
    onEnd() {},
    onClose: () => line.onClose(),
  })
  return line
}

/** The far node tells where it really listens, and would be dialled there, past the proxy. */
function shut(port) {
  const { connect } = Socket.prototype
  Socket.prototype.connect = function connectUnlessShut(options, ...rest) {
    const target = Array.isArray(options) ? options[0] : options
    if (target.port === port) target.port = 1 // Where nobody listens.
    return connect.call(this, options, ...rest)
  }
}
