/** The network of a node that does not run, in its data folder: whoever uses it holds the folder's lock. */
import { identityFileName, loadIdentity } from '../base/identity.node.ts'
import { systemClock } from '../base/clock.ts'
import { silentLog } from '../base/log.ts'
import { systemRandom } from '../base/random.ts'
import { Affiliation } from './affiliation.ts'
import { nothingToLeave } from './departure.ts'
import { judgeStanding } from './standing.ts'
import type { Storage } from '../base/storage.ts'
import type { Departure, LeavePreview } from './departure.ts'

/** See the file's head. */
export class StoppedNetwork {
  readonly #affiliation: Affiliation

  private constructor(affiliation: Affiliation) {
    this.#affiliation = affiliation
  }

  /**
   * Reads it; `undefined` where no node ever ran.
   *
   * @throws {SkeinError} `STORAGE_FAILED` a file is damaged.
   */
  static async open(storage: Storage): Promise<StoppedNetwork | undefined> {
    if ((await storage.read(identityFileName)) === undefined) return undefined
    const identity = await loadIdentity(storage)
    const parts = { clock: systemClock, random: systemRandom, log: silentLog, label: 'node' }
    return new StoppedNetwork(await Affiliation.load({ identity, storage, ...parts }))
  }

  /** What leaving would do. */
  preview(): LeavePreview {
    const { pass, isHolder, invitations } = this.#affiliation
    if (pass === undefined) {
      const nothing = { holdsKey: false, openTickets: 0, memberCount: 0 }
      return { label: '', standing: 'member', ...nothing }
    }
    const withdrawal = this.#affiliation.withdrawalOf(pass.holder)?.value
    const state = this.#affiliation.stateOf(pass.holder)
    const notice = judgeStanding({ pass, state, withdrawal, nowUnixMs: systemClock.unixMs() })
    return {
      network: pass.network,
      label: pass.label,
      standing: notice?.standing ?? 'member',
      memberCount: 0,
      holdsKey: isHolder,
      openTickets: invitations.openCount,
    }
  }

  /** Forgets network and pass. @throws {SkeinError} `STORAGE_FAILED` All is as before. */
  async leave(forgetsKey: boolean): Promise<Departure> {
    const wasOut = ['out', 'expired'].includes(this.preview().standing)
    const left = await this.#affiliation.leave(forgetsKey)
    if (left === undefined) return nothingToLeave
    await this.#affiliation.tidy()
    const { network, keyFile } = left
    return { network, wasOut, told: 0, ...(keyFile !== undefined && { keyFile }) }
  }
}
