/** Lays the map out beside the page, so that no frame waits for it. */
import { LiveLayout } from '../../../map/live-layout.ts'
import { toLiveNetwork } from './layout-messages.ts'
import type { LayoutAnswer, LayoutRequest } from './layout-messages.ts'

const layout = new LiveLayout()

addEventListener('message', ({ data }: MessageEvent<LayoutRequest>) => {
  const wasArranged = layout.update(toLiveNetwork(data), data.isAnew)
  const places = new Float64Array(2 * data.nodes.length)
  for (const [at, node] of data.nodes.entries()) {
    const { x = 0, y = 0 } = layout.places.get(node) ?? {}
    places[2 * at] = x
    places[2 * at + 1] = y
  }
  const answer: LayoutAnswer = { nodes: data.nodes, places, wasArranged }
  postMessage(answer, { transfer: [answer.nodes.buffer, places.buffer] })
})
