/**
 * What a node keeps of its network in its data folder.
 *
 *   network.json           the network, its pass, what it knows of others': a member is who has it
 *   network.pem            the network's key, at the one that founded it
 *   network-ID.json .pem   both, of a network that its keeper left: renamed back, it is the keeper again
 *
 * Leaving takes several steps on the disk, and is done with one of them: the moment in which network.json
 * says `left`. Killed before, the node is a member as ever; killed after, the next start does the rest.
 */
import { createIdentity, parseIdentity } from '../base/identity.node.ts'
import { SkeinError } from '../base/errors.ts'
import { isPeerId, shortPeerId } from '../base/peer-id.ts'
import { placeOf } from '../base/storage.ts'
import { damaged, readJson, writeJson } from './known-list.ts'
import { peersFiles } from './peers-file.ts'
import type { Identity } from '../base/identity.node.ts'
import type { Storage } from '../base/storage.ts'
import type { NetworkId } from '../membership/pass.ts'

const fileName = 'network.json'
const keyFileName = 'network.pem'

/** What is kept by who leaves a network and has its key. */
export interface Legacy {
  readonly key: Identity
  /** What network.json would have to say. */
  readonly content: unknown
}

/** See the file's head. */
export class NetworkFiles {
  readonly #storage: Storage

  constructor(storage: Storage) {
    this.#storage = storage
  }

  /**
   * Reads both. What is left of a network that this node left is removed first.
   *
   * @throws {SkeinError} `STORAGE_FAILED` one is damaged, or others could read it.
   */
  async load(): Promise<{ readonly key: Identity | undefined; readonly content: unknown }> {
    await this.#storage.readSecret(fileName) // It holds the secrets of open tickets.
    const content = await readJson(this.#storage, fileName)
    if (leftNetwork(content) === undefined) return { key: await this.#readKey(), content }
    await this.tidy()
    return { key: await this.#readKey(), content: undefined }
  }

  /** Replaces network.json. */
  async save(content: unknown): Promise<void> {
    await writeJson(this.#storage, fileName, content)
  }

  /** Makes a key, and keeps it. @throws {SkeinError} `STORAGE_FAILED` there is one. */
  async createKey(): Promise<Identity> {
    const key = createIdentity()
    const bytes = new TextEncoder().encode(key.privateKeyPem)
    if (await this.#storage.create(keyFileName, bytes)) return key
    throw new SkeinError(
      'STORAGE_FAILED',
      `${placeOf(this.#storage, keyFileName)} appeared meanwhile`,
    )
  }

  /**
   * Leaves a network: when this resolves it is so; when it throws, it is not.
   *
   * @param legacy - Kept under the network's name; where absent, nothing is.
   * @returns Where the key is kept.
   */
  async leave(network: NetworkId, legacy: Legacy | undefined): Promise<string | undefined> {
    const storage = this.#storage
    const [json, pem] = legacyNames(network)
    if (legacy !== undefined) {
      await writeJson(storage, json, legacy.content)
      await storage.write(pem, new TextEncoder().encode(legacy.key.privateKeyPem))
    }
    await writeJson(storage, fileName, { left: network, keepsKey: legacy !== undefined })
    return legacy === undefined ? undefined : placeOf(storage, pem)
  }

  /**
   * Removes what is left of a network that this node left; nothing where it left none.
   *
   * @throws {SkeinError} `STORAGE_FAILED` The next start tries again.
   */
  async tidy(): Promise<void> {
    const content = await readJson(this.#storage, fileName)
    const network = leftNetwork(content)
    if (network === undefined) return
    const isIts = (await this.#readKey())?.peerId === network
    if (isIts) await this.#storage.remove(keyFileName)
    const { keepsKey } = content as { readonly keepsKey?: unknown }
    const legacy = keepsKey === true ? [] : legacyNames(network)
    for (const name of [...legacy, ...peersFiles]) await this.#storage.remove(name)
    await this.#storage.remove(fileName) // Last: as long as it is there, the rest is not done.
  }

  async #readKey(): Promise<Identity | undefined> {
    const pem = await this.#storage.readSecret(keyFileName)
    if (pem === undefined) return undefined
    const key = parseIdentity(new TextDecoder().decode(pem))
    if (key === undefined) throw damaged(this.#storage, keyFileName)
    return key
  }
}

function leftNetwork(content: unknown): NetworkId | undefined {
  const left = (content as { readonly left?: unknown } | undefined | null)?.left
  return isPeerId(left) ? left : undefined
}

function legacyNames(network: NetworkId): readonly [json: string, pem: string] {
  const name = `network-${shortPeerId(network)}`
  return [`${name}.json`, `${name}.pem`]
}
