import type { Socket } from 'node:net'
import { afterAwake, systemClock } from '../base/clock.ts'
import type { DialOptions, Path } from './contract.ts'
import { dialFailure, dialTimeout } from './socket-failure.node.ts'

/** What turns a socket that is connecting into a path. */
export interface DialSocketOptions extends DialOptions {
  readonly address: string
  /** The event after which the far side can be judged. */
  readonly readyEvent: 'connect' | 'secureConnect'
  /** Makes the path, or throws why the far side is not the wanted one. */
  readonly makePath: () => Path
}

/**
 * Waits until a socket is ready, within the deadline of the dial, and makes the path.
 *
 * The path is made within the socket's own event, so nothing that arrives can fall between. A socket
 * that comes to nothing is destroyed.
 */
export function dialSocket(socket: Socket, options: DialSocketOptions): Promise<Path> {
  const { address, readyEvent, makePath, signal, timeoutMs } = options
  return new Promise((resolve, reject) => {
    const onLate = (): void => fail(dialTimeout(address, timeoutMs))
    const timer = afterAwake(systemClock, timeoutMs, onLate)
    const settle = (): void => {
      timer.cancel()
      signal?.removeEventListener('abort', onAbort)
      socket.off(readyEvent, onReady).off('error', onError).off('close', onClose)
    }
    const fail = (reason: unknown): void => {
      settle()
      socket.on('error', ignoreLateError).destroy()
      // An abort's reason is whatever the caller gave, as with every signal.
      // oxlint-disable-next-line typescript/prefer-promise-reject-errors
      reject(reason)
    }
    const onReady = (): void => {
      try {
        const path = makePath()
        settle()
        resolve(path)
      } catch (thrown) {
        fail(thrown)
      }
    }
    const onAbort = (): void => fail(signal?.reason)
    const onError = (error: Error): void => fail(dialFailure(address, error))
    const onClose = (): void => fail(dialFailure(address, new Error('ended by peer')))
    socket.on(readyEvent, onReady).on('error', onError).on('close', onClose)
    signal?.addEventListener('abort', onAbort)
    if (signal?.aborted) onAbort()
  })
}

/** The dial has failed already, with the reason that came first. */
function ignoreLateError(): void {}
