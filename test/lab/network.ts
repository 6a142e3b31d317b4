/**
 * Two machines and the switch between them, as network namespaces of this one.
 *
 *   ┌ alice ──────┐   ┌ switch ─────────────────┐   ┌ bob ────────┐
 *   │ 10.77.0.1 eth0──────to-alice ═br0═ to-bob──────eth0 10.77.0.2│
 *   └─────────────┘   └─────────────────────────┘   └─────────────┘
 *
 * Nothing of it touches the machine's own network, and `close` removes it all. Needs root and `ip`.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'

/** A machine of the laboratory. */
export type Place = 'alice' | 'bob'

/** Addresses: where each machine is, and another one where it may move. */
export const hosts = { alice: '10.77.0.1', bob: '10.77.0.2', elsewhere: '10.77.0.3' } as const

const places: readonly Place[] = ['alice', 'bob']

/** Why there can be no laboratory here; `undefined` where there can. */
export function labProblem(): string | undefined {
  if (process.platform !== 'linux') return 'it needs Linux'
  if (process.getuid?.() !== 0) return 'it needs root'
  const probe = `skein-probe-${process.pid}`
  try {
    ip('netns', 'add', probe)
    ip('netns', 'del', probe)
    return undefined
  } catch (thrown) {
    return `it needs network namespaces and 'ip' (iproute2): ${String(thrown)}`
  }
}

/** Whether this machine has a firewall to set. */
export function hasFirewall(): boolean {
  return spawnSync('nft', ['--version']).status === 0
}

const living = new Set<LabNetwork>()
let networks = 0

// A run that is stopped half-way leaves nothing behind either.
process.on('exit', () => living.forEach((network) => network.close()))

/** See the file's head. */
export class LabNetwork {
  readonly #prefix = `skein-lab-${process.pid}-${networks++}`

  constructor() {
    living.add(this)
    const hub = this.#hub
    for (const name of [hub, ...places.map((place) => this.namespace(place))]) {
      ip('netns', 'add', name)
    }
    inside(hub, 'link add br0 type bridge')
    inside(hub, 'link set br0 up')
    for (const place of places) {
      const name = this.namespace(place)
      inside(hub, `link add to-${place} type veth peer name eth0 netns ${name}`)
      inside(hub, `link set to-${place} master br0 up`)
      inside(name, 'link set lo up')
      inside(name, `addr add ${hosts[place]}/24 dev eth0`)
      inside(name, 'link set eth0 up')
    }
  }

  /** The name of a machine's namespace: `ip netns exec NAME …` runs something on it. */
  namespace(place: Place): string {
    return `${this.#prefix}-${place}`
  }

  /** Pulls alice's cable, or puts it back: she sees it, bob does not. */
  setCable(isIn: boolean): void {
    inside(this.namespace('alice'), `link set eth0 ${isIn ? 'up' : 'down'}`)
  }

  /** Takes bob's port off the switch, or puts it back: nobody sees it. */
  setPort(isOn: boolean): void {
    inside(this.#hub, `link set to-bob ${isOn ? 'master br0' : 'nomaster'}`)
  }

  /** Drops every packet of TCP at bob's, both ways, as a firewall does, or no longer; needs `nft`. */
  setFirewall(isUp: boolean): void {
    const nft = (command: string): void => {
      ip('netns', 'exec', this.namespace('bob'), 'nft', command)
    }
    if (!isUp) return nft('delete table inet wall')
    nft('add table inet wall')
    for (const way of ['input', 'output']) {
      nft(`add chain inet wall ${way} { type filter hook ${way} priority 0; }`)
      nft(`add rule inet wall ${way} meta l4proto tcp drop`)
    }
  }

  /** Gives alice another address in place of hers. */
  move(): void {
    inside(this.namespace('alice'), `addr del ${hosts.alice}/24 dev eth0`)
    inside(this.namespace('alice'), `addr add ${hosts.elsewhere}/24 dev eth0`)
  }

  /** Sets the server that a machine asks for names; before anything runs there. */
  setNameServer(place: Place, address: string): void {
    const folder = `/etc/netns/${this.namespace(place)}` // `ip netns exec` puts its files into /etc.
    mkdirSync(folder, { recursive: true })
    writeFileSync(`${folder}/resolv.conf`, `nameserver ${address}\n`)
  }

  close(): void {
    living.delete(this)
    for (const place of places) {
      rmSync(`/etc/netns/${this.namespace(place)}`, { recursive: true, force: true })
    }
    for (const name of [...places.map((place) => this.namespace(place)), this.#hub]) {
      ip('netns', 'del', name)
    }
  }

  get #hub(): string {
    return `${this.#prefix}-switch`
  }
}

function ip(...words: readonly string[]): void {
  execFileSync('ip', words, { stdio: ['ignore', 'ignore', 'pipe'] })
}

function inside(namespace: string, command: string): void {
  ip('-n', namespace, ...command.split(' '))
}
