import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createIdentity } from '../base/identity.node.ts'
import { isProof, proveTicket, readTicket, writeTicket } from './ticket.node.ts'
import type { Ticket } from './ticket.node.ts'

const [network, inviter, joiner] = [createIdentity(), createIdentity(), createIdentity()]
const ticket: Ticket = {
  network: network.peerId,
  inviter: inviter.peerId,
  secret: new Uint8Array(16).fill(7),
  expires: 1_800_000_000,
  addresses: ['tls://192.168.1.20:14590', 'tls://[2001:db8::1]:14590', 'memory://alice'],
}

describe('a ticket', () => {
  test('[P2] says the same after it travelled, in capitals and broken lines too', () => {
    const line = writeTicket(ticket)
    expect(line).toMatch(/^skein1[a-z2-7]+$/)
    expect(readTicket(line)).toEqual(ticket)
    expect(readTicket(line.toUpperCase().replaceAll(/.{50}/g, '$&\r\n'))).toEqual(ticket)
  })

  test('fits on a line that people send, and in a QR code of a terminal', () => {
    expect(writeTicket(ticket).length).toBeLessThan(300)
  })

  test('with any character changed, left out or added is refused', () => {
    const line = writeTicket(ticket)
    fc.assert(
      fc.property(
        fc.nat(line.length - 1),
        fc.constantFrom('a', 'b', 'c', '2', '3', '4'),
        (at, letter) => {
          for (const tail of [line.slice(at), line.slice(at + 1)]) {
            const altered = line.slice(0, at) + letter + tail
            if (altered !== line) expect(() => readTicket(altered)).toThrow(/ticket/)
          }
        },
      ),
    )
  })

  test('of any text at all is read or refused with a word to the user', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 2_000 }), (text) => {
        expect(() => readTicket(`skein1${text}`)).toThrow(/ticket/)
      }),
    )
  })

  test('[P2] is proved by who knows the secret, for one joiner and one inviter', () => {
    const proof = proveTicket(ticket.secret, joiner.peerId, inviter.peerId)
    expect(isProof(proof.code, proof)).toBe(true)
    for (const other of [
      proveTicket(new Uint8Array(16), joiner.peerId, inviter.peerId),
      proveTicket(ticket.secret, network.peerId, inviter.peerId),
      proveTicket(ticket.secret, joiner.peerId, network.peerId),
    ]) {
      expect(isProof(other.code, proof)).toBe(false)
    }
    expect(isProof(new Uint8Array(), proof)).toBe(false)
  })
})
