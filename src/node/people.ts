/**
 * Who the others are to this node: names, indexes, roles, and whether they may connect. Joins the
 * configuration, what the owner said since, and what was seen.
 */
import { background } from '../base/background.ts'
import { SkeinError } from '../base/errors.ts'
import { labelProblem } from '../base/label.ts'
import { isPeerId, shortPeerId } from '../base/peer-id.ts'
import { Directory } from './directory.ts'
import { KnownList, damaged, isTable, readJson, writeJson } from './known-list.ts'
import type { Log } from '../base/log.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { Subject } from '../base/policy.ts'
import type { Storage } from '../base/storage.ts'
import type { Candidate } from '../connection/manager-setup.ts'
import type { Refusal } from '../connection/messages.ts'
import { readProof } from './join.ts'
import type { Affiliation } from './affiliation.ts'
import type { Admission, NodeOptions } from './options.ts'

/** What people are kept with. */
export interface PeopleParts {
  readonly storage: Storage
  readonly log: Log
  readonly affiliation: Affiliation
}

const labelsFile = 'labels.json'

/** See the file's head. */
export class People {
  readonly directory: Directory
  readonly #affiliation: Affiliation
  readonly #storage: Storage
  readonly #log: Log
  readonly #list: KnownList
  readonly #admit: Admission
  readonly #ownLabel: string | undefined
  readonly #configured: ReadonlyMap<string, PeerId>
  readonly #roles: ReadonlyMap<string, ReadonlySet<PeerId>>
  #areLabelsNew = false
  #isWriting = false

  private constructor(
    parts: PeopleParts & { readonly list: KnownList },
    directory: Directory,
    options: NodeOptions,
  ) {
    this.#affiliation = parts.affiliation
    this.#storage = parts.storage
    this.#log = parts.log
    this.#list = parts.list
    this.directory = directory
    this.#admit = options.admit ?? 'local'
    this.#ownLabel = options.label
    this.#configured = new Map(Object.entries(options.known ?? {}))
    const roles = Object.entries(options.roles ?? {})
    this.#roles = new Map(roles.map(([role, ids]) => [role, new Set(ids)]))
    for (const [label, id] of [...this.#configured, ...this.#list.allowed]) {
      if (!this.#list.isDenied(id)) directory.allow(id, label)
    }
  }

  /**
   * Reads what was kept.
   *
   * @param addresses - Configured addresses, which get the first indexes.
   * @throws {SkeinError} `STORAGE_FAILED` a file is damaged.
   */
  static async load(
    parts: PeopleParts,
    options: NodeOptions,
    addresses: readonly string[],
  ): Promise<People> {
    const { storage } = parts
    const content = await readJson(storage, labelsFile)
    const kept = content === undefined ? {} : content
    const isSound = ([label, id]: readonly [string, unknown]): boolean =>
      labelProblem(label) === undefined && isPeerId(id)
    if (!isTable(kept) || !Object.entries(kept).every(isSound)) throw damaged(storage, labelsFile)
    const seen = Object.entries(kept) as [string, PeerId][]
    const list = await KnownList.load(storage)
    const directory = new Directory(addresses, seen, {
      labelOf: (id) => parts.affiliation.labelOf(id),
      holderOf: (label) => parts.affiliation.holderOf(label),
    })
    return new People({ ...parts, list }, directory, options)
  }

  /** Why a peer may not connect, or `undefined` when it may. */
  refusal({ id, isLocal, claimedLabel, pass }: Candidate): Refusal | undefined {
    const label = labelProblem(claimedLabel) === undefined ? ` ${claimedLabel}` : ''
    const advice = `its owner can let you in: skein allow ${id}${label}`
    if (this.#list.isDenied(id)) {
      const message = `you were shut out; ${advice}`
      return { code: 'DENIED', rule: 'deny', message, ...this.#proof(id) }
    }
    if (this.directory.isKnown(id)) return undefined
    if (pass !== undefined) this.#affiliation.note(id, pass)
    const state = this.#affiliation.stateOf(id)
    if (state === 'valid') return undefined
    if (pass !== undefined && this.#affiliation.isInvited(id, pass)) return undefined
    if (pass !== undefined && readProof(pass) !== undefined && this.#admit !== 'anyone') {
      const message = 'the ticket was used, has expired, or is not of this node; ask for a new one'
      return { code: 'DENIED', rule: 'ticket', message }
    }
    if (state === 'withdrawn') {
      const message = 'your pass was taken back; ask for a new ticket: skein invite'
      return { code: 'DENIED', rule: 'withdrawn pass', message, ...this.#proof(id) }
    }
    if (this.#admit === 'anyone') return undefined
    if (this.#admit === 'local' && isLocal) return undefined
    if (state === 'expired') {
      const message = 'your pass has expired; ask for a new ticket: skein invite'
      return { code: 'DENIED', rule: 'expired pass', message }
    }
    if (state === 'resigned') {
      const message = 'you left the network; ask for a new ticket: skein invite'
      return { code: 'DENIED', rule: 'resigned pass', message }
    }
    const rule = `network.admit = "${this.#admit}"`
    return { code: 'DENIED', rule, message: `this node does not know you; ${advice}` }
  }

  /** Tells whether a peer is shut out: by the owner, or by its network. */
  isDenied(id: PeerId): boolean {
    if (this.#list.isDenied(id) || this.isWithdrawn(id)) return true
    // Whether it is on this machine shows only when it was dialled.
    return this.#admit === 'known' && this.isExpired(id, false)
  }

  /** What tells a peer that its pass was taken back, beyond doubt. */
  #proof(id: PeerId): { readonly withdrawal?: Uint8Array } {
    const withdrawal = this.#affiliation.withdrawalOf(id)
    return withdrawal === undefined ? {} : { withdrawal: withdrawal.bytes }
  }

  /** Tells whether the network took a peer's pass back; the known list has the last word. */
  isWithdrawn(id: PeerId): boolean {
    return !this.directory.isKnown(id) && this.#affiliation.stateOf(id) === 'withdrawn'
  }

  /** Tells whether a peer was let in by a pass that has expired, and by nothing else. */
  isExpired(id: PeerId, isLocal: boolean): boolean {
    return !this.#isLetIn(id, isLocal) && this.#affiliation.stateOf(id) === 'expired'
  }

  /** Tells whether a peer was let in by a pass that it gave back, and by nothing else. */
  hasResigned(id: PeerId, isLocal: boolean): boolean {
    return !this.#isLetIn(id, isLocal) && this.#affiliation.stateOf(id) === 'resigned'
  }

  /** Without any pass. */
  #isLetIn(id: PeerId, isLocal: boolean): boolean {
    const isAdmitted = this.#admit === 'anyone' || (this.#admit === 'local' && isLocal)
    return isAdmitted || this.directory.isKnown(id)
  }

  /** Who a peer is to the policy. */
  subject(id: PeerId, isLocal: boolean): Subject {
    const roles = new Set(['anyone'])
    if (this.directory.isKnown(id)) roles.add('known')
    if (isLocal) roles.add('local')
    for (const [role, ids] of this.#roles) if (ids.has(id)) roles.add(role)
    const pass = this.#affiliation.validPass(id)
    for (const role of pass === undefined ? [] : ['member', ...pass.roles]) roles.add(role)
    return { peerId: id, name: this.directory.name(id), roles }
  }

  /** Whether a peer is known, has a pass, or was once met. */
  isHeardOf(id: PeerId): boolean {
    if (this.directory.isKnown(id) || this.#affiliation.stateOf(id) !== 'none') return true
    return [...this.directory.seen.values()].includes(id)
  }

  /** IDs that have a named role. */
  withRole(role: string): ReadonlySet<PeerId> {
    const byPass = this.#affiliation.members().filter(({ roles }) => roles.includes(role))
    return new Set([...(this.#roles.get(role) ?? []), ...byPass.map(({ holder }) => holder)])
  }

  /** Notes what a peer calls itself; the first to use a label keeps it. */
  claim(id: PeerId, label: string): void {
    if (!this.directory.claim(id, label)) return
    this.#areLabelsNew = true
    if (!this.#isWriting) background(this.#writeLabels(), `write ${labelsFile}`, this.#log)
  }

  /** Labels that come while others are being written wait: a hundred members are two writes. */
  async #writeLabels(): Promise<void> {
    this.#isWriting = true
    try {
      while (this.#areLabelsNew) {
        this.#areLabelsNew = false
        await writeJson(this.#storage, labelsFile, Object.fromEntries(this.directory.seen))
      }
    } finally {
      this.#isWriting = false
    }
  }

  /**
   * Puts a peer on the known list, for good.
   *
   * @param label - Its name from now on; what it is called now where absent.
   * @returns The label.
   * @throws {SkeinError} `INVALID` no label, or another peer has it.
   */
  async allow(id: PeerId, label = this.#freeLabel(id)): Promise<string> {
    const problem = labelProblem(label)
    if (problem !== undefined) throw new SkeinError('INVALID', `'${label}': ${problem}`)
    if (label === this.#ownLabel) {
      throw new SkeinError('INVALID', `'${label}' is this node's own label; choose another`)
    }
    const other = this.directory.known.get(label)
    if (other !== undefined && other !== id) {
      const text = `'${label}' is ${shortPeerId(other)} on the known list; choose another label`
      throw new SkeinError('INVALID', text)
    }
    const holder = this.directory.holderOf(label)
    if (holder !== undefined && holder !== id) {
      const text = `'${label}' is the label of the member ${shortPeerId(holder)}; choose another`
      throw new SkeinError('INVALID', text)
    }
    await this.#list.allow(id, label)
    this.directory.deny(id)
    this.directory.allow(id, label)
    return label
  }

  /** Takes a peer off the known list and shuts it out, for good. */
  async deny(id: PeerId): Promise<void> {
    await this.#list.deny(id)
    this.directory.deny(id)
  }

  /** Takes a peer off the known list, as if it had never been met; true when it was on it. */
  async forget(id: PeerId): Promise<boolean> {
    await this.#list.forget(id)
    return this.directory.deny(id)
  }

  #freeLabel(id: PeerId): string {
    const name = this.directory.name(id)
    return labelProblem(name) === undefined ? name : `peer-${shortPeerId(id)}`
  }
}
