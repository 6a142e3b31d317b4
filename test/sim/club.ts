import { Simulation } from '../../src/testing/simulation.node.ts'
import type { InviteOptions } from '../../src/node/enrolment.ts'
import type { Node } from '../../src/node/node.ts'
import type { NodeOptions } from '../../src/node/options.ts'

/** A node that lets in who has a pass, and nobody else. */
export const closed = { admit: 'known' } as const

/** Nodes of one network in virtual time. */
export class Club {
  readonly world: Simulation
  readonly #nodes = new Map<string, Node>()

  constructor(seed: number | Simulation) {
    this.world = typeof seed === 'number' ? new Simulation({ seed }) : seed
  }

  /** Alice founds a network; each of the others joins it with a ticket of hers. */
  static async of(seed: number, names: readonly string[], terms?: InviteOptions): Promise<Club> {
    const club = new Club(seed)
    await club.start('alice')
    for (const name of names) {
      await club.start(name)
      await club.invite(name, terms)
    }
    await club.world.until(() => ['alice', ...names].every((name) => club.knows(name) === club.all))
    return club
  }

  get all(): string {
    return [...this.#nodes.keys()].toSorted().join(' ')
  }

  of(name: string): Node {
    const node = this.#nodes.get(name)
    if (node === undefined) throw new RangeError(`${name} was started`)
    return node
  }

  async start(name: string, options: NodeOptions = closed): Promise<Node> {
    const node = await this.world.start(name, options)
    this.#nodes.set(name, node)
    return node
  }

  async invite(name: string, terms: InviteOptions = {}, by = 'alice'): Promise<void> {
    const { ticket } = await this.of(by).invite({ label: name, ...terms })
    await this.world.wait(this.of(name).join(ticket))
  }

  /** Names of those whom a node believes to be in a state. */
  knows(name: string, state = 'alive'): string {
    const nodes = this.of(name).nodes()
    const found = nodes.filter((each) => each.state === state).map((each) => each.name)
    return found.toSorted().join(' ')
  }
}
