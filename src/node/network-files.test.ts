import { describe, expect, test } from 'vitest'
import { createIdentity } from '../base/identity.node.ts'
import { silentLog } from '../base/log.ts'
import { seededRandom } from '../base/random.ts'
import { MemoryStorage } from '../base/storage.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { Affiliation } from './affiliation.ts'
import type { Storage } from '../base/storage.ts'

/** A disk whose machine loses its power, or that becomes read-only, before its n-th change. */
class MortalStorage implements Storage {
  changesLeft = Number.POSITIVE_INFINITY
  /** Whether it fails but once, as a disk that was full for a moment. */
  recovers = false
  changes = 0
  readonly disk: Storage

  constructor(disk: Storage = new MemoryStorage()) {
    this.disk = disk
  }

  read(name: string): Promise<Uint8Array | undefined> {
    return this.disk.read(name)
  }

  readSecret(name: string): Promise<Uint8Array | undefined> {
    return this.disk.readSecret(name)
  }

  async write(name: string, content: Uint8Array): Promise<void> {
    this.#change()
    return this.disk.write(name, content)
  }

  async create(name: string, content: Uint8Array): Promise<boolean> {
    this.#change()
    return this.disk.create(name, content)
  }

  async remove(name: string): Promise<void> {
    this.#change()
    return this.disk.remove(name)
  }

  #change(): void {
    this.changes++
    if (this.changesLeft-- > 0) return
    if (this.recovers) this.changesLeft = Number.POSITIVE_INFINITY
    throw new RangeError('the disk is gone')
  }
}

const identity = createIdentity()
const clock = new VirtualClock()
const load = (storage: Storage): Promise<Affiliation> =>
  Affiliation.load({
    ...{ identity, label: 'alice', storage, clock, log: silentLog },
    random: seededRandom(1),
  })

async function founder(): Promise<readonly [MortalStorage, Affiliation]> {
  const storage = new MortalStorage()
  const affiliation = await load(storage)
  await affiliation.found()
  for (const name of ['peers.json', 'peers.d2', 'identity.pem', 'mail.db', 'known.json']) {
    await storage.write(name, new TextEncoder().encode(name))
  }
  storage.changes = 0
  return [storage, affiliation]
}

const names = ['network.json', 'network.pem', 'peers.json', 'peers.d2']

async function there(storage: Storage): Promise<readonly string[]> {
  const found: string[] = []
  for (const name of names) if ((await storage.read(name)) !== undefined) found.push(name)
  return found
}

describe.each([false, true])('a keeper that leaves, with the key forgotten: %s', (forgetsKey) => {
  test('killed before any change on the disk, is in or out when it starts again', async () => {
    const ends = { isIn: 0, isOut: 0 }
    for (let changes = 0; changes < 12; changes++) {
      const [storage, affiliation] = await founder()
      const { network, passBytes } = affiliation
      storage.changesLeft = changes
      const left = await affiliation.leave(forgetsKey).catch(() => undefined)
      if (left !== undefined) await affiliation.tidy().catch(() => undefined)
      const again = await load(storage.disk)
      if (again.network === undefined) {
        ends.isOut++
        expect(again.isHolder).toBe(false)
        expect(await there(storage.disk), `after ${changes}`).toEqual([])
        await again.found()
        expect(again.network).not.toBe(network)
      } else {
        ends.isIn++
        expect(left).toBeUndefined()
        expect(again).toMatchObject({ network, isHolder: true, passBytes })
        expect(await there(storage.disk)).toEqual(names)
      }
      for (const name of ['identity.pem', 'mail.db', 'known.json']) {
        expect(await storage.disk.read(name), name).toBeDefined()
      }
    }
    expect(ends).toEqual(forgetsKey ? { isIn: 1, isOut: 11 } : { isIn: 3, isOut: 9 })
  })

  test('and whose disk fails, is a member as before, and can try again', async () => {
    const [storage, affiliation] = await founder()
    const { network } = affiliation
    storage.changesLeft = 0
    storage.recovers = true
    await expect(affiliation.leave(forgetsKey)).rejects.toThrow(/disk is gone/)
    expect(affiliation).toMatchObject({ network, isHolder: true })
    expect(await affiliation.leave(forgetsKey)).toMatchObject({ network })
    await affiliation.tidy()
    expect(await there(storage)).toEqual([])
    const kept = await storage.read(`network-${network?.slice(0, 8)}.pem`)
    expect(kept === undefined).toBe(forgetsKey)
    expect(await affiliation.leave(forgetsKey)).toBeUndefined()
  })
})

test('a keeper that left and gets its files back is the keeper again, with a pass that is good', async () => {
  const [storage, affiliation] = await founder()
  const { network, pass } = affiliation
  const left = await affiliation.leave(false)
  await affiliation.tidy()
  for (const kind of ['json', 'pem']) {
    const kept = left?.keyFile?.replace(/pem$/, kind) ?? ''
    await storage.write(`network.${kind}`, (await storage.read(kept)) ?? new Uint8Array())
  }
  const again = await load(storage)
  expect(again).toMatchObject({ network, isHolder: true })
  expect(again.pass?.issuedMs).toBeGreaterThan(pass?.issuedMs ?? Number.POSITIVE_INFINITY)
  expect(again.stateOf(identity.peerId)).toBe('valid')
})

test('a process that died while it made a network makes it with the key that is there', async () => {
  const storage = new MortalStorage()
  const affiliation = await load(storage)
  storage.changesLeft = 1
  await expect(affiliation.found()).rejects.toThrow(/disk is gone/)
  const again = await load(storage.disk)
  await again.found()
  expect(again.network).toBeDefined()
  expect((await load(storage.disk)).isHolder).toBe(true)
})

test('a key of another network stays where it is', async () => {
  const storage = new MortalStorage()
  const other = createIdentity()
  const text = JSON.stringify({ left: identity.peerId, keepsKey: true })
  await storage.write('network.json', new TextEncoder().encode(text))
  await storage.write('network.pem', new TextEncoder().encode(other.privateKeyPem))
  expect(await load(storage)).toMatchObject({ network: undefined, isHolder: false })
  expect(await there(storage)).toEqual(['network.pem'])
})
