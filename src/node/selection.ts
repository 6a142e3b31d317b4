/** What the names that people write mean: one peer, all, a role, or a list. */
import { SkeinError } from '../base/errors.ts'
import { onePeerProblem } from './one-peer.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { ConnectionManager } from '../connection/manager.ts'
import type { Network } from './network.ts'
import type { People } from './people.ts'

/** See the file's head. */
export class Selection {
  readonly #self: { readonly id: PeerId; readonly label: string }
  readonly #manager: ConnectionManager
  readonly #network: Network
  readonly #people: People

  constructor(parts: {
    readonly self: { readonly id: PeerId; readonly label: string }
    readonly manager: ConnectionManager
    readonly network: Network
    readonly people: People
  }) {
    this.#self = parts.self
    this.#manager = parts.manager
    this.#network = parts.network
    this.#people = parts.people
  }

  /** See `Node.select`. */
  select(target: string): ReadonlySet<PeerId> {
    return new Set(target.split(',').flatMap((name) => this.#expand(name)))
  }

  /** See `Node.resolve`. */
  resolve(name: string): PeerId {
    if (name === this.#self.label || name === this.#self.id) {
      throw new SkeinError('INVALID', `'${name}' is this node itself; name another one`)
    }
    const problem = onePeerProblem(name)
    if (problem !== undefined) throw new SkeinError('INVALID', problem)
    const met = [...this.#manager.peers].map(({ id, displayAddress }) => ({ id, displayAddress }))
    return this.#people.directory.resolve(name, [...met, ...this.#network.listed()])
  }

  #expand(name: string): readonly PeerId[] {
    const role = /^role:(.+)$/.exec(name)?.[1]
    if (name !== 'all' && role === undefined) return [this.resolve(name)]
    const absent = this.#network.absentIds()
    const { directory } = this.#people
    const connected = [...this.#manager.peers]
      .filter(({ id, connection }) => connection !== undefined && !absent.has(id))
      .toSorted((a, b) => directory.number(a.id, a.addresses) - directory.number(b.id, b.addresses))
    const present = connected.map(({ id }) => id)
    const all = [...new Set([...present, ...this.#network.aliveIds()])]
    if (role === undefined) return all
    const holders = this.#people.withRole(role)
    return all.filter((id) => holders.has(id))
  }
}
