import { expect, test } from 'vitest'
import { World } from './objects.test-kit.ts'

class Door {
  locked = false
  lock() { this.locked = true; return this }
  status() { return this.locked ? 'locked' : 'open' }
}
class House {
  front = new Door()
  find(_name: string) { return this.front }
}
class Counter {
  #n = 0
  readonly name = 'hits'
  #listeners: ((n: number) => void)[] = []
  add(by: number) { this.#n += by; for (const l of this.#listeners) l(this.#n); return this.#n }
  async *watch() { for (let i = 1; i <= 5; i++) yield i }
  onChange(l: (n: number) => void) { this.#listeners.push(l) }
  fail() { throw new TypeError('no way', { cause: new RangeError('why') }) }
}
class Board {
  items: any[] = []
  async attach(c: any) { this.items.push(c); return c.add(10) }
  same(x: unknown) { return x === this.items[0] }
  get() { return this.items[0] }
}

test('works', async () => {
  const w = new World({ seed: 3, names: ['alice', 'bob', 'carol'] })
  w.roles.set('alice', ['ops']); w.roles.set('carol', ['ops'])
  const real = new Counter()
  w.service('bob').expose('counter', real, { allow: ['role:ops'], members: ['add', 'name', 'watch', 'onChange', 'fail'] })
  w.service('bob').expose('house', new House(), { allow: ['role:ops'] })
  w.service('carol').expose('board', new Board(), { allow: ['role:ops'] })
  const counter = w.object('alice', 'bob', 'counter')
  expect(await w.wait(counter.add(5))).toBe(5)
  expect(await w.wait(counter.add(5))).toBe(10)
  expect(await w.wait(counter.name)).toBe('hits')
  console.log("A"); const house = w.object('alice', 'bob', 'house')
  expect(await w.wait(house.find('front').lock().status())).toBe('locked')
  console.log("B"); const got: number[] = []
  await w.wait((async () => { for await (const n of counter.watch()) got.push(n) })())
  expect(got).toEqual([1, 2, 3, 4, 5])
  console.log("C"); const heard: number[] = []
  await w.wait(counter.onChange((n: number) => { heard.push(n) }))
  await w.wait(counter.add(1))
  await w.quiet()
  expect(heard).toEqual([11])
  const error = await w.wait(counter.fail().then(null, (e: unknown) => e))
  expect(error).toBeInstanceOf(TypeError)
  expect(error.cause).toBeInstanceOf(RangeError)
  console.log("D"); const board = w.object('alice', 'carol', 'board')
  expect(await w.wait(board.attach(counter))).toBe(21)
  expect(await w.wait(board.same(counter))).toBe(true)
  expect(await w.wait(board.get())).toBe(counter)
  expect(await w.wait(counter.nope().then(null, (e: any) => e.code))).toBe('UNKNOWN_MEMBER')
  console.log("E"); const big = new Uint8Array(1_000_000).fill(7)
  w.service('bob').expose('echo', (x: unknown) => x, { allow: ['role:ops'] })
  const echo = w.object('alice', 'bob', 'echo')
  expect((await w.wait<Uint8Array>(echo(big))).length).toEqual(1_000_000)
  expect(await w.wait(w.service('alice').list(w.idOf('bob')))).toMatchInlineSnapshot(`
    [
      {
        "kind": "object",
        "members": [
          {
            "kind": "method",
            "name": "add",
          },
          {
            "kind": "method",
            "name": "fail",
          },
          {
            "kind": "property",
            "name": "name",
          },
          {
            "kind": "method",
            "name": "onChange",
          },
          {
            "kind": "method",
            "name": "watch",
          },
        ],
        "name": "counter",
      },
      {
        "kind": "function",
        "members": [],
        "name": "echo",
      },
      {
        "kind": "object",
        "members": [
          {
            "kind": "method",
            "name": "find",
          },
        ],
        "name": "house",
      },
    ]
  `)
})
