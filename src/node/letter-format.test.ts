import { expect, test } from 'vitest'
import { formatMessage, formatSent, showMessage, showSent } from './letter-format.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { SentMessage } from '../mail/outgoing.ts'
import type { ReceivedMessage } from '../mail/received.ts'

const [self, bob] = ['a'.repeat(52) as PeerId, 'b'.repeat(52) as PeerId]
const node = { id: self, label: 'alice', nameOf: () => 'bob' }
const timeMs = Date.UTC(2026, 10, 21, 12, 3)
const beginning = new Uint8Array([1, 2, 3]) // Of a message of 5 000 bytes; what --brief reads of it.
const received: ReceivedMessage = {
  ...{ id: 7, author: bob, timeMs, receivedMs: timeMs, type: 'image/png' },
  ...{ body: beginning, byteLength: 5_000 },
}
const sent: SentMessage = {
  ...{ id: 7, to: bob, timeMs, type: 'image/png', body: beginning, byteLength: 5_000 },
  ...{ state: 'refused', heldBy: 0, reason: '' },
}

test('bytes are counted whole, also where only the first of them were read', () => {
  expect(formatMessage(node, received)).toBe(
    '* 2026-11-21 12:03  bob: 5000 bytes of image/png; --json prints them',
  )
  expect(formatSent(node, sent)).toBe(
    '7  2026-11-21 12:03  to bob  refused  5000 bytes of image/png',
  )
  expect(showMessage(node, received)).toMatchObject({ base64: 'AQID', byteLength: 5_000 })
  expect(showSent(node, sent)).toMatchObject({ base64: 'AQID', byteLength: 5_000 })
})

test('what a peer wrote is text without control characters, in a list the first line of it', () => {
  const body = `\u001b[2Jhello${' very'.repeat(20)} long\nsecond line\r\n`
  expect(formatMessage(node, { ...received, type: 'text/plain', body, readMs: timeMs })).toBe(
    `  2026-11-21 12:03  bob: \\x1b[2Jhello${' very'.repeat(20)} long\nsecond line`,
  )
  const shown = formatSent(node, { ...sent, type: 'text/plain', body, reason: '\u0007full' })
  expect(shown).toMatch(/^7 {2}.* {2}to bob {2}refused: \\x07full {2}\\x1b\[2Jhello[ very]+…$/)
})
