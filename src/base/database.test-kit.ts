/** A database file as another program sees it. */
import { createRequire } from 'node:module'

/** What tests use of a driver. */
interface OtherProgram {
  exec(sql: string): void
  prepare(sql: string): { all(): unknown[] }
  close(): void
}

/**
 * Opens a file beside the node that has it, with the engine that the node uses: two engines in one process
 * do not see each other's locks (POSIX locks are a process's).
 */
export function openBeside(place: string): OtherProgram {
  const load = createRequire(import.meta.url)
  for (const name of ['node:sqlite', '@photostructure/sqlite']) {
    try {
      const { DatabaseSync } = load(name) as { DatabaseSync: new (place: string) => OtherProgram }
      return new DatabaseSync(place)
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code !== 'ERR_UNKNOWN_BUILTIN_MODULE') throw thrown
    }
  }
  throw new RangeError('no SQLite is there')
}
