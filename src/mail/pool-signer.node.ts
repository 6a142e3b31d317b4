/**
 * Signs and checks in Node's thread pool: an Ed25519 signature takes 0.05 ms and checking one 0.12 ms
 * (measured, two cores), too long for a thread that has connections to serve when hundreds come at once.
 *
 * The first of each turn of the event loop is done here: for one alone, waking another thread and being
 * woken by it takes longer.
 */
import { createPrivateKey, sign } from 'node:crypto'
import { verifySignature, verifySignatureSoon } from '../base/verify.node.ts'
import type { Identity } from '../base/identity.node.ts'
import type { MailSigner } from './signed.ts'

/** See the file's head. */
export function poolSigner(identity: Identity): MailSigner {
  const key = createPrivateKey(identity.privateKeyPem)
  const here = signerAtOnce(identity)
  let isFirst = true
  const takeFirst = (): boolean => {
    if (!isFirst) return false
    isFirst = false
    setImmediate(() => {
      isFirst = true
    })
    return true
  }
  const signInPool = (bytes: Uint8Array): Promise<Uint8Array> =>
    new Promise((resolve, reject) => {
      sign(null, bytes, key, (error, signature) => {
        if (error === null) resolve(new Uint8Array(signature))
        else reject(error)
      })
    })
  return {
    ...here,
    signSoon: (bytes) => (takeFirst() ? here.signSoon(bytes) : signInPool(bytes)),
    verifySoon: (...signed) =>
      takeFirst() ? here.verifySoon(...signed) : verifySignatureSoon(...signed),
  }
}

/** Signs and checks in this thread, for simulations: virtual time does not wait for other threads. */
export function signerAtOnce(identity: Identity): MailSigner {
  return {
    id: identity.peerId,
    sign: (bytes) => identity.sign(bytes),
    signSoon: (bytes) => Promise.resolve(identity.sign(bytes)),
    verify: verifySignature,
    verifySoon: (...signed) => Promise.resolve(verifySignature(...signed)),
  }
}
