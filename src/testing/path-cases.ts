/** The cases about a path that exists: bytes, back-pressure, its end. */
import { PathWitness, check } from './path-witness.ts'
import { checkQuiet, utf8 } from './transport-scene.ts'
import type { TransportScene } from './transport-scene.ts'

/** Title → what is played. */
export const pathCases: Readonly<Record<string, (scene: TransportScene) => Promise<void>>> = {
  '[T1] a dial makes one path with two ends that know each other': async (scene) => {
    const { accepted, near, far } = await scene.connect()
    check(near.path.kind === scene.harness.dialler.scheme, 'the kind is the scheme')
    check(near.path.remoteId === scene.harness.accepterId, 'the dialler sees the proved ID')
    check(far.path.remoteId === scene.harness.diallerId, 'the accepter sees the proved ID')
    check(near.path.remoteAddress === accepted.address, 'an outbound path has the dialled address')
    const { remoteAddress } = far.path
    check(remoteAddress.startsWith(`${far.path.kind}://`), 'an inbound path has an address')
  },

  '[T2] bytes arrive in order, both ways': async (scene) => {
    const { near, far } = await scene.connect()
    for (let index = 0; index < 500; index++) {
      near.path.write(utf8(`${index},`))
      far.path.write(utf8(`${index};`))
    }
    const numbers = Array.from({ length: 500 }, (_, index) => index)
    await far.until(() => far.text === numbers.map((index) => `${index},`).join(''))
    await near.until(() => near.text === numbers.map((index) => `${index};`).join(''))
  },

  '[T2] two arrays of one write arrive in their order': async (scene) => {
    const { near, far } = await scene.connect()
    for (let index = 0; index < 100; index++) near.path.write(utf8(`${index}`), utf8('ab'))
    near.path.write(utf8('end'))
    await far.until(() => far.text.endsWith('end'))
    const expected = Array.from({ length: 100 }, (_, index) => `${index}ab`).join('')
    check(far.text === `${expected}end`, 'every second array follows its first')
  },

  '[T3] a large transfer waits for the reader and arrives whole': async (scene) => {
    const { near, far } = await scene.connect()
    const bytes = pattern(6_000_000)
    far.path.setReading(false)
    const sending = near.send(bytes, 65_536)
    await near.until(() => near.path.bufferedBytes > 0)
    far.path.setReading(true)
    const waits = await sending
    await far.until(() => far.receivedBytes === bytes.length)
    check(waits > 0, 'write told the sender to wait')
    check(near.path.bufferedBytes === 0 || near.drains > 0, 'what was buffered has gone')
    check(isPattern(far.chunks), 'every byte is where it belongs')
  },

  '[T4] data and the end that come before bind are kept': async (scene) => {
    const { path, inbound } = await scene.connectUnbound()
    path.write(utf8('first,'))
    path.write(utf8('second'))
    path.close()
    const near = new PathWitness(path)
    await near.closed()
    const far = new PathWitness(inbound)
    await far.closed()
    check(far.text === 'first,second', 'everything is delivered on bind')
    checkQuiet(near, far)
  },

  '[T5] the handler bound last is the one that is told': async (scene) => {
    const { near, far } = await scene.connect()
    near.path.write(utf8('to the first'))
    await far.until(() => far.text === 'to the first')
    const next = new PathWitness(far.path)
    near.path.write(utf8('to the second'))
    await next.until(() => next.text === 'to the second')
    near.path.close()
    await next.closed()
    check(
      far.closes.length === 0 && far.text === 'to the first',
      'the first one hears nothing more',
    )
  },

  '[T6] nothing is delivered while reading is stopped, and nothing is lost': async (scene) => {
    const { accepted, near, far } = await scene.connect()
    const bytes = pattern(400_000)
    far.react = () => far.path.setReading(false)
    const sending = near.send(bytes, 16_384)
    for (let stops = 1; stops <= 5; stops++) {
      await far.until(() => far.chunks.length === stops)
      await scene.barrier(accepted)
      check(far.chunks.length === stops, 'no chunk comes until reading is allowed again')
      if (stops === 5) far.react = () => undefined
      far.path.setReading(true)
    }
    await sending
    await far.until(() => far.receivedBytes === bytes.length)
    check(isPattern(far.chunks), 'every byte is where it belongs')
  },

  '[T7] what was written before close arrives before the end': async (scene) => {
    const { near, far } = await scene.connect()
    const bytes = pattern(1_000_000)
    near.path.write(bytes)
    near.path.close()
    await Promise.all([far.closed(), near.closed()])
    check(far.receivedBytes === bytes.length, 'all of it arrived')
    check(isPattern(far.chunks), 'every byte is where it belongs')
  },

  '[T8] destroy ends both sides, ours with the reason we gave': async (scene) => {
    const { near, far } = await scene.connect()
    near.path.destroy('no longer wanted')
    const reason = await near.closed()
    check(reason === 'no longer wanted', 'we are told our own reason')
    check((await far.closed()) !== '', 'the far side is told some reason')
  },

  '[T9] onClose comes exactly once, and nothing after it': async (scene) => {
    const { accepted, near, far } = await scene.connect()
    near.react = () => near.path.destroy('enough')
    for (let index = 0; index < 100; index++) far.path.write(pattern(20_000))
    await near.closed()
    for (const { path } of [near, far]) {
      path.destroy('again')
      path.close()
      path.write(utf8('too late'))
      path.setReading(true)
    }
    await far.closed()
    await scene.barrier(accepted)
    check(near.chunks.length === 1, 'no data after destroy')
    checkQuiet(near, far)
  },

  '[T9] nothing is delivered after close, however much still comes': async (scene) => {
    const { near, far } = await scene.connect()
    near.react = () => near.path.close()
    for (let index = 0; index < 100; index++) far.path.write(pattern(20_000))
    await Promise.all([near.closed(), far.closed()])
    check(near.chunks.length === 1, 'no data after close')
    checkQuiet(near, far)
  },

  '[T10] a handler is never called from inside a call': async (scene) => {
    const { near, far } = await scene.connect()
    far.react = (bytes) => {
      far.path.setReading(false)
      far.path.write(bytes)
      far.path.setReading(true)
      far.path.bind(far)
    }
    await near.send(pattern(500_000), 100_000)
    await near.until(() => near.receivedBytes === 500_000)
    near.inside(() => near.path.destroy('done'))
    await Promise.all([near.closed(), far.closed()])
    checkQuiet(near, far)
  },
}

/** Bytes of which each tells its place, with a period that no buffer size divides. */
function pattern(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => index % 251)
}

function isPattern(chunks: readonly Uint8Array[]): boolean {
  let at = 0
  return chunks.every((chunk) => chunk.every((byte) => byte === at++ % 251))
}
