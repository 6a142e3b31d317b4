/** Objects that tests expose. */
import { membersSymbol } from './exposure.ts'

/** An agent. */
export class Room {
  readonly name: string
  _hidden = 1

  constructor(name: string) {
    this.name = name
  }

  self(): this {
    return this
  }

  isSame(other: unknown): boolean {
    return other === this
  }

  title(): string {
    return `room ${this.name}`
  }

  _private(): string {
    return 'private'
  }
}

/** Data with a class. */
export class Point {
  x = 1
}

class Narrow {
  static readonly [membersSymbol] = ['open']
  open(): string {
    return 'open'
  }

  shut(): string {
    return 'shut'
  }
}

/** Does what tests need. */
export class Tool {
  readonly room = new Room('one')
  readonly held: unknown[] = []
  readonly order: number[] = []

  find(): Room {
    return this.room
  }

  make(): Room {
    return new Room('new')
  }

  late(gate: PromiseLike<unknown>): Promise<Room> {
    return Promise.resolve(gate).then(() => this.room)
  }

  echo(value: unknown): unknown {
    return value
  }

  keep(value: unknown): void {
    this.held.push(value)
  }

  note(n: number): void {
    this.order.push(n)
  }

  size(n: number, bytes: Uint8Array): number {
    this.order.push(n)
    return bytes.length
  }

  fail(error: unknown): never {
    throw error
  }

  hang(_signal?: AbortSignal): Promise<never> {
    this.keep(_signal)
    return new Promise(() => undefined)
  }

  *steps(): Generator<number> {
    yield* [1, 2, 3]
  }

  point(): Point {
    return new Point()
  }

  narrow(): Narrow {
    return new Narrow()
  }
}
