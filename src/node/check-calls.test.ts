import { expect, test } from 'vitest'
import { Node } from './node.ts'
import type { RunOptions } from './peer.ts'

/** A node as plain JavaScript sees it. */
interface Untyped {
  on(...args: unknown[]): unknown
  handle(...args: unknown[]): unknown
  command(...args: unknown[]): unknown
  peer(...args: unknown[]): { run(...args: unknown[]): unknown }
  run(...args: unknown[]): unknown
  send(...args: unknown[]): unknown
  topic(name: string): { subscribe(...args: unknown[]): unknown }
}

const wrong: readonly (readonly [call: (node: Untyped) => unknown, message: string])[] = [
  [(node) => node.on('nope', () => 1), "node.on: name must be one of 'peer:connect'"],
  [(node) => node.on('peer:connect'), 'node.on: listener must be a function, not undefined'],
  [(node) => node.handle('TEST'), 'node.handle: handler must be a function, not undefined'],
  [(node) => node.handle(5, () => 1), 'node.handle: type must be a text, not 5'],
  [(node) => node.topic('a').subscribe(5), 'topic.subscribe: handler must be a function, not 5'],
  [(node) => node.command('c', {}), 'node.command: command is an empty object that lacks run()'],
  [(node) => node.command('c'), 'node.command: command must be an object with run()'],
  [(node) => node.command('c', { run() {} }), 'command.summary must be a text, not undefined'],
  [
    (node) => node.command('c', { run() {}, summary: 'x', allow: 'role:known' }),
    "command.allow must be a list, not 'role:known'; write ['role:known']",
  ],
  [(node) => node.peer(5), "node.peer: name must be a text, not 5; write '5'"],
  [(node) => node.peer(), 'node.peer: name must be a text, not undefined'],
  [(node) => node.peer('bob').run(5), 'run: command must be a line or a list of words, not 5'],
  [(node) => node.run(['calc', 5]), 'run: command must be a line or a list of words, not a list'],
  [(node) => node.peer('bob').run('calc', ['1+2']), "write run(['calc', '1+2'])"],
  [(node) => node.run('calc', ['1+2']), "write run(['calc', '1+2'])"],
  [(node) => node.run('calc', '1+2'), "run: options must be an object, not '1+2'"],
  [
    (node) => node.run('calc 1', { timeout: 5 }),
    'options.timeout is no option; did you mean timeo',
  ],
  [(node) => node.run('calc 1', { timeoutMs: '5' }), 'options.timeoutMs must be a number of milli'],
  [(node) => node.run('calc 1', { stdin: 'text' }), 'options.stdin must be an async iterable'],
  [(node) => node.send('bob', 5), 'node.send: body must be a text or a Uint8Array, not 5'],
  [(node) => node.send(undefined, 'hello'), 'node.send: peer must be a text, not undefined'],
]

test('wrong arguments are INVALID, by their names', async () => {
  await using node = await Node.start()
  const untyped: Untyped = node
  for (const [call, message] of wrong) {
    const calling = (async () => call(untyped))()
    const thrown: unknown = await calling.catch((error: unknown) => error)
    expect(thrown).toMatchObject({ name: 'SkeinError', code: 'INVALID' })
    expect((thrown as Error).message).toContain(message)
  }
})

test('all options of run are taken', async () => {
  await using node = await Node.start()
  const printed: Uint8Array[] = []
  const options: Required<RunOptions> = {
    signal: new AbortController().signal,
    timeoutMs: 60_000,
    patienceMs: 60_000,
    stdin: undefined,
    onOut: (chunk) => void printed.push(chunk),
    onErr: undefined,
  }
  await node.run(['echo', 'hello'], options)
  expect(Buffer.concat(printed).toString()).toBe('hello\n')
})
