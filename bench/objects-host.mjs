/**
 * One process of a pair that shares objects: `node objects-host.mjs near|far skein|capnweb|grpc`. The
 * near one starts the far one and measures what it is asked to: calls, callbacks, large arguments, an
 * iteration, references that come and go.
 */
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import v8 from 'node:v8'
import vm from 'node:vm'
import { quantile } from './figures.mjs'

const [side, name] = process.argv.slice(2)
v8.setFlagsFromString('--expose-gc')
const collectGarbage = vm.runInNewContext('gc')

/** What the far side offers. Every system has the same. */
function makeTarget(Base = Object) {
  class Room extends Base {
    door() {
      return new Door()
    }
  }
  class Door extends Base {
    lock() {
      return new Lock()
    }
  }
  class Lock extends Base {
    status() {
      return 'locked'
    }
  }
  class Target extends Base {
    #calls = 0
    add(by) {
      return (this.#calls += by)
    }
    room() {
      return new Room()
    }
    call(listener, times) {
      let answered = Promise.resolve()
      for (let index = 0; index < times; index++) answered = listener(index)
      return answered.then(() => times)
    }
    take(bytes) {
      return bytes.length
    }
    async *count(to) {
      for (let n = 0; n < to; n++) yield n
    }
    heap(isFirst) {
      if (isFirst) collectGarbage()
      return process.memoryUsage().heapUsed
    }
  }
  return new Target()
}

const starters = { skein: startSkein, capnweb: startCapnWeb, grpc: startGrpc }
const system = await starters[name]()
process.on('disconnect', () => process.exit(0))
if (side === 'far') process.send(await system.listen())
else {
  const child = fork(fileURLToPath(import.meta.url), ['far', name])
  const contact = await new Promise((resolve) => child.once('message', resolve))
  const target = await system.dial(contact)
  process.on('message', ({ what, ...options }) => {
    void measures[what](target, options).then((figures) => process.send(figures))
  })
  process.send('ready')
}

const measures = {
  /** Calls a second, so many at a time; with one, also the round trip in µs. */
  async calls(target, { count, inFlight }) {
    let left = count
    const times = new Float64Array(inFlight === 1 ? count : 0)
    const worker = async () => {
      while (left-- > 0) {
        const startMs = performance.now()
        await target.add(1)
        if (inFlight === 1) times[count - left - 1] = (performance.now() - startMs) * 1_000
      }
    }
    const startMs = performance.now()
    await Promise.all(Array.from({ length: inFlight }, worker))
    const perSecond = count / ((performance.now() - startMs) / 1_000)
    return { perSecond, p50: quantile(times.toSorted(), 0.5) }
  },
  /** Bytes that a call allocates at either side; nothing may be collected meanwhile. */
  async allocation(target, { count }) {
    const run = async () => {
      let left = count
      const worker = async () => {
        while (left-- > 0) await target.add(1)
      }
      await Promise.all(Array.from({ length: 64 }, worker))
    }
    await run()
    collectGarbage()
    const [near, far] = [process.memoryUsage().heapUsed, await target.heap(true)]
    await run()
    const farGrown = (await target.heap(false)) - far
    return { near: (process.memoryUsage().heapUsed - near) / count, far: farGrown / count }
  },
  /** Four calls, each of the result of the one before. */
  async chain(target, { count }) {
    const startMs = performance.now()
    for (let index = 0; index < count; index++) await target.room().door().lock().status()
    return { perSecond: count / ((performance.now() - startMs) / 1_000) }
  },
  /** The far side calls us so often, all at once. */
  async callbacks(target, { count }) {
    const startMs = performance.now()
    await target.call((n) => n, count)
    return { perSecond: count / ((performance.now() - startMs) / 1_000) }
  },
  /** MB/s of arguments of so many bytes, four at a time. */
  async large(target, { count, bytes }) {
    const argument = new Uint8Array(bytes)
    const startMs = performance.now()
    let left = count
    const worker = async () => {
      while (left-- > 0) await target.take(argument)
    }
    await Promise.all([worker(), worker(), worker(), worker()])
    return { megabytesPerSecond: (count * bytes) / 1e3 / (performance.now() - startMs) }
  },
  /** Items a second of one iteration. */
  async iteration(target, { count }) {
    const startMs = performance.now()
    let seen = 0
    for await (const n of target.count(count)) if (n === seen) seen++
    if (seen !== count) throw new Error(`${seen} items of ${count}`)
    return { perSecond: count / ((performance.now() - startMs) / 1_000) }
  },
  /** References made and dropped; what both tables and this heap hold then. */
  async references(target, { count }) {
    collectGarbage()
    const heapBefore = process.memoryUsage().heapUsed
    const startMs = performance.now()
    for (let made = 0; made < count; made += 1_000) {
      await Promise.all(Array.from({ length: 1_000 }, () => target.room()))
    }
    const tookMs = performance.now() - startMs
    let counts = system.counts()
    for (let round = 0; round < 200 && counts.held > 1; round++) {
      collectGarbage()
      await new Promise((resolve) => setTimeout(resolve, 20))
      counts = system.counts()
    }
    await target.add(0)
    collectGarbage()
    const heapGrownBytes = process.memoryUsage().heapUsed - heapBefore
    return { perSecond: count / (tookMs / 1_000), ...counts, heapGrownBytes }
  },
}

async function startSkein() {
  const { Node } = await import('./product.mjs')
  let node
  let far
  return {
    async listen() {
      node = await Node.start({ label: 'far', listen: ['127.0.0.1:0'], admit: 'anyone' })
      node.expose('target', makeTarget(), { allow: ['role:anyone'] })
      return node.address
    },
    async dial(contact) {
      node = await Node.start({ label: 'near' })
      far = (await node.connect(contact)).id
      return node.peer(far).object('target')
    },
    counts: () => node.objects.counts(far),
  }
}

async function startCapnWeb() {
  const { RpcTarget, newWebSocketRpcSession } = await import('capnweb')
  const { WebSocket, WebSocketServer } = await import('ws')
  return {
    async listen() {
      const server = new WebSocketServer({ port: 0, host: '127.0.0.1', maxPayload: 2 ** 28 })
      server.on('connection', (socket) => newWebSocketRpcSession(socket, makeTarget(RpcTarget)))
      await new Promise((resolve) => server.once('listening', resolve))
      return server.address().port
    },
    async dial(port) {
      const socket = new WebSocket(`ws://127.0.0.1:${port}`, { maxPayload: 2 ** 28 })
      await new Promise((resolve) => socket.once('open', resolve))
      return newWebSocketRpcSession(socket)
    },
  }
}

async function startGrpc() {
  const grpc = (await import('@grpc/grpc-js')).default
  const number = {
    requestSerialize: (value) => Buffer.from(String(value)),
    requestDeserialize: (bytes) => Number(bytes),
    responseSerialize: (value) => Buffer.from(String(value)),
    responseDeserialize: (bytes) => Number(bytes),
  }
  const raw = {
    requestSerialize: (bytes) => Buffer.from(bytes.buffer),
    requestDeserialize: (b) => b,
  }
  const one = { requestStream: false, responseStream: false }
  const service = {
    add: { path: '/t/add', ...one, ...number },
    take: { path: '/t/take', ...one, ...number, ...raw },
    count: { path: '/t/count', requestStream: false, responseStream: true, ...number },
  }
  const options = { 'grpc.max_receive_message_length': 2 ** 28 }
  return {
    async listen() {
      const server = new grpc.Server(options)
      let calls = 0
      server.addService(service, {
        add: ({ request }, answer) => answer(null, (calls += request)),
        take: ({ request }, answer) => answer(null, request.length),
        async count(call) {
          for (let n = 0; n < call.request; n++) {
            if (!call.write(n)) await new Promise((resolve) => call.once('drain', resolve))
          }
          call.end()
        },
      })
      return new Promise((resolve, reject) => {
        const insecure = grpc.ServerCredentials.createInsecure()
        server.bindAsync('127.0.0.1:0', insecure, (error, port) =>
          error === null ? resolve(port) : reject(new Error(error.message, { cause: error })),
        )
      })
    },
    async dial(port) {
      const Client = grpc.makeGenericClientConstructor(service, 't')
      const client = new Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure(), options)
      const call = (method) => (argument) =>
        new Promise((resolve, reject) => {
          client[method](argument, (error, value) =>
            error === null ? resolve(value) : reject(new Error(error.message, { cause: error })),
          )
        })
      return { add: call('add'), take: call('take'), count: (to) => client.count(to) }
    },
  }
}
