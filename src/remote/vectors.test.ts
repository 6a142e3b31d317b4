/** The exchanges of test/vectors/objects.json, byte for byte: for whoever writes a peer elsewhere. */
import { readFileSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { RawPeer, World } from './objects.test-kit.ts'

interface Exchange {
  readonly what: string
  /** Messages to the node, without their length. */
  readonly sent: readonly string[]
  /** What it answers. */
  readonly received: readonly string[]
}

const file = new URL('../../test/vectors/objects.json', import.meta.url)
const exchanges = JSON.parse(readFileSync(file, 'utf8')) as readonly Exchange[]

/** As the file says: `t` is the node's first object. */
async function play(sent: readonly string[]): Promise<readonly string[]> {
  const world = new World()
  const target = {
    add: (a: number, b: number) => a + b,
    list: () => ({ a: [1, 'two', null] }),
    fail: () => {
      throw new RangeError('too far')
    },
    *count() {
      yield* ['one', 'two']
    },
    call: (callback: (n: number) => unknown) => void callback(7),
    label: 'bob’s',
  }
  const members = ['add', 'list', 'fail', 'count', 'call', 'label']
  world.service('bob').expose('t', target, { allow: ['role:anyone'], members })
  const peer = new RawPeer(world, 'alice', 'bob')
  await peer.send(...sent)
  // A token is random: the last 16 bytes where an object is found, in a list behind its number.
  return peer.messages.map((each) =>
    each.replaceAll(/(5[0]|^0800000[0-9a-f])([0-9a-f]{32})/g, '$1' + '__'.repeat(16)),
  )
}

test('[O1, O2] the exchanges of the vectors are understood and answered as they say', async () => {
  if (process.env['UPDATE_VECTORS'] === '1') {
    const played = []
    for (const { what, sent } of exchanges) played.push({ what, sent, received: await play(sent) })
    writeFileSync(file, `${JSON.stringify(played, undefined, 2)}\n`)
    return
  }
  for (const { what, sent, received } of exchanges)
    expect([what, await play(sent)]).toEqual([what, received])
})
