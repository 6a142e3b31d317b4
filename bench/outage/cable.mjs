/**
 * Three network namespaces on one bridge, as a cable that can be cut below TCP and UDP alike: the
 * near peer, the far peer, and between them a host for whoever needs a rendezvous. Root only.
 *
 *   pull    the far peer's cable is pulled: its interface has no carrier
 *   drop    its port leaves the bridge: packets go nowhere, and both interfaces stay up
 *
 * The far peer is cut off from everybody. Made and removed here; nothing outside is touched.
 */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const runFile = promisify(execFile)
const ip = (line) => runFile('ip', line.split(' '))
/** Known to each other from the start: a lost ARP would cost up to a second, which no router does. */
const macs = { near: '02:00:00:00:00:01', far: '02:00:00:00:00:02', between: '02:00:00:00:00:09' }
const hosts = { near: '10.77.0.1', far: '10.77.0.2', between: '10.77.0.9' }
const port = 4_077
const cables = new Set()
let count = 0

/** Whether this process may make namespaces. */
export async function canCable() {
  try {
    const cable = await startCable()
    await cable.close()
    return true
  } catch {
    return false
  }
}

/** Removes what is there, when the benchmark is interrupted. */
export async function closeCables() {
  await Promise.all([...cables].map((cable) => cable.close()))
}

export async function startCable() {
  const cable = new Cable(`skein-outage-${process.pid}-${count++}`)
  cables.add(cable)
  try {
    await cable.open()
    return cable
  } catch (error) {
    await cable.close()
    throw error
  }
}

class Cable {
  #name

  constructor(name) {
    this.#name = name
  }

  /** How a peer is started: the words before its program. */
  get places() {
    const place = (side) => ['ip', 'netns', 'exec', `${this.#name}-${side}`]
    return { near: place('near'), far: place('far'), between: place('between') }
  }

  get farHost() {
    return hosts.far
  }

  get farPort() {
    return port
  }

  get betweenHost() {
    return hosts.between
  }

  get nearAddress() {
    return `${hosts.far}:${port}`
  }

  async open() {
    for (const side of ['between', 'near', 'far']) {
      await ip(`netns add ${this.#name}-${side}`)
      await ip(`-n ${this.#name}-${side} link set lo up`)
    }
    const between = `-n ${this.#name}-between`
    await ip(`${between} link add bridge type bridge`)
    await ip(`${between} link set bridge address ${macs.between}`)
    await ip(`${between} addr add ${hosts.between}/24 dev bridge`)
    await ip(`${between} link set bridge up`)
    for (const side of ['near', 'far']) {
      const end = `-n ${this.#name}-${side}`
      await ip(`${between} link add ${side} type veth peer name eth0 netns ${this.#name}-${side}`)
      await ip(`${between} link set ${side} master bridge up`)
      await ip(`${end} link set eth0 address ${macs[side]}`)
      await ip(`${end} addr add ${hosts[side]}/24 dev eth0`)
      await ip(`${end} link set eth0 up`)
      await ip(`${end} route add default via ${hosts.between}`)
      for (const other of Object.keys(hosts).filter((name) => name !== side)) {
        await ip(`${end} neigh add ${hosts[other]} lladdr ${macs[other]} dev eth0 nud permanent`)
      }
      await ip(`${between} neigh add ${hosts[side]} lladdr ${macs[side]} dev bridge nud permanent`)
    }
  }

  async cut(kind) {
    const how = kind === 'pull' ? 'down' : 'nomaster'
    await ip(`-n ${this.#name}-between link set far ${how}`)
  }

  async heal() {
    await ip(`-n ${this.#name}-between link set far master bridge up`)
  }

  async close() {
    cables.delete(this)
    for (const side of ['near', 'far', 'between']) {
      await ip(`netns del ${this.#name}-${side}`).catch(() => {}) // It was not made.
    }
  }
}
