/** The network as a picture. */
import type { NodeInfo } from '../membership/snapshot.ts'
import { formatRtt } from './rtt.ts'
import { captionLine, captionOf, visibleText } from './caption.ts'
import { type Edge, type Graph, type Network, toGraph } from './graph.ts'
import { layOut } from './layout.ts'
import { briefRtt, rttBandOf } from './rtt-band.ts'
import { type Box, LabelPlaces } from './svg-labels.ts'
import { formatLegend, legendRowHeight } from './svg-legend.ts'
import { styleSheet } from './svg-style.ts'
import type { Point } from './spread.ts'

const dotRadius = 9
const nameBelow = 24 // From the middle of the dot to the base line.
const portBelow = 38
const captionHeight = 60 // Of a dot and its two lines, with the gap to what is below.
const characterWidth = 7.2 // The widest of the sans-serif fonts, at 12 px and semi-bold.
const maxNameLength = 18 // The rest is in the tooltip.
const margin = 28
const leastSide = 300 // For two or three nodes.
const roomFactor = 4 // The map is so many times as large as its captions: seen to look well.
const roomOfLink = 9_000 // px²; seen to leave most RTTs a place of their own.
const manyLinks = 120 // Above, links are thin, and have their RTT in the tooltip only.
const maxAddresses = 4 // In a tooltip.

/** What a picture is drawn from. */
interface Scene {
  readonly graph: Graph
  /** In px, from the left upper corner of the picture. */
  readonly places: readonly Point[]
  readonly width: number
  /** Without the legend. */
  readonly height: number
}

/**
 * Draws the network as an SVG document that needs nothing else: no font, script or style sheet.
 *
 * Label and port stand under each node. A link is coloured by its RTT, dashed while only one end
 * knows it, grey before the first measurement. Suspects are dashed, who is gone or left is faint.
 * It has colours for light and dark, which the viewer chooses. Details are in tooltips.
 *
 * Equal networks give equal pictures.
 */
export function formatSvg(network: Network): string {
  const graph = toGraph(network)
  const scene = toScene(graph)
  const { width, height } = scene
  const legend = formatLegend(graph, { width, top: height, margin })
  const total = height + legend.rows * legendRowHeight + (legend.rows > 0 ? margin / 2 : 0)
  const density = hasRtts(graph) ? '' : ' class="many"'
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${total}" `,
    `viewBox="0 0 ${width} ${total}" role="img">\n`,
    `<title>${countText(graph)}</title>\n`,
    `<style>\n${styleSheet()}</style>\n`,
    `<rect class="background" width="100%" height="100%"/>\n`,
    `<g${density}>\n${farFirst(graph.edges)
      .map((edge) => formatLink(edge, scene))
      .join('')}</g>\n`,
    `<g>\n${formatRtts(scene)}</g>\n`,
    `<g>\n${graph.nodes.map((node, at) => formatNode(node, placeOf(scene, at))).join('')}</g>\n`,
    `<g>\n${legend.text}</g>\n`,
    '</svg>\n',
  ].join('')
}

/** Chooses a map large enough for all captions, and cuts off what is empty of it. */
function toScene(graph: Graph): Scene {
  const captionWidth = Math.max(72, ...graph.nodes.map((node) => widthOf(node) + 16))
  const count = graph.nodes.length
  const roomOfLinks = hasRtts(graph) ? graph.edges.length * roomOfLink : 0
  const roomOfNodes = count * captionWidth * captionHeight * roomFactor
  const side = Math.max(leastSide, Math.sqrt(Math.max(roomOfLinks, roomOfNodes)))
  const spacing = { x: captionWidth / side, y: captionHeight / side }
  const points = layOut({ count, links: graph.edges, spacing })
  const left = Math.min(1, ...points.map(({ x }) => x))
  const top = Math.min(1, ...points.map(({ y }) => y))
  const right = Math.max(left, ...points.map(({ x }) => x))
  const bottom = Math.max(top, ...points.map(({ y }) => y))
  const inset = margin + captionWidth / 2
  return {
    graph,
    places: points.map(({ x, y }) => ({
      x: Math.round(inset + (x - left) * side),
      y: Math.round(margin + (y - top) * side),
    })),
    width: Math.round(2 * inset + (right - left) * side),
    height: Math.round(margin + (bottom - top) * side + portBelow + margin),
  }
}

function placeOf({ places }: Scene, node: number): Point {
  return places[node] ?? { x: 0, y: 0 }
}

/** The last drawn is seen best. */
function farFirst(edges: readonly Edge[]): readonly Edge[] {
  const far = Number.MAX_VALUE
  return edges.toSorted((a, b) => (b.rttMicros ?? far) - (a.rttMicros ?? far))
}

function formatLink(edge: Edge, scene: Scene): string {
  const [from, to] = [placeOf(scene, edge.from), placeOf(scene, edge.to)]
  const { nodes } = scene.graph
  const ends = [nodes[edge.from], nodes[edge.to]].filter((node) => node !== undefined)
  const isFaded = ends.some(({ state }) => state === 'gone' || state === 'left')
  const band = edge.rttMicros === undefined ? 'none' : rttBandOf(edge.rttMicros)
  const marks = [...(edge.isConfirmed ? [] : ['unconfirmed']), ...(isFaded ? ['faded'] : [])]
  const names = ends.map((node) => captionOf(node).name).join(' – ')
  const rtt = edge.rttMicros === undefined ? 'not measured yet' : formatRtt(edge.rttMicros)
  const doubt = edge.isConfirmed ? '' : ', known from one end only'
  return (
    `<path class="${['link', `rtt-${band}`, ...marks].join(' ')}" ` +
    `d="M${from.x} ${from.y}L${to.x} ${to.y}">` +
    `<title>${escapeXml(`${names}: ${rtt}${doubt}`)}</title></path>\n`
  )
}

/** The RTTs beside their links, where they hide nothing. */
function formatRtts(scene: Scene): string {
  if (!hasRtts(scene.graph)) return ''
  const { edges, nodes } = scene.graph
  const boxes = nodes.map((node, at): Box => {
    const { x, y } = placeOf(scene, at)
    const half = Math.max(dotRadius, widthOf(node) / 2)
    return { left: x - half, right: x + half, top: y - dotRadius - 2, bottom: y + portBelow + 3 }
  })
  const labels = new LabelPlaces(boxes)
  return edges
    .map(({ from, to, rttMicros }) => {
      if (rttMicros === undefined) return ''
      const text = briefRtt(rttMicros)
      const ends = [placeOf(scene, from), placeOf(scene, to)] as const
      const [width, height] = [6 * text.length + 4, 13]
      const place = labels.place(ends, { width, height })
      if (place === undefined) return ''
      const { x, y } = place
      return (
        `<rect class="background" x="${x - width / 2}" y="${y - 7}" ` +
        `width="${width}" height="${height}"/>` +
        `<text class="rtt rtt-${rttBandOf(rttMicros)}" x="${x}" y="${y + 4}">${text}</text>\n`
      )
    })
    .join('')
}

function formatNode(node: NodeInfo, { x, y }: Point): string {
  const { port } = captionOf(node)
  const ring = node.isSelf ? `<circle class="self" cx="${x}" cy="${y}" r="${dotRadius + 4}"/>` : ''
  return (
    `<g class="${node.state}"><title>${escapeXml(detailsOf(node))}</title>` +
    `<circle class="dot" cx="${x}" cy="${y}" r="${dotRadius}"/>${ring}` +
    haloed('name', { x, y: y + nameBelow }, nameOf(node)) +
    (port === '' ? '' : haloed('port', { x, y: y + portBelow }, port)) +
    '</g>\n'
  )
}

/**
 * A text twice: first as a halo in the colour of the background, so that no link makes it
 * unreadable.
 */
function haloed(name: string, { x, y }: Point, text: string): string {
  const place = `x="${x}" y="${y}"`
  const shown = escapeXml(text)
  return (
    `<text class="${name} halo" ${place} aria-hidden="true">${shown}</text>` +
    `<text class="${name}" ${place}>${shown}</text>`
  )
}

function detailsOf(node: NodeInfo): string {
  const more = node.addresses.length - maxAddresses
  return [
    `${captionLine(node)} (${node.state}${node.isSelf ? ', this node' : ''})`,
    node.id,
    ...node.addresses.slice(0, maxAddresses).map((address) => visibleText(address, 80)),
    ...(more > 0 ? [`and ${more} more addresses`] : []),
    `Skein ${visibleText(node.software, 32)}, protocol ${node.protocol}`,
  ].join('\n')
}

function hasRtts({ edges }: Graph): boolean {
  return edges.length <= manyLinks
}

function countText({ nodes, edges }: Graph): string {
  return `Skein network: nodes ${nodes.length}, links ${edges.length}`
}

function nameOf(node: NodeInfo): string {
  return visibleText(node.name, maxNameLength)
}

function widthOf(node: NodeInfo): number {
  return Math.max(nameOf(node).length, captionOf(node).port.length) * characterWidth
}

function escapeXml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
