/** How many bytes a message of `membership/1` takes on the way, without writing it. */
import { nameBytes } from '../../../src/membership/word-names.ts'
import type { MembershipMessage } from '../../../src/membership/messages.ts'

const lengthPrefixBytes = 4 // MessageStream
const frameHeaderBytes = 8 // src/connection/frames.ts
const ackBytes = 16 // The other side's, where nothing else carries it: an upper bound.
const keepAliveMs = 2_500 // src/connection/options.ts
const pingBytes = 16 // Header and one number; PONG is as long.

/** Bytes of a message's value, as src/codec writes it. */
export function valueBytes(message: MembershipMessage): number {
  const keyed = 1 + textBytes(message.type.length)
  switch (message.type) {
    case 'records':
    case 'links':
    case 'suspicions':
    case 'withdrawals': {
      let sum = keyed + headBytes(message.items.length)
      for (const item of message.items) sum += headBytes(item.length) + item.length
      return sum
    }
    case 'news':
    case 'ask':
      return keyed + 2 + stringBytes(message.names.length * nameBytes)
    case 'hashes':
      return keyed + 2 + stringBytes(4 * message.hashes.length)
    case 'parts':
      return keyed + 2 + listBytes(message.buckets) + stringBytes(4 * message.hashes.length)
    case 'have': {
      let sum = keyed + 1 + listBytes(message.parts) + headBytes(message.rows.length)
      for (const [id, ...numbers] of message.rows) sum += textBytes(id.length) + listBytes(numbers)
      return sum
    }
    case 'want':
      return keyed + headBytes(message.ids.length) + message.ids.length * textBytes(52)
    default:
      return message satisfies never
  }
}

/** Bytes given to the transport for a message: its length, frames, and the acknowledgement. */
export function sentBytes(message: MembershipMessage): number {
  const bytes = lengthPrefixBytes + valueBytes(message)
  return bytes + frameHeaderBytes * Math.ceil(bytes / 65_528) + ackBytes
}

/** What keeping one connection alive costs a node, bytes a second: its pings, and pongs for the other's. */
export const keepAliveBytesPerSecond = (2 * pingBytes * 1_000) / keepAliveMs

function headBytes(value: number): number {
  if (value < 24) return 1
  if (value < 2 ** 8) return 2
  if (value < 2 ** 16) return 3
  return value < 2 ** 32 ? 5 : 9
}

function textBytes(length: number): number {
  return headBytes(length) + length
}

function stringBytes(length: number): number {
  return headBytes(length) + length
}

function listBytes(numbers: readonly number[]): number {
  let sum = headBytes(numbers.length)
  for (const number of numbers) sum += headBytes(number)
  return sum
}
