/* oxlint-disable typescript/no-unsafe-call -- what is refused has no type */
/** What `Remote<T>` lets a program write, and what it refuses. `tsc` checks it; the rest is a run of none. */
import { expectTypeOf, test } from 'vitest'
import type { Remote } from './remote-type.ts'

class Door {
  readonly width = 3

  lock(): this {
    return this
  }

  status(): 'open' | 'locked' {
    return 'open'
  }
}

interface Settings {
  readonly colour: string
  readonly sizes: readonly number[]
  readonly since: Date
}

class House {
  readonly name: string = 'house'
  readonly settings: Settings = { colour: 'red', sizes: [1], since: new Date(0) }
  readonly front = new Door()
  _hidden = 1
  #secret = 1

  add(by: number, note?: string): number {
    return by + (note?.length ?? this.#secret)
  }

  find(_name: string): Door | undefined {
    return this.front
  }

  open(): Door {
    return this.front
  }

  async later(): Promise<Map<string, Date>> {
    return new Map()
  }

  doors(): Door[] {
    return [this.front]
  }

  onChange(_listener: (n: number) => void): void {}

  make(): (text: string) => number {
    return ({ length }) => length
  }

  async *watch(_signal?: AbortSignal): AsyncGenerator<number> {
    yield 1
  }

  *steps(): Generator<Door> {
    yield this.front
  }

  bytes(): ReadableStream<Uint8Array> {
    return new ReadableStream()
  }

  attach(_door: Door): void {}

  pair(): { readonly left: Door; readonly n: number } {
    return { left: this.front, n: 1 }
  }
}

declare const house: Remote<House>
declare const door: Remote<Door>

/** Never run: only its types are looked at. */
async function use(): Promise<void> {
  expectTypeOf(house.add(1)).resolves.toBeNumber()
  expectTypeOf(house.add(1, 'note')).resolves.toBeNumber()
  expectTypeOf(await house.later()).toEqualTypeOf<Map<string, Date>>()
  // @ts-expect-error -- an argument of another type
  void house.add('1')
  // @ts-expect-error -- an argument too few
  void house.add()
  // @ts-expect-error -- an argument too many
  void house.add(1, 'note', 2)
  // @ts-expect-error -- a member that is not there
  void house.remove()
  // @ts-expect-error -- every member is asynchronous
  const sum: number = house.add(1)
  void sum

  expectTypeOf(await house.name).toBeString()
  expectTypeOf((await house.settings).sizes).toEqualTypeOf<readonly number[]>()
  expectTypeOf((await house.settings).since).toEqualTypeOf<Date>()
  expectTypeOf(await house.settings.colour).toBeString()
  // @ts-expect-error -- a property is no method
  void house.name()
  // @ts-expect-error -- properties cannot be set
  house.name = 'other'
  // @ts-expect-error -- private by custom
  void house._hidden

  expectTypeOf(await house.open().lock().status()).toEqualTypeOf<'open' | 'locked'>()
  expectTypeOf(await house.open()).toEqualTypeOf<Remote<Door>>()
  expectTypeOf(await house.front).toEqualTypeOf<Remote<Door>>()
  expectTypeOf(await house.front.status()).toEqualTypeOf<'open' | 'locked'>()
  expectTypeOf(await house.open().width).toBeNumber()
  expectTypeOf(await house.doors()).toEqualTypeOf<Remote<Door>[]>()
  expectTypeOf((await house.pair()).left).toEqualTypeOf<Remote<Door>>()
  expectTypeOf((await house.pair()).n).toBeNumber()
  expectTypeOf(await house.find('front')).toEqualTypeOf<Remote<Door> | undefined>()
  // @ts-expect-error -- a member that the result does not have
  void house.open().slam()

  void house.onChange((n) => expectTypeOf(n).toBeNumber())
  // @ts-expect-error -- a callback of another type
  void house.onChange((n: string) => n)
  const length = await house.make()
  expectTypeOf(await length('text')).toBeNumber()
  // @ts-expect-error -- a function's argument of another type
  void length(1)

  for await (const n of house.watch()) expectTypeOf(n).toBeNumber()
  for await (const n of house.watch(new AbortController().signal)) expectTypeOf(n).toBeNumber()
  for await (const each of house.steps()) expectTypeOf(each).toEqualTypeOf<Remote<Door>>()
  for await (const bytes of await house.bytes()) expectTypeOf(bytes).toEqualTypeOf<Uint8Array>()
  // @ts-expect-error -- not by a loop of this side alone
  for (const n of house.watch()) void n

  void house.attach(door)
  void house.attach(new Door())
  // @ts-expect-error -- an object of another kind
  void house.attach(house)

  house[Symbol.dispose]()
  expectTypeOf(await door.lock()).toEqualTypeOf<Remote<Door>>()
}

test('[O40] the types of a remote object allow what can be done, and nothing else', () => {
  expectTypeOf(use).toBeFunction()
  expectTypeOf<keyof Remote<House>>().not.toExtend<'_hidden' | 'then' | 'constructor'>()
})
