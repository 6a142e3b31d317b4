/** A link in memory, on virtual time: what is shouted comes to all, also to who shouts. */
import { createIdentity } from '../base/identity.node.ts'
import { seededRandom } from '../base/random.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { Beacons } from './beacon.ts'
import { LanDiscovery } from './lan/machine.ts'
import { hmacSha256 } from './mac.node.ts'
import { MdnsDiscovery } from './mdns/machine.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { Random } from '../base/random.ts'
import type { Endpoint, LinkWire } from './contract.ts'

type OnPacket = (bytes: Uint8Array, from: Endpoint) => void

/** A packet that was on the link. */
export interface SeenPacket {
  readonly bytes: Uint8Array
  readonly from: Endpoint
  /** Absent: to all. */
  readonly to?: Endpoint
}

/** How a node of a test is. */
export interface LinkNode {
  readonly id?: PeerId
  readonly network?: PeerId
  readonly known?: readonly PeerId[]
  readonly port?: number
  readonly label?: string
}

const delayMs = 0.5

/** See the file's head. */
export class MemoryLink {
  readonly clock = new VirtualClock()
  readonly random: Random
  readonly packets: SeenPacket[] = []
  readonly #wires = new Map<string, MemoryWire>()
  #hosts = 0

  constructor(seed = 1) {
    this.random = seededRandom(seed)
  }

  /** The wire of one more machine. */
  wire(ownPort?: number): MemoryWire {
    const host = `10.0.0.${++this.#hosts}`
    const wire = new MemoryWire(this, host, ownPort ?? 50_000 + this.#hosts)
    this.#wires.set(host, wire)
    return wire
  }

  /** Brings a packet to everybody, or to one. */
  carry({ bytes, from, to }: SeenPacket): void {
    this.packets.push({ bytes, from, ...(to && { to }) })
    this.clock.after(delayMs, () => {
      for (const wire of this.#wires.values()) {
        if (to === undefined || to.host === wire.host) wire.deliver(bytes, from)
      }
    })
  }

  /** A node that looks by ping and pong. */
  lan(node: LinkNode, wire = this.wire()): LanDiscovery {
    return new LanDiscovery({ ...this.#shared(node), wire })
  }

  /** A node that looks by DNS-SD. */
  mdns(node: LinkNode, wire = this.wire(5_353)): MdnsDiscovery {
    const addresses = (): readonly Uint8Array[] => [Uint8Array.of(10, 0, 0, 9), new Uint8Array(16)]
    return new MdnsDiscovery({ ...this.#shared(node), wire, addresses })
  }

  /** The beacons of a node. */
  beacons({ id = makeId(), network, known = [] }: LinkNode): Beacons {
    const self = { id, network: () => network, known: () => known }
    return new Beacons(self, hmacSha256, this.random)
  }

  #shared({ id = makeId(), port = 14_590, label, ...rest }: LinkNode) {
    const { clock, random } = this
    const open = label === undefined ? undefined : { id, label }
    return { clock, random, beacons: this.beacons({ id, ...rest }), port: () => port, open }
  }
}

/** One machine's end of a {@link MemoryLink}. */
export class MemoryWire implements LinkWire {
  readonly host: string
  readonly #link: MemoryLink
  readonly #port: number
  #onPacket: OnPacket | undefined
  refreshes = 0

  constructor(link: MemoryLink, host: string, port: number) {
    this.#link = link
    this.host = host
    this.#port = port
  }

  get endpoint(): Endpoint {
    return { host: this.host, port: this.#port }
  }

  open(onPacket: OnPacket): void {
    this.#onPacket = onPacket
  }

  shout(bytes: Uint8Array): void {
    this.#link.carry({ bytes, from: this.endpoint })
  }

  reply(bytes: Uint8Array, to: Endpoint): void {
    this.#link.carry({ bytes, from: this.endpoint, to })
  }

  refresh(): void {
    this.refreshes++
  }

  close(): void {
    this.#onPacket = undefined
  }

  deliver(bytes: Uint8Array, from: Endpoint): void {
    this.#onPacket?.(bytes, from)
  }
}

/** An ID that nobody has. */
export function makeId(): PeerId {
  return createIdentity().peerId
}
