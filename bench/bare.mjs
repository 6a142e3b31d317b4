/** The control of each pair: `node:tls` and nothing else, under the same keys and settings. */
import tls from 'node:tls'
import { makeCredentials } from './product.mjs'

const settings = {
  ...(await makeCredentials()),
  minVersion: 'TLSv1.3',
  ALPNProtocols: ['bare/1'],
  rejectUnauthorized: false,
}

/** Listens on a free port of this machine. `serve(socket, mode)` gets the byte that a dialler sent first. */
export async function listenBare(serve) {
  const server = tls.createServer({ ...settings, requestCert: true, noDelay: true }, (socket) => {
    socket.on('error', () => socket.destroy())
    socket.once('data', (first) => {
      serve(socket, String.fromCharCode(first[0]))
      socket.write('k')
    })
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server.address().port
}

/** Dials, asks for a mode, and returns the socket when the far side is ready. */
export async function dialBare(port, mode) {
  const socket = tls.connect({ ...settings, port, host: '127.0.0.1' })
  socket.setNoDelay(true)
  await new Promise((resolve, reject) =>
    socket.once('secureConnect', resolve).once('error', reject),
  )
  socket.write(mode)
  await new Promise((resolve) => socket.once('data', resolve))
  return socket
}
