import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatJson } from './json.ts'
import { fakeLink, fakeNode } from './network.test-kit.ts'

test('each node and link is an object on a line, its keys always the same', () => {
  const nodes = [fakeNode(1), fakeNode(0)]
  const links = [fakeLink(0, 1)]
  const { a, b } = fakeLink(0, 1)
  const rest = '"state":"alive","addresses":["tls://127.0.0.1:'
  const ending = '"ageMs":100,"software":"0.1.0","protocol":1,"isSelf":'
  expect(formatJson({ nodes, links })).toEqual([
    `{"type":"node","id":"${nodes[1]?.id}","name":"alice",${rest}14590"],${ending}true}`,
    `{"type":"node","id":"${nodes[0]?.id}","name":"bob",${rest}14591"],${ending}false}`,
    `{"type":"link","a":"${a}","b":"${b}","rttMicros":null,"isConfirmed":true,"ageMs":100}`,
  ])
})

test('any text comes back whole, and no line holds what a terminal obeys', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (name, address) => {
      const [line = ''] = formatJson({
        nodes: [fakeNode(0, { name, addresses: [address] })],
        links: [],
      })
      expect(line).toMatch(/^\P{C}*$/u)
      expect(JSON.parse(line)).toMatchObject({ name, addresses: [address] })
    }),
  )
})
