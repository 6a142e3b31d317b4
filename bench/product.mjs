/** The product as it was built, and credentials of the same kind for bare TLS. */
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const here = path.dirname(fileURLToPath(import.meta.url))

/** Where the product's build is: another one can be named, to compare two. */
export const dist = path.resolve(process.env.BENCH_DIST ?? path.join(here, '..', 'dist'))

const load = (file) => import(pathToFileURL(path.join(dist, file)).href)

export const { Node, MemoryStorage } = await load('index.js')
const { loadIdentity } = await load('base/identity.node.js')
const { createCertificate } = await load('transport/certificate.node.js')

/** A new key and its certificate, as Skein's own: so both sides of a pair do the same cryptography. */
export async function makeCredentials() {
  const identity = await loadIdentity(new MemoryStorage())
  return { key: identity.privateKeyPem, cert: createCertificate(identity) }
}
