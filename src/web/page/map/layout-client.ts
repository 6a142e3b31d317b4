import type { FeedModel } from '../../../map/feed.ts'
import type { LayoutAnswer, LayoutRequest } from './layout-messages.ts'

/** The name of the worker's built file; the build writes it in. */
declare const layoutWorkerFile: string

/** Asks the worker for places: one question at a time, always of the newest network. */
export class LayoutClient {
  readonly #worker: Worker
  #isBusy = false
  #waiting: { readonly model: FeedModel; readonly isAnew: boolean } | undefined

  constructor(onPlaces: (answer: LayoutAnswer) => void) {
    this.#worker = new Worker(new URL(layoutWorkerFile, import.meta.url), { type: 'module' })
    this.#worker.addEventListener('message', ({ data }: MessageEvent<LayoutAnswer>) => {
      this.#isBusy = false
      onPlaces(data)
      const { model, isAnew } = this.#waiting ?? {}
      this.#waiting = undefined
      if (model !== undefined) this.ask(model, isAnew)
    })
  }

  ask(model: FeedModel, isAnew = false): void {
    if (this.#isBusy) {
      this.#waiting = { model, isAnew: isAnew || this.#waiting?.isAnew === true }
      return
    }
    this.#isBusy = true
    const nodes = Int32Array.from(model.nodes.keys())
    const links = new Float64Array(3 * model.links.size)
    let at = 0
    for (const { a, b, rttMicros } of model.links.values()) {
      links.set([a, b, rttMicros ?? -1], at)
      at += 3
    }
    const request: LayoutRequest = { nodes, links, isAnew }
    this.#worker.postMessage(request, [nodes.buffer, links.buffer])
  }

  close(): void {
    this.#worker.terminate()
  }
}
