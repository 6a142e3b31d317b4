/**
 * Draws a scene on a canvas.
 *
 * Links that look alike are one path, so that ten thousands of them are a few dozen strokes. Names are
 * drawn where they hide no other name: first what is selected, then this node, then by links.
 */
import { briefRtt, rttBandOf } from '../../../map/rtt-band.ts'
import { visibleText } from '../../../map/caption.ts'
import { LabelPlaces } from '../../../map/svg-labels.ts'
import { toScreen } from './camera.ts'
import { NamePlaces } from './name-places.ts'
import type { Camera, View } from './camera.ts'
import type { Palette } from './palette.ts'
import type { LinkStyle, Scene, SceneLink, SceneNode } from './scene.ts'

/** What is drawn besides the scene. */
export interface Picture {
  readonly scene: Scene
  readonly camera: Camera
  readonly view: View
  readonly palette: Palette
  readonly selectedNode: number | undefined
  readonly selectedLink: SceneLink | undefined
  readonly hovered: number | undefined
  /** Nodes that the search means; `undefined` where nothing is searched for. */
  readonly matches: ReadonlySet<number> | undefined
}

const dashes: Readonly<Record<LinkStyle, readonly number[]>> = {
  solid: [],
  udp: [12, 4],
  relay: [2, 5],
  unconfirmed: [5, 5],
  waiting: [1, 7],
}
/** In a crowd the near links show its shape; the far ones, which are long, would cover it. */
const bandShare = [1, 0.8, 0.6, 0.4, 0.35]
const alphaSteps = 10 // A fade of 500 ms has no more frames worth telling apart.
const maxSegments = 1_000 // A longer path is slower to stroke than several short ones.
const maxRtts = 60 // Of links that are seen: more are not read.
const roomOfName = 16_000 // px²: of a crowd not all names are shown, or nothing else is seen.
const maxTried = 1_500
const font = 'system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif'

/** Paints one frame. `pixelRatio` is of the canvas to CSS pixels. */
export function paint(
  context: CanvasRenderingContext2D,
  picture: Picture,
  pixelRatio: number,
): void {
  const { view, palette } = picture
  context.setTransform(pixelRatio, 0, 0, pixelRatio, 0, 0)
  context.globalAlpha = 1
  context.fillStyle = palette.background
  context.fillRect(0, 0, view.width, view.height)
  paintGrid(context, picture)
  const radius = radiusOf(picture)
  paintLinks(context, picture, radius)
  paintNodes(context, picture, radius)
  paintRtts(context, picture, radius)
  paintNames(context, picture, radius)
  context.globalAlpha = 1
}

/** How large a node is drawn, px: up to a fifth of the way to the next one. */
export function radiusOf({ scene, camera }: Pick<Picture, 'scene' | 'camera'>): number {
  return Math.max(1.4, Math.min(10, 0.2 * scene.gap * camera.zoom))
}

/** Dots, a hint of depth: they move with the map, so that panning is felt where nothing is near. */
function paintGrid(context: CanvasRenderingContext2D, { camera, view, palette }: Picture): void {
  let gap = camera.zoom
  while (gap < 24) gap *= 2
  while (gap > 48) gap /= 2
  const origin = toScreen({ x: 0, y: 0 }, camera, view)
  context.fillStyle = palette.grid
  for (let x = modulo(origin.x, gap); x < view.width; x += gap) {
    for (let y = modulo(origin.y, gap); y < view.height; y += gap) context.fillRect(x, y, 1.5, 1.5)
  }
}

interface Stroke {
  readonly colour: string
  readonly dash: readonly number[]
  readonly width: number
  readonly alpha: number
  readonly links: SceneLink[]
}

function paintLinks(context: CanvasRenderingContext2D, picture: Picture, radius: number): void {
  const { scene, camera, view } = picture
  const strokes = new Map<string, Stroke>()
  const isCrowded = scene.links.size > 2_000
  for (const link of scene.links.values()) {
    if (!link.a.isPlaced || !link.b.isPlaced || !isSeen(link, picture)) continue
    const { emphasis, alpha } = prominenceOf(link, picture)
    const step = Math.ceil(alpha * alphaSteps)
    if (step === 0) continue
    const style = isCrowded && link.style === 'unconfirmed' ? 'solid' : link.style
    const key = `${link.band} ${style} ${emphasis} ${step}`
    const stroke = strokes.get(key) ?? makeStroke(link, { emphasis, step, style, picture })
    strokes.set(key, stroke)
    stroke.links.push(link)
  }
  context.lineCap = radius > 4 ? 'round' : 'butt'
  // Far ones first: the near, and what is emphasised, lie on top.
  const inOrder = [...strokes.values()].toSorted((a, b) => a.width - b.width || a.alpha - b.alpha)
  const [offsetX, offsetY] = [view.width / 2, view.height / 2]
  for (const { colour, dash, width, alpha, links } of inOrder) {
    context.strokeStyle = colour
    context.globalAlpha = alpha
    context.lineWidth = width
    context.setLineDash(dash as number[])
    for (let from = 0; from < links.length; from += maxSegments) {
      context.beginPath()
      for (let at = from; at < Math.min(links.length, from + maxSegments); at++) {
        const { a, b } = links[at] ?? noLink
        context.moveTo(
          (a.x - camera.x) * camera.zoom + offsetX,
          (a.y - camera.y) * camera.zoom + offsetY,
        )
        context.lineTo(
          (b.x - camera.x) * camera.zoom + offsetX,
          (b.y - camera.y) * camera.zoom + offsetY,
        )
      }
      context.stroke()
    }
  }
  context.setLineDash([])
}

const noPoint = { x: 0, y: 0 }
const noLink = { a: noPoint, b: noPoint }

function makeStroke(
  link: SceneLink,
  {
    emphasis,
    step,
    style,
    picture,
  }: {
    readonly emphasis: number
    readonly step: number
    readonly style: LinkStyle
    readonly picture: Picture
  },
): Stroke {
  const { palette, scene } = picture
  const count = scene.links.size
  const usual = count > 10_000 ? 0.5 : count > 1_500 ? 0.7 : count > 200 ? 1.1 : 2
  return {
    colour: palette.bands[link.band] ?? palette.muted,
    dash: dashes[style],
    width: emphasis === 2 ? 3.4 : emphasis === 1 ? Math.max(2, usual + 0.6) : usual,
    alpha: step / alphaSteps,
    links: [],
  }
}

/** How much a link stands out: 2 selected, 1 of the selected node, 0 any other. */
function prominenceOf(
  link: SceneLink,
  { selectedNode, selectedLink, hovered, scene, matches }: Picture,
): { readonly emphasis: number; readonly alpha: number } {
  const { a, b } = link
  const count = scene.links.size
  const isCrowd = count > 1_500
  const crowd = (count > 10_000 ? 0.3 : 0.5) * (bandShare[link.band] ?? 0.5)
  const usual = isCrowd ? crowd : count > 200 ? 0.65 : 0.9
  const ends = Math.min(1, Math.min(a.alpha, b.alpha) + 0.2)
  const alpha = link.alpha * ends
  if (link === selectedLink) return { emphasis: 2, alpha }
  const isOf = (n: number | undefined): boolean => n !== undefined && (a.n === n || b.n === n)
  if (isOf(selectedNode) || isOf(hovered)) return { emphasis: 1, alpha }
  const isAside = selectedNode !== undefined || selectedLink !== undefined || matches !== undefined
  return { emphasis: 0, alpha: alpha * usual * (isAside ? (count > 200 ? 0.35 : 0.55) : 1) }
}

function isSeen({ a, b }: SceneLink, { camera, view }: Picture): boolean {
  const [halfX, halfY] = [view.width / 2 / camera.zoom, view.height / 2 / camera.zoom]
  return (
    Math.max(a.x, b.x) >= camera.x - halfX &&
    Math.min(a.x, b.x) <= camera.x + halfX &&
    Math.max(a.y, b.y) >= camera.y - halfY &&
    Math.min(a.y, b.y) <= camera.y + halfY
  )
}

function paintNodes(context: CanvasRenderingContext2D, picture: Picture, radius: number): void {
  const { scene, camera, view, palette, selectedNode, selectedLink, hovered, matches } = picture
  for (const node of scene.nodes.values()) {
    if (!node.isPlaced || node.alpha === 0) continue
    const { x, y } = toScreen(node, camera, view)
    if (x < -20 || y < -20 || x > view.width + 20 || y > view.height + 20) continue
    const isPicked = node.n === selectedNode || node === selectedLink?.a || node === selectedLink?.b
    const isFar = matches !== undefined && !matches.has(node.n)
    const { state, isSelf } = node.line
    const colour = palette.states[state]
    const size = isPicked || node.n === hovered ? radius * 1.25 + 1 : radius
    context.globalAlpha = node.alpha * (isFar ? 0.25 : 1)
    disc(context, { x, y, radius: size + Math.min(2.5, radius * 0.35) }, palette.background)
    const isHollow = state === 'gone' || state === 'suspect'
    disc(context, { x, y, radius: size }, isHollow ? palette.background : colour)
    context.lineWidth = Math.min(2, radius * 0.4)
    context.strokeStyle = colour
    if (state === 'suspect') context.setLineDash([3, 2.5])
    if (state !== 'alive') ring(context, { x, y, radius: size })
    context.setLineDash([])
    if (isSelf) {
      context.strokeStyle = palette.text
      ring(context, { x, y, radius: size + Math.max(2.5, radius * 0.45) })
    }
    if (isPicked) {
      context.globalAlpha = 1
      context.strokeStyle = palette.accent
      context.lineWidth = 2.5
      ring(context, { x, y, radius: size + Math.max(6, radius * 0.8) })
    }
  }
}

interface Circle {
  readonly x: number
  readonly y: number
  readonly radius: number
}

function disc(context: CanvasRenderingContext2D, { x, y, radius }: Circle, colour: string): void {
  context.fillStyle = colour
  context.beginPath()
  context.arc(x, y, radius, 0, 2 * Math.PI)
  context.fill()
}

function ring(context: CanvasRenderingContext2D, { x, y, radius }: Circle): void {
  context.beginPath()
  context.arc(x, y, radius, 0, 2 * Math.PI)
  context.stroke()
}

/** Round trips beside their links, where few are seen and they hide nothing. */
function paintRtts(context: CanvasRenderingContext2D, picture: Picture, radius: number): void {
  const { scene, camera, view, palette, selectedNode, selectedLink } = picture
  const isOfSelected = (link: SceneLink): boolean =>
    link === selectedLink ||
    (selectedNode !== undefined && (link.a.n === selectedNode || link.b.n === selectedNode))
  const all =
    scene.links.size <= maxRtts
      ? [...scene.links.values()]
      : [...scene.links.values()].filter(isOfSelected)
  const links = all.filter((link) => link.a.isPlaced && link.b.isPlaced && !link.isRemoved)
  if (links.length > maxRtts || links.length === 0) return
  const boxes = [...scene.nodes.values()]
    .filter(({ isPlaced }) => isPlaced)
    .slice(0, 2_000)
    .map((node) => {
      const { x, y } = toScreen(node, camera, view)
      const half = radius > 5 ? 34 : radius
      return {
        left: x - half,
        right: x + half,
        top: y - radius - 2,
        bottom: y + radius + (radius > 5 ? 32 : 2),
      }
    })
  const places = new LabelPlaces(boxes)
  context.font = `500 11px ${font}`
  context.textAlign = 'center'
  context.textBaseline = 'middle'
  for (const link of links.toSorted((a, b) => Number(isOfSelected(b)) - Number(isOfSelected(a)))) {
    const { rttMicros } = link.line
    if (rttMicros === null) continue
    const text = briefRtt(rttMicros)
    const ends = [toScreen(link.a, camera, view), toScreen(link.b, camera, view)] as const
    const width = context.measureText(text).width + 8
    if (Math.hypot(ends[0].x - ends[1].x, ends[0].y - ends[1].y) < width + 2 * radius + 8) continue
    const place = places.place(ends, { width, height: 16 })
    if (place === undefined) continue
    const isAside =
      (selectedNode !== undefined || selectedLink !== undefined) && !isOfSelected(link)
    context.globalAlpha = link.alpha
    context.fillStyle = palette.background
    context.beginPath()
    context.roundRect(place.x - width / 2, place.y - 8, width, 16, 8)
    context.fill()
    context.globalAlpha = link.alpha * (isAside ? 0.35 : Math.min(link.a.alpha, link.b.alpha))
    context.fillStyle = palette.bands[rttBandOf(rttMicros)] ?? palette.muted
    context.fillText(text, place.x, place.y + 0.5)
  }
}

function paintNames(context: CanvasRenderingContext2D, picture: Picture, radius: number): void {
  const { scene, camera, view, palette } = picture
  const places = new NamePlaces()
  const rank = rankOf(picture)
  const nodes = [...scene.nodes.values()].filter((node) => {
    if (!node.isPlaced || node.alpha === 0) return false
    const { x, y } = toScreen(node, camera, view)
    return x > -60 && y > -40 && x < view.width + 60 && y < view.height + 20
  })
  const budget = Math.max(20, (view.width * view.height) / roomOfName)
  const isFew = nodes.length <= 2 * budget
  const hasPorts = nodes.length <= budget
  const nameSize = isFew ? 13 : 11
  context.textAlign = 'center'
  context.textBaseline = 'alphabetic'
  context.lineJoin = 'round'
  let drawn = 0
  for (const node of nodes.toSorted((a, b) => rank(b) - rank(a)).slice(0, maxTried)) {
    if (drawn >= (isFew ? maxTried : budget)) break
    const name = visibleText(node.name, 20)
    const { x, y } = toScreen(node, camera, view)
    const hasPort = hasPorts && node.port !== ''
    const width = Math.max(name.length, hasPort ? node.port.length : 0) * nameSize * 0.62 + 8
    const top = y + radius + 4
    const height = nameSize + 3 + (hasPort ? 14 : 0)
    const isForced = rank(node) >= 1_000_000
    if (
      !places.take({ left: x - width / 2, right: x + width / 2, top, bottom: top + height }) &&
      !isForced
    )
      continue
    drawn++
    context.globalAlpha = Math.max(node.alpha, 0.55) * (rank(node) < 0 ? 0.3 : 1)
    context.strokeStyle = palette.background
    context.lineWidth = 4
    context.font = `600 ${nameSize}px ${font}`
    context.strokeText(name, x, top + nameSize)
    context.fillStyle = palette.text
    context.fillText(name, x, top + nameSize)
    if (!hasPort) continue
    context.font = `400 11px ${font}`
    context.strokeText(node.port, x, top + nameSize + 14)
    context.fillStyle = palette.muted
    context.fillText(node.port, x, top + nameSize + 14)
  }
}

/** Whose name is drawn first; negative for who is not searched for. */
function rankOf({
  selectedNode,
  selectedLink,
  hovered,
  matches,
}: Picture): (node: SceneNode) => number {
  return (node) => {
    if (node.n === selectedNode || node.n === hovered) return 2_000_000
    if (node === selectedLink?.a || node === selectedLink?.b) return 1_500_000
    if (matches !== undefined && !matches.has(node.n)) return -1
    return (node.line.isSelf ? 100_000 : 0) + node.degree
  }
}

function modulo(value: number, by: number): number {
  return ((value % by) + by) % by
}
