/**
 * Where a node keeps its small files: key, incarnation, seen labels.
 *
 * A write is whole or not there: after a crash a reader sees the old content or the new one.
 */
export interface Storage {
  /** The folder that it all stands in, for messages to people; absent where there is none. */
  readonly folder?: string
  /** The content under `name`, or `undefined` where nothing was written. */
  read(name: string): Promise<Uint8Array | undefined>
  /** Replaces the content under `name`, readable by this user only. */
  write(name: string, content: Uint8Array): Promise<void>
  /** Writes like `write`, but only where nothing is yet; tells whether it did. Never overwrites. */
  create(name: string, content: Uint8Array): Promise<boolean>
  /** Removes what is under `name`; where nothing is, does nothing. */
  remove(name: string): Promise<void>
  /**
   * Reads like `read`, for a secret.
   *
   * @throws {SkeinError} `STORAGE_FAILED` other users could read it too.
   */
  readSecret(name: string): Promise<Uint8Array | undefined>
}

/** Where something of a storage stands, as messages say it: the path of a file, or its name alone. */
export function placeOf({ folder }: Storage, name: string): string {
  return folder === undefined ? name : `${folder}/${name}`
}

/** Keeps everything in memory: for tests, simulations and nodes without a data folder. */
export class MemoryStorage implements Storage {
  readonly #files = new Map<string, Uint8Array>()

  read(name: string): Promise<Uint8Array | undefined> {
    return Promise.resolve(this.#files.get(name))
  }

  readSecret(name: string): Promise<Uint8Array | undefined> {
    return this.read(name)
  }

  write(name: string, content: Uint8Array): Promise<void> {
    this.#files.set(name, content.slice())
    return Promise.resolve()
  }

  create(name: string, content: Uint8Array): Promise<boolean> {
    if (this.#files.has(name)) return Promise.resolve(false)
    this.#files.set(name, content.slice())
    return Promise.resolve(true)
  }

  remove(name: string): Promise<void> {
    this.#files.delete(name)
    return Promise.resolve()
  }
}
