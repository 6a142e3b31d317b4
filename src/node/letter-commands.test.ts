/** What the commands of mail and admission say to who wrote something wrong: two nodes, in this process. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Node } from './node.ts'

let alice: Node
let bob: Node
beforeAll(async () => {
  const listen = ['127.0.0.1:0']
  alice = await Node.start({ label: 'alice', listen })
  bob = await Node.start({ label: 'bob', listen, peers: [alice.address] })
  await bob.ready({ timeoutMs: 15_000 })
}, 30_000)
afterAll(async () => {
  await bob.close()
  await alice.close()
})

const onlyOne = (name: string): string =>
  `a message goes to one peer, and @${name} can mean several; skein post TEXT is for all`

const noSuchId =
  "No peer found matching 'abc', and that is no peer ID either (52 of a-z and 2-7, in small letters); " +
  'write the line that skein id prints on that node, or a name from: skein peers'

describe('a wrong command says what to do instead', () => {
  test.each([
    ['send @all hi', onlyOne('all')],
    ['send all hi', onlyOne('all')],
    ['send @bob,carol hi', onlyOne('bob,carol')],
    ['send @role:ops hi', onlyOne('role:ops')],
    ['block @all', "'all' can mean several peers, and one is wanted; name it, see: skein peers"],
    ['send --expires 31d @bob hi', 'a message is kept for 1 ms to 30 days, not for 2678400000 ms'],
    ['send --expires foo @bob hi', "--expires must be a time such as 2h or 30d, not 'foo'"],
    ['invite --within 400d', 'a ticket is good for 1 ms to 365 days, not for 34560000000 ms'],
    ['invite --expires 99999999d', 'a pass is good for 1 ms to 36500 days'],
    ['allow abc', noSuchId],
    ['deny @abc', noSuchId],
  ])('%s', async (line, text) => {
    await expect(alice.run(line)).rejects.toThrow(text)
  })

  test.each([
    ['inbox --id 4711', 'there is no message 4711 in the inbox'],
    ['inbox --id 0', "--id must be a number from 1 to 9007199254740991, not '0'"],
    ['inbox --id 1 --search x', '--id names one message; it does not go with --search'],
  ])('%s', async (line, text) => {
    await expect(alice.run(line)).rejects.toThrow(text)
  })

  test('a message that is to be kept for the longest time goes', async () => {
    expect((await alice.run('send --expires 30d @bob hi')).text).toBe('delivered')
  })
})

describe('an inbox on a terminal', () => {
  const long = 'é'.repeat(2_100)
  const high = Array.from({ length: 40 }, (_, at) => `line ${at}`).join('\n')

  test.each<[string, string | Uint8Array, RegExp]>([
    ['a short text', 'hello', /: hello$/],
    ['a long text', long, /: é{2000}\n {2}… 200 more bytes; whole: skein inbox --id \d+$/],
    ['a text of many lines', high, /line 24\n {2}… 120 more bytes; whole: skein inbox --id \d+$/],
    ['half a pair at the cut', `${'x'.repeat(1_999)}😀x`, /: x{1999}\n {2}… 5 more bytes; whole/],
    [
      'bytes',
      new Uint8Array(5),
      /: 5 bytes of application\/octet-stream; skein inbox --id \d+ --json prints them$/,
    ],
  ])('shows %s cut, and whole where it is asked for', async (_what, body, expected) => {
    await bob.send('alice', body)
    const cut = await alice.run('inbox --cut --keep --limit 1')
    expect(cut.text).toMatch(expected)
    const plain = await alice.run('inbox --limit 1')
    const id = /--id (\d+)/.exec(cut.text)?.[1]
    const whole = id === undefined ? plain : await alice.run(`inbox --id ${id} --cut`)
    if (typeof body !== 'string') return
    expect(plain.text.endsWith(`: ${body}`)).toBe(true)
    expect(whole.text.endsWith(`: ${body}`)).toBe(true)
  })
})
