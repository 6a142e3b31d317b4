/**
 * `addresses/1`: a node whose listeners changed tells its peers where it can be dialled from now on.
 * One message, a CBOR list of URLs, and the end; nothing is answered.
 */
import { MessageStream } from '../connection/message-stream.ts'
import type { Connection } from '../connection/connection.ts'
import type { Stream } from '../connection/contract.ts'

/** The name under which the stream is opened. */
export const addressesProtocol = 'addresses/1'

const maxMessageBytes = 16_384 // As in the handshake.
const maxAddresses = 32 // As in the handshake.
const maxAddressLength = 256

const nothing = (): void => undefined

/** Tells a peer. */
export function sendAddresses(connection: Connection, addresses: readonly string[]): void {
  const stream = new MessageStream(connection.open(addressesProtocol))
  stream.bind({ onMessage: nothing, onEnd: nothing, onDrain: nothing, onClose: nothing })
  stream.send(addresses)
  stream.stream.end()
}

/** Hears it from a peer. Nonsense resets the stream with `VIOLATION`. */
export function receiveAddresses(
  stream: Stream,
  onAddresses: (addresses: readonly string[]) => void,
): void {
  const messages = new MessageStream(stream, { maxMessageBytes })
  messages.bind({
    onMessage(value) {
      if (isAddresses(value)) onAddresses(value)
      else stream.reset('VIOLATION', 'addresses/1 carries a list of at most 32 URLs')
    },
    onEnd: () => stream.end(),
    onDrain: nothing,
    onClose: nothing,
  })
}

function isAddresses(value: unknown): value is string[] {
  return (
    Array.isArray(value) &&
    value.length <= maxAddresses &&
    value.every(
      (each) =>
        typeof each === 'string' && each.length <= maxAddressLength && /^[a-z]+:\/\//.test(each),
    )
  )
}
