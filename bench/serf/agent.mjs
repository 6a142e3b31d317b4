/**
 * One Skein node as a process: prints a line when it listens, and one for each member that joins, is
 * gone or leaves. Arguments: its number, its port, and the ports of those whom it knows.
 */
import { Node } from '../product.mjs'

const [number, port, ...known] = process.argv.slice(2)
const say = (what, name) => process.stdout.write(`${what} ${name}\n`)
const node = await Node.start({
  label: `n${number}`,
  listen: [`tls://127.0.0.1:${port}`],
  peers: known.map((each) => `tls://127.0.0.1:${each}`),
})
node.on('member:join', ({ id }) => say('join', id))
node.on('member:suspect', ({ id }) => say('suspect', id))
node.on('member:gone', ({ id }) => say('gone', id))
node.on('member:left', ({ id }) => say('left', id))
say('listening', node.id)
