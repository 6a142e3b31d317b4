/** A chain of calls through a proxy that holds each byte back for 20 ms each way: counts round trips. */
import { createConnection, createServer } from 'node:net'
import { Node } from './product.mjs'

const oneWayMs = 20

class Lock {
  status() {
    return 'locked'
  }
}
class Door {
  lock() {
    return new Lock()
  }
}
class Room {
  door() {
    return new Door()
  }
}
class House {
  room() {
    return new Room()
  }
}

/** Milliseconds of a chain of four calls, and how many round trips of 40 ms that is. */
export async function measureRoundTrips() {
  const far = await Node.start({ label: 'far', listen: ['127.0.0.1:0'], admit: 'anyone' })
  far.expose('house', new House(), { allow: ['role:anyone'] })
  const proxy = createServer((near) => {
    const target = createConnection(Number(far.address.split(':').at(-1)), '127.0.0.1')
    for (const [from, to] of [
      [near, target],
      [target, near],
    ]) {
      from.setNoDelay(true)
      from.on('data', (bytes) => setTimeout(() => to.write(bytes), oneWayMs))
      from.on('error', () => to.destroy())
      from.on('close', () => to.destroy())
    }
  })
  await new Promise((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  const near = await Node.start({ label: 'near', mesh: false })
  const { id } = await near.connect(`127.0.0.1:${proxy.address().port}`)
  const house = near.peer(id).object('house')
  await house.room()
  const times = []
  for (let index = 0; index < 9; index++) {
    const startMs = performance.now()
    await house.room().door().lock().status()
    times.push(performance.now() - startMs)
  }
  const medianMs = times.toSorted((a, b) => a - b)[4]
  await near.close()
  await far.close()
  proxy.close()
  return { medianMs, roundTrips: medianMs / (2 * oneWayMs) }
}
