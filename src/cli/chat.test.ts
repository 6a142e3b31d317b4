import { expect, test } from 'vitest'
import { readChatLine } from '../node/chat-line.ts'
import { ChatView } from './chat-view.ts'

const now = Date.UTC(2026, 10, 21, 12, 0)
const view = new ChatView({ isColoured: false, now: () => now })
const line = {
  event: 'line',
  id: 'a',
  name: 'bob',
  time: now,
  isOwn: false,
  isPast: false,
  incarnation: 1,
  sequence: 1,
  missed: 0,
} as const

test('[TP40] what a peer says is one line without control characters, and looks like no other', () => {
  const [shown, ...more] = view.format({
    ...line,
    text: 'a\u001b[2J\u0007\n12:00 alice: fake\r\u202e',
  })
  expect(more).toEqual([])
  expect(shown?.slice(5)).toBe(' bob: a\\x1b[2J\\x07 ⏎ 12:00 alice: fake\\x0d\\u{202e}')
})

test('[TP23] who missed something is told how much', () => {
  const [first, second] = view.format({ ...line, text: 'x', missed: 3 })
  expect(first).toBe('-- 3 messages came too fast and were missed')
  expect(second).toContain('bob: x')
})

test.each<[string, object]>([
  ['hello', { kind: 'say', text: 'hello' }],
  ['  ', { kind: 'nothing' }],
  ['//etc', { kind: 'say', text: '/etc' }],
  ['/who', { kind: 'tell', order: { who: true } }],
  ['/history', { kind: 'tell', order: { history: 20 } }],
  ['/msg bob hi there', { kind: 'tell', order: { msg: ['bob', 'hi there'] } }],
  ['/msg bob', { kind: 'refuse', lines: ['Write /msg PEER TEXT'] }],
  ['/join 127.0.0.1 1', { kind: 'run', argv: ['connect', '127.0.0.1', '1'] }],
  ['/peers', { kind: 'run', argv: ['peers'] }],
  ['/quit', { kind: 'quit' }],
  [
    '/hist',
    { kind: 'refuse', lines: ['There is no /hist; /help lists the commands (//… says it)'] },
  ],
])('[TP40] the line %j', (text, order) => {
  expect(readChatLine(text)).toEqual(order)
})
