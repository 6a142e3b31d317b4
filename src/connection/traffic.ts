import type { Connection } from './connection.ts'

/** Counted frames that went each way. */
export interface FrameCounts {
  readonly sent: number
  readonly received: number
}

/**
 * What all connections of a node have carried. A connection numbers its frames anyhow, so nothing is
 * counted twice; those that are over are added up here.
 */
export class Traffic {
  #sent = 0
  #received = 0

  /** A connection is over. */
  add(connection: Connection): void {
    this.#sent += connection.sentNumber
    this.#received += connection.receivedNumber
  }

  /** Of those that are over and of those that live. */
  total(living: Iterable<Connection | undefined>): FrameCounts {
    let [sent, received] = [this.#sent, this.#received]
    for (const connection of living) {
      sent += connection?.sentNumber ?? 0
      received += connection?.receivedNumber ?? 0
    }
    return { sent, received }
  }
}
