import { describe, expect, test } from 'vitest'
import { seededRandom } from '../base/random.ts'
import { peerIdFromKey } from '../base/peer-id.ts'
import { SkeinError } from '../base/errors.ts'
import { Directory } from './directory.ts'
import type { PeerId } from '../base/peer-id.ts'

const random = seededRandom(1)
const [a, b, c] = Array.from({ length: 3 }, () => peerIdFromKey(random.bytes(32))) as [
  PeerId,
  PeerId,
  PeerId,
]
const at = (id: PeerId, displayAddress: string) => ({ id, displayAddress })

describe('indexes', () => {
  test('configured addresses get the first ones, in their order', () => {
    const directory = new Directory(['tls://x:1', 'tls://y:2'])
    expect(directory.number(c)).toBe(2)
    expect(directory.number(b, ['tls://y:2'])).toBe(1)
    expect(directory.number(a, ['tls://x:1'])).toBe(0)
    expect(directory.number(b)).toBe(1)
  })

  test('a peer at two configured addresses has one index', () => {
    const directory = new Directory(['tls://x:1', 'tls://y:2'])
    expect(directory.number(a, ['tls://y:2', 'tls://x:1'])).toBe(0)
    expect(directory.number(a, ['tls://y:2'])).toBe(0)
  })
})

describe('labels', () => {
  test('the first that uses one keeps it; the next is told apart and never answers to it', () => {
    const directory = new Directory([])
    directory.claim(a, 'bob')
    directory.claim(b, 'bob')
    directory.number(a)
    directory.number(b)
    expect([directory.name(a), directory.name(b)]).toEqual(['bob', `bob~${b.slice(0, 4)}`])
    expect(directory.resolve('bob', [])).toBe(a)
    expect(directory.resolve(`bob~${b.slice(0, 4)}`, [])).toBe(b)
  })

  test('the known list wins over whoever was first', () => {
    const directory = new Directory([], [['bob', a]])
    directory.allow(b, 'bob')
    directory.claim(a, 'bob')
    expect(directory.resolve('bob', [])).toBe(b)
    expect(directory.name(a)).toBe(`bob~${a.slice(0, 4)}`)
  })

  test('who is called something else here is found by the label of its pass, too', () => {
    const certified = {
      labelOf: (id: PeerId) => (id === a ? 'bob' : undefined),
      holderOf: (label: string) => (label === 'bob' ? a : undefined),
    }
    const directory = new Directory([], [], certified)
    directory.allow(a, 'laptop')
    directory.claim(b, 'bob')
    directory.number(b)
    expect(directory.name(a)).toBe('laptop')
    expect(directory.resolve('bob', [])).toBe(a)
    directory.allow(c, 'bob')
    expect(directory.resolve('bob', [])).toBe(c)
  })

  test('a label that is none is not taken: the ID stands for it', () => {
    const directory = new Directory([])
    for (const label of ['all', '42', 'Bob', '\u001b[31m', 'x'.repeat(33), '']) {
      expect(directory.claim(a, label)).toBe(false)
    }
    expect(directory.name(a)).toBe(a.slice(0, 8))
  })

  test('who keeps a label is remembered over restarts', () => {
    const first = new Directory([])
    expect(first.claim(a, 'bob')).toBe(true)
    const second = new Directory([], first.seen)
    second.claim(b, 'bob')
    expect(second.name(b)).toBe(`bob~${b.slice(0, 4)}`)
  })
})

describe('names', () => {
  const directory = new Directory(['tls://10.0.0.1:1'])
  directory.number(a, ['tls://10.0.0.1:1'])
  directory.number(b)
  directory.claim(a, 'alice')
  directory.claim(b, 'bob')
  const peers = [at(a, '10.0.0.1:1'), at(b, '10.0.0.2:1')]

  test.each<[string, PeerId]>([
    ['0', a],
    ['1', b],
    ['bob', b],
    [a, a],
    [a.slice(0, 4), a],
    ['10.0.0.2', b],
  ])('%s', (text, id) => {
    expect(directory.resolve(text, peers)).toBe(id)
  })

  test('a label that only another key has now is told', () => {
    const late = new Directory([], [['bob', a]])
    late.claim(b, 'bob')
    late.number(b)
    expect(() => late.resolve('bob', [{ id: b, displayAddress: '10.0.0.2:1' }])).toThrow(
      `No peer found matching 'bob'; bob~${b.slice(0, 4)} has that label too, by another key`,
    )
  })

  test.each<[string, string, string]>([
    ['9', 'PEER_UNKNOWN', "No peer found matching '9'"],
    ['carol', 'PEER_UNKNOWN', "No peer found matching 'carol'"],
    [b.slice(0, 3), 'PEER_UNKNOWN', 'No peer found matching'],
    ['10.0.0', 'LABEL_AMBIGUOUS', "'10.0.0' matches alice"],
  ])('%s is %s', (text, code, message) => {
    const resolve = (): unknown => directory.resolve(text, peers)
    expect(resolve).toThrow(SkeinError)
    expect(resolve).toThrow(expect.objectContaining({ code }))
    expect(resolve).toThrow(message)
  })
})
