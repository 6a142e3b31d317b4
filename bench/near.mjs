/**
 * The near side of a pair: a process that starts the far one and measures. `main.mjs` starts it, on
 * one core where the benchmark says so; the far process inherits that.
 */
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { dialBare } from './bare.mjs'
import { Node } from './product.mjs'

/** Starts the far process and a node here that is connected to it. */
export async function startPair() {
  const child = fork(fileURLToPath(new URL('far.mjs', import.meta.url)), { execArgv: farArgs() })
  const { port, address } = await nextMessage(child)
  const node = await Node.start({ label: 'near' })
  const { id } = await node.connect(address)
  return {
    /** A bare socket in one of the far side's modes. */
    dialBare: (mode) => dialBare(port, mode),
    /** A Skein stream to the same. `onData` may be set later. */
    async open(name, options) {
      const stream = await node.peer(id).open(`bench-${name}/1`, options)
      const handler = { onData() {}, onEnd() {}, onDrain() {}, onClose() {} }
      stream.bind({
        onData: (bytes) => handler.onData(bytes),
        onEnd: () => handler.onEnd(),
        onDrain: () => handler.onDrain(),
        onClose: (error) => handler.onClose(error),
      })
      return { stream, handler }
    },
    /** What the far side has used and taken so far. */
    async farState() {
      child.send('state')
      return nextMessage(child)
    },
    async close() {
      await node.close()
      child.disconnect()
    },
  }
}

function farArgs() {
  return (process.env.BENCH_FAR_ARGS ?? '').split(' ').filter((word) => word !== '')
}

function nextMessage(child) {
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the far side ended with code ${code}`)))
    child.once('message', (message) => {
      child.removeAllListeners('exit')
      resolve(message)
    })
  })
}
