import type { Listener, Path, PathHandler, Transport } from '../transport/contract.ts'

/** Fails with what should have been so. */
export function check(isSo: boolean, whatShouldBe: string): asserts isSo {
  if (!isSo) throw new Error(`should be so: ${whatShouldBe}`)
}

/** Fails unless `running` is rejected; gives what it was rejected with. */
export async function rejectionOf(running: Promise<unknown>): Promise<unknown> {
  const outcome = await running.then(
    () => undefined,
    (thrown: unknown) => ({ thrown }),
  )
  check(outcome !== undefined, 'it is rejected')
  return outcome.thrown
}

/** Binds a path and notes all that happens on it, for tests that wait on conditions. */
export class PathWitness implements PathHandler {
  readonly path: Path
  /** Everything that arrived, in order. */
  readonly chunks: Uint8Array[] = []
  receivedBytes = 0
  drains = 0
  /** The reasons given to `onClose`: one, in a transport that is right. */
  readonly closes: string[] = []
  /** Calls that came after `onClose`, or from inside a call of ours. */
  readonly misplaced: string[] = []
  /** Runs inside `onData`. */
  react: (bytes: Uint8Array) => void = () => undefined
  #isInside = false
  #waiting: (() => void)[] = []

  constructor(path: Path) {
    this.path = path
    this.inside(() => path.bind(this))
  }

  onData(bytes: Uint8Array): void {
    this.#note('onData')
    this.chunks.push(bytes)
    this.receivedBytes += bytes.length
    this.inside(() => this.react(bytes))
    this.#wake()
  }

  onDrain(): void {
    this.#note('onDrain')
    this.drains++
    this.#wake()
  }

  onClose(reason: string): void {
    this.#note('onClose')
    this.closes.push(reason)
    this.#wake()
  }

  /** Everything that arrived, as one text. */
  get text(): string {
    return this.chunks.map((chunk) => new TextDecoder().decode(chunk)).join('')
  }

  /** Calls the path; a handler called before that returns is misplaced. */
  inside<T>(call: () => T): T {
    const wasInside = this.#isInside
    this.#isInside = true
    try {
      return call()
    } finally {
      this.#isInside = wasInside
    }
  }

  /** Waits until a condition is so, looking again whenever something happened on the path. */
  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  /** Waits for the end of the path and gives its reason. */
  async closed(): Promise<string> {
    await this.until(() => this.closes.length > 0)
    return this.closes[0] ?? ''
  }

  /** Writes, waiting for `onDrain` where the path asks for it; gives how often it did. */
  async send(bytes: Uint8Array, sliceBytes: number): Promise<number> {
    let waits = 0
    for (let at = 0; at < bytes.length; at += sliceBytes) {
      const drainsBefore = this.drains
      const slice = bytes.subarray(at, at + sliceBytes)
      if (this.inside(() => this.path.write(slice))) continue
      waits++
      await this.until(() => this.drains > drainsBefore || this.closes.length > 0)
    }
    return waits
  }

  #note(call: string): void {
    if (this.closes.length > 0) this.misplaced.push(`${call} after onClose`)
    if (this.#isInside) this.misplaced.push(`${call} from inside a call`)
  }

  #wake(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const wake of waiting) wake()
  }
}

/** A transport that listens, and the paths that come to it. */
export class AcceptWitness {
  readonly paths: Path[] = []
  /** `address: reason` of each one turned away. */
  readonly rejected: string[] = []
  #listener: Listener | undefined
  #waiting: (() => void)[] = []

  /** Listens, with limits that no well-behaved test meets unless it sets them. */
  static async listen(
    transport: Transport,
    address: string,
    limits: { readonly maxHalfOpen?: number; readonly handshakeTimeoutMs?: number } = {},
  ): Promise<AcceptWitness> {
    const witness = new AcceptWitness()
    witness.#listener = await transport.listen({
      address,
      maxHalfOpen: 1_000,
      handshakeTimeoutMs: 10_000,
      ...limits,
      onPath: (path) => witness.#add(witness.paths, path),
      onRejected: (from, reason) => witness.#add(witness.rejected, `${from}: ${reason}`),
    })
    return witness
  }

  /** Where it can be dialled. */
  get address(): string {
    return this.#listener?.addresses[0] ?? ''
  }

  /** Waits for the inbound path with that number, from 0. */
  async path(index: number): Promise<Path> {
    await this.until(() => this.paths.length > index)
    const path = this.paths[index]
    check(path !== undefined, 'the path is there')
    return path
  }

  /** Waits until a condition is so, looking again whenever somebody came or was turned away. */
  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  /** Stops listening. */
  async close(): Promise<void> {
    await this.#listener?.close()
  }

  /** Stops listening and ends all paths. */
  async end(): Promise<void> {
    await this.close()
    for (const path of this.paths) path.destroy('the test is over')
  }

  #add<T>(list: T[], item: T): void {
    list.push(item)
    const waiting = this.#waiting
    this.#waiting = []
    for (const wake of waiting) wake()
  }
}
