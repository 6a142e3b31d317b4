import type { Priority, Stream } from '../connection/contract.ts'

/** What the object layer needs of a connection. */
export interface ObjectConnection {
  open(protocol: string, options?: { readonly priority?: Priority }): Stream
}
