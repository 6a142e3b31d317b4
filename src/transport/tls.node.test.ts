import { test } from 'vitest'
import { createIdentity } from '../base/identity.node.ts'
import { transportConformance } from '../testing/transport-conformance.ts'
import { tlsTransport } from './tls.node.ts'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'

for (const { title, run } of transportConformance(makeHarness)) test(title, run)

function makeHarness() {
  const [one, other] = [createIdentity(), createIdentity()]
  return {
    dialler: tlsTransport(one), accepter: tlsTransport(other), diallerId: one.peerId, accepterId: other.peerId,
    listenAddress: () => 'tls://127.0.0.1:0',
    nobodyAddress: async () => { const s = createServer(); await new Promise<void>(r => s.listen(0,'127.0.0.1',()=>r())); const {port}=s.address() as AddressInfo; await new Promise(r=>s.close(r)); return `tls://127.0.0.1:${port}`},
  }
}
