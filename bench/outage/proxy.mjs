/**
 * A TCP proxy on loopback as the only way between two peers.
 *
 *   reset   sockets are reset, new ones are refused
 *   stall   nothing passes any more, without a word; new sockets are taken and hear nothing
 *
 * Each way takes 25 ms, so something is always under way: at a reset it is gone, and what a stalled
 * socket held passes at the healing, late, as from a router's queue.
 */
import { createConnection, createServer } from 'node:net'
import { once } from 'node:events'

const host = '127.0.0.1'
const delayMs = 25 // One way, as between two countries.
const maxHeldBytes = 4 * 2 ** 20 // Per direction; more waits at the sender.

/** Starts one; {@link Proxy.target} says later where it leads. */
export async function startProxy() {
  const proxy = new Proxy()
  await proxy.listen(0)
  return proxy
}

class Proxy {
  /** Port of the far peer. */
  target
  port
  kinds = { reset: 'reset', stall: 'stall' }
  #server
  #flows = new Set()
  #isStalled = false

  /** How the two peers are started: nothing special here. */
  get places() {
    return { near: [], far: [], between: [] }
  }

  get farHost() {
    return host
  }

  get nearAddress() {
    return `${host}:${this.port}`
  }

  async listen(port) {
    this.#server = createServer((dialler) => this.#accept(dialler))
    this.#server.listen(port, host)
    await once(this.#server, 'listening')
    this.port = this.#server.address().port
  }

  async cut(kind) {
    if (kind === 'reset') {
      this.#server.close()
      for (const flow of this.#flows) flow.reset()
    } else {
      this.#isStalled = true
      for (const flow of this.#flows) flow.stall()
    }
  }

  async heal() {
    this.#isStalled = false
    for (const flow of this.#flows) flow.resume()
    if (!this.#server.listening) await this.listen(this.port)
  }

  close() {
    this.#server.close()
    for (const flow of this.#flows) flow.reset()
  }

  #accept(dialler) {
    const target = createConnection({ host, port: this.target })
    for (const [from, to] of [
      [dialler, target],
      [target, dialler],
    ]) {
      const flow = new Flow(from, to)
      this.#flows.add(flow)
      from.on('close', () => this.#flows.delete(flow))
      if (this.#isStalled) flow.stall()
    }
  }
}

/** One direction of one connection. */
class Flow {
  #from
  #to
  /** What is under way: an empty chunk stands for the end. */
  #held = []
  #heldBytes = 0
  #isStalled = false

  constructor(from, to) {
    this.#from = from
    this.#to = to
    from.setNoDelay(true)
    from.on('data', (chunk) => this.#take(chunk))
    from.on('end', () => this.#take(Buffer.alloc(0)))
    from.on('error', () => to.resetAndDestroy())
    from.on('close', () => this.#take(Buffer.alloc(0)))
    to.on('drain', () => this.#pass())
  }

  stall() {
    this.#isStalled = true
  }

  resume() {
    this.#isStalled = false
    this.#pass()
  }

  reset() {
    this.#held = []
    this.#from.resetAndDestroy()
  }

  #take(chunk) {
    this.#held.push({ chunk, dueMs: performance.now() + delayMs })
    this.#heldBytes += chunk.length
    if (this.#heldBytes > maxHeldBytes) this.#from.pause()
    setTimeout(() => this.#pass(), delayMs + 1)
  }

  /** Sends what has been under way for long enough. */
  #pass() {
    if (this.#isStalled) return
    while (this.#held.length > 0 && this.#held[0].dueMs <= performance.now()) {
      const { chunk } = this.#held.shift()
      this.#heldBytes -= chunk.length
      if (chunk.length === 0) this.#to.end()
      else if (!this.#to.write(chunk)) break
    }
    if (this.#heldBytes <= maxHeldBytes) this.#from.resume()
  }
}
