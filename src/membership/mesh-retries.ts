/** Which members not to dial for a while: no answer, a refusal, or too many links already. */
import type { PeerId } from '../base/peer-id.ts'
import type { Random } from '../base/random.ts'
import type { MeshLink, MeshMember } from './mesh-world.ts'
import type { MeshOptions } from './mesh-options.ts'

interface Try {
  readonly untilMs: number
  readonly failures: number
  /** What was known of the member then. */
  readonly news: string | undefined
}

const maxDoublings = 20

/** See the file's head. */
export class MeshRetries {
  readonly #random: Random
  readonly #options: MeshOptions
  readonly #tries = new Map<PeerId, Try>()
  readonly #underWay = new Set<PeerId>()
  #news: ReadonlyMap<PeerId, string> = new Map()

  constructor(random: Random, options: MeshOptions) {
    this.#random = random
    this.#options = options
  }

  /** Drops what is no longer so: who is connected, has news, or is gone starts afresh. */
  look(members: readonly MeshMember[], linkOf: ReadonlyMap<PeerId, MeshLink>): void {
    const present = members.filter(({ state }) => state !== 'gone')
    this.#news = new Map(present.map(({ id, news }) => [id, news]))
    for (const [id, { news }] of this.#tries) {
      if (linkOf.has(id) && !this.#isAvoided(id)) this.#tries.delete(id)
      if (this.#news.get(id) !== news) this.#tries.delete(id)
    }
    for (const id of this.#underWay) if (linkOf.has(id)) this.#underWay.delete(id)
  }

  /** A dial began. */
  began(id: PeerId): void {
    this.#underWay.add(id)
  }

  /** It failed: the next one waits, far longer after a refusal. */
  failed(id: PeerId, isRefused: boolean, nowMs: number): void {
    this.#underWay.delete(id)
    const { unreachableMs, unreachableMaxMs, refusedMs, refusedMaxMs } = this.#options
    const failures = this.#tries.get(id)?.failures ?? 0
    const firstMs = isRefused ? refusedMs : unreachableMs
    const maxMs = isRefused ? refusedMaxMs : unreachableMaxMs
    const pauseMs = Math.min(maxMs, firstMs * 2 ** Math.min(failures, maxDoublings))
    this.#wait(id, nowMs + pauseMs * (0.5 + this.#random.next()), failures + 1)
  }

  /** It has too many links: it is not chosen for a while. */
  avoid(id: PeerId, nowMs: number): void {
    this.#wait(id, nowMs + this.#options.refusedMs, 0)
  }

  /** Forgets who had too many links. */
  forgive(): void {
    for (const id of this.#tries.keys()) if (this.#isAvoided(id)) this.#tries.delete(id)
  }

  isUnderWay(id: PeerId): boolean {
    return this.#underWay.has(id)
  }

  isWaiting(id: PeerId, nowMs: number): boolean {
    return this.waitsUntilMs(id) > nowMs
  }

  /** Infinity below zero where nothing is waited for. */
  waitsUntilMs(id: PeerId): number {
    return this.#tries.get(id)?.untilMs ?? Number.NEGATIVE_INFINITY
  }

  #isAvoided(id: PeerId): boolean {
    return this.#tries.get(id)?.failures === 0
  }

  #wait(id: PeerId, untilMs: number, failures: number): void {
    this.#tries.set(id, { untilMs, failures, news: this.#news.get(id) })
  }
}
