/** The cases about dialling and listening. */
import { PathWitness, check, rejectionOf } from './path-witness.ts'
import { utf8 } from './transport-scene.ts'
import type { TransportScene } from './transport-scene.ts'

/** Title → what is played. */
export const dialCases: Readonly<Record<string, (scene: TransportScene) => Promise<void>>> = {
  '[T11] dialling where nobody listens is DIAL_FAILED': async (scene) => {
    const address = await scene.harness.nobodyAddress()
    checkCode(await rejectionOf(scene.dial(address)), 'DIAL_FAILED')
  },

  '[T12] a dial without an answer is TIMED_OUT': async (scene) => {
    const address = await scene.harness.silentAddress?.()
    if (address === undefined) return
    checkCode(await rejectionOf(scene.dial(address, { timeoutMs: 20 })), 'TIMED_OUT')
  },

  "[T13] a dial that is given up fails with the signal's reason": async (scene) => {
    const { address } = await scene.listen()
    const reason = new Error('changed my mind')
    const signal = AbortSignal.abort(reason)
    check((await rejectionOf(scene.dial(address, { signal }))) === reason, 'it is given up at once')
    const running = new AbortController()
    const silent = (await scene.harness.silentAddress?.()) ?? address
    const dialling = rejectionOf(scene.dial(silent, { signal: running.signal }))
    running.abort(reason)
    check((await dialling) === reason, 'it is given up on the way')
  },

  '[T14] another key than the expected one is PEER_MISMATCH': async (scene) => {
    const { accepterId, diallerId } = scene.harness
    if (accepterId === undefined || diallerId === undefined) return
    const { accepted, near } = await scene.connect({ expectedId: accepterId })
    check(near.path.remoteId === accepterId, 'the expected one is let through')
    const dialling = scene.dial(accepted.address, { expectedId: diallerId })
    checkCode(await rejectionOf(dialling), 'PEER_MISMATCH')
  },

  '[T15] a closed listener takes nobody, frees its address, and its paths live on': async (
    scene,
  ) => {
    const { accepted, near, far } = await scene.connect()
    const { address } = accepted
    await accepted.close()
    checkCode(await rejectionOf(scene.dial(address)), 'DIAL_FAILED')
    await scene.listen(address)
    near.path.write(utf8('still here'))
    await far.until(() => far.text === 'still here')
    check(accepted.paths.length === 1, 'the closed listener gets no path')
  },

  '[T16] an address that is taken is ADDRESS_IN_USE': async (scene) => {
    const accepted = await scene.listen()
    checkCode(await rejectionOf(scene.listen(accepted.address)), 'ADDRESS_IN_USE')
    await scene.barrier(accepted)
  },

  '[T17] many paths at once do not disturb each other': async (scene) => {
    const accepted = await scene.listen()
    const numbers = Array.from({ length: 40 }, (_, index) => index)
    const asking = numbers.map(async (index) => {
      const near = new PathWitness(await scene.dial(accepted.address))
      near.path.write(utf8(`path ${index}`))
      await near.until(() => near.text === `path ${index}`)
      near.path.close()
      await near.closed()
    })
    const answering = numbers.map(async (index) => {
      const far = new PathWitness(await accepted.path(index))
      far.react = (bytes) => far.path.write(bytes)
      await far.closed()
    })
    await Promise.all([...asking, ...answering])
  },
}

function checkCode(thrown: unknown, code: string): void {
  const found = (thrown as { readonly code?: unknown } | undefined)?.code
  check(found === code, `it fails with ${code}, not ${String(found)}: ${String(thrown)}`)
}
