/**
 * Who was let in or shut out by hand while the node ran: `skein allow`, `skein deny`. Kept in the data
 * folder, beside the configuration's own known list, which stays as its owner wrote it.
 */
import { SkeinError } from '../base/errors.ts'
import { isPeerId } from '../base/peer-id.ts'
import { placeOf, type Storage } from '../base/storage.ts'
import { labelProblem } from '../base/label.ts'
import type { PeerId } from '../base/peer-id.ts'

const fileName = 'known.json'

/** See the file's head. */
export class KnownList {
  readonly #storage: Storage
  readonly #allowed: Map<string, PeerId>
  readonly #denied: Set<PeerId>

  private constructor(storage: Storage, allowed: Map<string, PeerId>, denied: Set<PeerId>) {
    this.#storage = storage
    this.#allowed = allowed
    this.#denied = denied
  }

  /**
   * Reads what was kept.
   *
   * @throws {SkeinError} `STORAGE_FAILED` the file is damaged: nobody is let in by mistake.
   */
  static async load(storage: Storage): Promise<KnownList> {
    const content = await readJson(storage, fileName)
    const isThere = content !== undefined
    const { allow = {}, deny = [], ...others } = isTable(content) ? content : {}
    const isSound =
      (isTable(content) || !isThere) &&
      Object.keys(others).length === 0 &&
      isTable(allow) &&
      Object.entries(allow).every(([label, id]) => !labelProblem(label) && isPeerId(id)) &&
      Array.isArray(deny) &&
      deny.every(isPeerId)
    if (!isSound) throw damaged(storage, fileName)
    const allowed = new Map(Object.entries(allow) as [string, PeerId][])
    return new KnownList(storage, allowed, new Set(deny))
  }

  /** IDs by label. */
  get allowed(): ReadonlyMap<string, PeerId> {
    return this.#allowed
  }

  isDenied(id: PeerId): boolean {
    return this.#denied.has(id)
  }

  /** Lets a peer in, under a label that is its own from now on. */
  async allow(id: PeerId, label: string): Promise<void> {
    this.#denied.delete(id)
    for (const [other, known] of this.#allowed) if (known === id) this.#allowed.delete(other)
    this.#allowed.set(label, id)
    await this.#save()
  }

  /** Shuts a peer out, whatever the configuration says. */
  async deny(id: PeerId): Promise<void> {
    this.#denied.add(id)
    for (const [label, known] of this.#allowed) if (known === id) this.#allowed.delete(label)
    await this.#save()
  }

  /** Takes a peer off both lists. */
  async forget(id: PeerId): Promise<void> {
    this.#denied.delete(id)
    for (const [label, known] of this.#allowed) if (known === id) this.#allowed.delete(label)
    await this.#save()
  }

  async #save(): Promise<void> {
    const content = { allow: Object.fromEntries(this.#allowed), deny: [...this.#denied] }
    await writeJson(this.#storage, fileName, content)
  }
}

/** Reads a small JSON file of ours; `undefined` where there is none. */
export async function readJson(storage: Storage, name: string): Promise<unknown> {
  const content = await storage.read(name)
  if (content === undefined) return undefined
  try {
    return JSON.parse(new TextDecoder().decode(content)) as unknown
  } catch (cause) {
    throw damaged(storage, name, cause)
  }
}

/** Writes a small JSON file of ours. */
export async function writeJson(storage: Storage, name: string, value: unknown): Promise<void> {
  await storage.write(name, new TextEncoder().encode(`${JSON.stringify(value, undefined, 2)}\n`))
}

/** Whether a value of JSON is an object. */
export function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** What a node is without one of its files. */
const losses: Readonly<Record<string, string>> = {
  'known.json': 'who was let in or shut out by hand is forgotten then',
  'labels.json': 'labels then belong to who shows them first',
  'network.json': 'this node then belongs to no network until it joins one anew',
  'network.pem': 'nobody can then be invited into the network, and no pass be taken back',
}

/** What is thrown for a file of ours that makes no sense; the file stays as it is. */
export function damaged(storage: Storage, name: string, cause?: unknown): SkeinError {
  const loss = losses[name]
  const without = loss === undefined ? 'start afresh without it' : `start without it: ${loss}`
  const advice = `mend it, restore it from a backup, or move it away to ${without}`
  const text = `${placeOf(storage, name)} is damaged; ${advice}`
  return new SkeinError('STORAGE_FAILED', text, { cause })
}
