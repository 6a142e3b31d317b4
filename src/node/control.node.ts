/**
 * The control channel: the owner's own programs reach the running node through a local socket. They
 * prove that they can read the token in the data folder, and then may everything.
 */
import { randomBytes } from 'node:crypto'
import { background } from '../base/background.ts'
import { messageOf } from '../base/errors.ts'
import { owner } from '../base/policy.ts'
import { acceptDirect, tokenGate } from '../connection/direct.ts'
import { localAddress, localTransport } from '../transport/local.node.ts'
import type { Storage } from '../base/storage.ts'
import type { Connection } from '../connection/connection.ts'
import type { Path } from '../transport/contract.ts'
import type { Node } from './node.ts'

/** The name of the token's file in the data folder. */
const tokenFileName = 'control-token'

const tokenBytes = 32
const handshakeTimeoutMs = 5_000 // A program on this machine answers at once, or hangs.
const maxHalfOpen = 64 // Guess.

/** A control channel that is open. */
export interface ControlChannel {
  /** Closes it, and every program that is connected to it. */
  close(): Promise<void>
}

/**
 * Opens a node's control channel.
 *
 * @param storage - Where the token is kept; a new one each time.
 * @param socketPath - The Unix socket or named pipe.
 * @throws {SkeinError} `ADDRESS_IN_USE` another process has the socket; `STORAGE_FAILED`.
 */
export async function openControlChannel(
  node: Node,
  storage: Storage,
  socketPath: string,
): Promise<ControlChannel> {
  const token = new Uint8Array(randomBytes(tokenBytes))
  await storage.write(tokenFileName, token)
  const refusal = 'the control token is another one; use the data folder of this very node'
  const gate = tokenGate(token, refusal)
  const connections = new Set<Connection>()
  const log = node.log.child({ scope: 'control' })
  const admit = async (path: Path): Promise<void> => {
    try {
      const connection: Connection = await acceptDirect(path, {
        clock: node.clock,
        timeoutMs: handshakeTimeoutMs,
        gate,
        onStream: (stream, joined) => node.objects.acceptDirect(stream, joined, owner),
        onClose: () => void connections.delete(connection),
      })
      connections.add(connection)
    } catch (thrown) {
      log.warn({}, `a program was not let in: ${messageOf(thrown)}`)
    }
  }
  const listener = await localTransport.listen({
    address: localAddress(socketPath),
    maxHalfOpen,
    handshakeTimeoutMs,
    onPath: (path) => background(admit(path), 'let a program in', log),
    onRejected: (_address, reason) => log.warn({}, `a program was not let in: ${reason}`),
  })
  return {
    async close() {
      await listener.close()
      for (const connection of connections) {
        connection.close('NODE_CLOSED', 'the node was closed')
      }
    },
  }
}
