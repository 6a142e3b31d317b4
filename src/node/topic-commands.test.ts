import { expect, test } from 'vitest'
import { topicCommands } from './topic-commands.ts'
import type { CommandContext } from '../command/command.ts'
import type { TopicHost } from './topic-commands.ts'

test('[TP40] an order of a program that means nothing is answered, does nothing, and ends nothing', async () => {
  const done: string[] = []
  const topic = {
    publish: (text: string) => Promise.resolve(void done.push(`say ${text}`)),
    history: (count: number) => {
      done.push(`history ${count}`)
      return []
    },
  }
  const chat = {
    enter: () => ({ room: { topic, people: [] }, leave: () => void done.push('leave') }),
    whisper: (name: string, text: string) => {
      done.push(`msg ${name} ${text}`)
      return Promise.resolve({ name })
    },
  }
  const node = { id: 'a', label: 'alice', talk: { chat } } as unknown as TopicHost
  const meaningless = ['null', '7', '{"dance":1}', '{"msg":["bob"]}', '{"msg":"bob"}']
  const wrong = [...meaningless, '{"history":-1}', '{"history":0.5}', '{"who":"?"}']
  const right = ['{"msg":["bob","psst"]}', '{"history":2000}', '{"who":true}', '{"say":"hi"}']
  const told: string[] = []
  const context = {
    args: ['room'],
    signal: new AbortController().signal,
    stdin: (async function* () {
      yield new TextEncoder().encode([...wrong, ...right, ''].join('\n'))
    })(),
    out: (line: string) => {
      told.push((JSON.parse(line) as { readonly event: string }).event)
      return true
    },
  } as unknown as CommandContext
  await topicCommands(node)['chat']?.run(context)
  expect(done).toEqual(['msg bob psst', 'history 1000', 'say hi', 'leave'])
  const answers = ['sent', 'history', 'who']
  expect(told).toEqual(['ready', ...wrong.map(() => 'problem'), ...answers])
})
