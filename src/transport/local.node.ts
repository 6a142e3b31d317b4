/**
 * Paths between processes of one user on one machine: a Unix socket, on Windows a named pipe.
 *
 * It proves no key: the file is this user's alone (mode 0600), and whoever speaks on it proves a token
 * in the handshake.
 */
import { chmod, lstat, rm } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import type { Server, Socket } from 'node:net'
import { dirname, isAbsolute } from 'node:path'
import { SkeinError } from '../base/errors.ts'
import { makeFolder } from '../base/folder-storage.node.ts'
import type { ListenOptions, Listener, Path, Transport } from './contract.ts'
import { dialSocket } from './dial-socket.node.ts'
import { listenOn } from './listen-socket.node.ts'
import { listenFailure } from './socket-failure.node.ts'
import { SocketPath } from './socket-path.node.ts'

const scheme = 'local'
const socketPathBytesMax = 103 // sockaddr_un on macOS, less the ending zero; Linux has 107.
const probeTimeoutMs = 1_000 // Guess: a living process on this machine accepts at once.

/** The transport `local`. */
export const localTransport: Transport = { scheme, dial, listen }

/** Writes a file path as an address: `local:///run/user/1000/skein.sock`. */
export function localAddress(path: string): string {
  return `${scheme}://${path}`
}

/** Tells whether a socket at `path` can be listened on everywhere; longer ones are cut by Node 20. */
export function isLocalPathShort(path: string): boolean {
  return Buffer.byteLength(path) <= socketPathBytesMax
}

async function dial(address: string, options: Parameters<Transport['dial']>[1]): Promise<Path> {
  const path = socketPath(address, 'DIAL_FAILED')
  const socket = connect({ path })
  const makePath = (): Path => localPath(socket, address)
  return dialSocket(socket, { ...options, address, readyEvent: 'connect', makePath })
}

async function listen(options: ListenOptions): Promise<Listener> {
  const { address, onPath, onRejected } = options
  const path = socketPath(address, 'CONFIG_INVALID')
  const server = createServer((socket) => onPath(localPath(socket, address)))
  try {
    if (!isPipe(path)) await makeFolder(dirname(path))
    await listenTakingOver(server, path)
    if (!isPipe(path)) await chmod(path, 0o600)
  } catch (thrown) {
    server.close()
    throw listenFailure(address, thrown as Error)
  }
  server.on('error', (error) => onRejected(address, error.message))
  return {
    addresses: [address],
    async close() {
      server.close() // Removes the file; the callback would wait for every path.
      await new Promise((resolve) => setImmediate(resolve))
    },
  }
}

/**
 * Listens, and takes the place of a socket whose process died.
 *
 * Two that find the same dead one could remove each other's: the lock of the data folder prevents it.
 */
async function listenTakingOver(server: Server, path: string): Promise<void> {
  try {
    await listenOn(server, { path })
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException
    if (code !== 'EADDRINUSE' || isPipe(path) || !(await isDead(path))) throw thrown
    if ((await lstat(path).catch(ignore))?.isDirectory())
      throw new SkeinError(
        'CONFIG_INVALID',
        'there is a folder in place of the socket; move it away',
      )
    await rm(path, { force: true })
    await listenOn(server, { path })
  }
}

function ignore(): undefined {
  // Gone meanwhile: so much the better.
}

/** Tells whether nobody listens on a socket file: only a refusal proves it. */
function isDead(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path })
    const answer = (isRefused: boolean): void => {
      socket.destroy()
      resolve(isRefused)
    }
    socket.setTimeout(probeTimeoutMs, () => answer(false))
    socket.on('connect', () => answer(false))
    socket.on('error', (error: NodeJS.ErrnoException) => answer(error.code === 'ECONNREFUSED'))
  })
}

/** Makes a path of a socket that is connected to a node's own, or will be. */
export function localPath(socket: Socket, remoteAddress: string): Path {
  return new SocketPath(socket, { kind: scheme, remoteAddress, isLocal: true })
}

function socketPath(address: string, code: 'CONFIG_INVALID' | 'DIAL_FAILED'): string {
  const path = address.startsWith(`${scheme}://`) ? address.slice(`${scheme}://`.length) : ''
  // Windows knows pipes by name, not by place: the whole path becomes the name.
  if (process.platform === 'win32') return `\\\\.\\pipe\\${path.replaceAll(/[\\/:]+/g, '-')}`
  if (!isAbsolute(path))
    throw new SkeinError(code, `${address} is not an address like local:///run/skein.sock`)
  if (!isLocalPathShort(path))
    throw new SkeinError(
      code,
      `${address}: the path of a socket has at most ${socketPathBytesMax} bytes; use a shorter one`,
    )
  return path
}

function isPipe(path: string): boolean {
  return path.startsWith('\\\\.\\pipe\\')
}
