import type { Stream } from '../connection/contract.ts'

/** The number that a long message begins with, bytes. */
export const keyBytes = 4

/** Sends a long message on a stream of its own. */
export function sendLarge(stream: Stream, key: number, parts: readonly Uint8Array[]): void {
  stream.bind({
    onData: () => undefined,
    onEnd: () => undefined,
    onDrain: () => undefined,
    onClose: () => undefined,
  })
  const head = new Uint8Array(keyBytes)
  new DataView(head.buffer).setUint32(0, key)
  stream.write(head)
  for (const part of parts) stream.write(part)
  stream.end()
}
