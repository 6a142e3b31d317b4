/**
 * Joins the scene, the layout and the canvas: takes changes and gestures, and draws when it has to.
 *
 * A picture that takes long (tens of thousands of links) is not drawn at each step of a gesture: the
 * last one is moved and scaled, and drawn anew when the hand rests.
 */
import { batch } from '@preact/signals'
import { linkKey } from '../../../map/feed.ts'
import { visibleText } from '../../../map/caption.ts'
import { network, selectLink, selectNode, selection as selected } from '../state.ts'
import { between, fit, pan, toMap, toScreen, zoomAt } from './camera.ts'
import { Gestures } from './gestures.ts'
import { LayoutClient } from './layout-client.ts'
import { palettes } from './palette.ts'
import { paint, radiusOf } from './painter.ts'
import { Scene } from './scene.ts'
import type { FeedModel } from '../../../map/feed.ts'
import type { Point } from '../../../map/spread.ts'
import type { Selection } from '../state.ts'
import type { Camera, View } from './camera.ts'
import type { LayoutAnswer } from './layout-messages.ts'
import type { SceneLink, SceneNode } from './scene.ts'

interface Look {
  readonly theme: 'light' | 'dark'
  readonly isCalm: boolean
  readonly matches: ReadonlySet<number> | undefined
  readonly selection: Selection | undefined
}

interface Flight {
  readonly from: Camera
  readonly to: Camera
  readonly startMs: number
}

const flightMs = 450
const slowMs = 14 // A frame of 60 Hz has 16.7.
const restMs = 90 // Guess: a hand that rests so long waits for the sharp picture.
const restShare = 4 // A slow picture takes a fifth of the time, whatever changes.
const calmAbove = 2_500 // Nodes: of so many nobody follows one as it moves.
const keyPan = 60
const keyZoom = 1.3
const margin = 0.25 // Of the view at each side: what a slow picture holds beyond what is seen.

/** See the file's head. */
export class MapController {
  readonly #canvas: HTMLCanvasElement
  readonly #context: CanvasRenderingContext2D
  readonly #scene = new Scene()
  readonly #layout: LayoutClient
  readonly #gestures: Gestures
  readonly #observer: ResizeObserver
  #view: View = { width: 0, height: 0 }
  #camera: Camera = { x: 0, y: 0, zoom: 20 }
  #look: Look = { theme: 'light', isCalm: false, matches: undefined, selection: undefined }
  #flight: Flight | undefined
  /** Nobody moved the map yet: it shows all, also when more join. */
  #isFitted = true
  #hasFitted = false
  #hovered: number | undefined
  #frame = 0
  #paintMs = 0
  /** When a slow picture was last drawn whole. */
  #paintedMs = Number.NEGATIVE_INFINITY
  #gestureMs = Number.NEGATIVE_INFINITY
  /** The last whole picture, and what it showed. */
  #kept:
    | { readonly canvas: HTMLCanvasElement; readonly camera: Camera; readonly view: View }
    | undefined
  #isStale = true

  constructor(canvas: HTMLCanvasElement) {
    const context = canvas.getContext('2d', { alpha: false })
    if (context === null) throw new TypeError('this browser draws no canvas')
    this.#canvas = canvas
    this.#context = context
    this.#layout = new LayoutClient((answer) => this.#onPlaces(answer))
    this.#gestures = new Gestures(canvas, {
      pan: (dx, dy) => this.#move(pan(this.#camera, dx, dy)),
      zoom: (factor, at) => this.#move(zoomAt(this.#camera, factor, { at, view: this.#view })),
      tap: (at) => this.#onTap(at),
      hover: (at) => this.#onHover(at),
      key: (event) => this.#onKey(event),
    })
    this.#observer = new ResizeObserver(() => this.#onResize())
    this.#observer.observe(canvas)
    this.#onResize()
  }

  /** The network changed. */
  follow(model: FeedModel): void {
    if (model.nodes.size === 0 && this.#scene.nodes.size === 0) return
    if (this.#scene.follow(model)) this.#layout.ask(model)
    this.#ask()
  }

  /** What is selected, or how it looks, changed. */
  show(look: Look): void {
    this.#look = look
    this.#ask()
  }

  /** Shows all there is. */
  showAll(): void {
    this.#isFitted = true
    this.#fly()
  }

  /** Lays everything out anew. */
  arrange(): void {
    this.#isFitted = true
    this.#layout.ask(network.model, true)
  }

  zoomBy(factor: number): void {
    const at = { x: this.#view.width / 2, y: this.#view.height / 2 }
    this.#flyTo(zoomAt(this.#flight?.to ?? this.#camera, factor, { at, view: this.#view }))
  }

  /** Flies to what is searched for, unless it is all seen. */
  showMatches(): void {
    const found = this.#look.matches ?? new Set()
    const nodes = [...this.#scene.nodes.values()].filter(
      ({ n, isPlaced }) => isPlaced && found.has(n),
    )
    const [only] = nodes
    if (nodes.length === 1 && only !== undefined) this.#reveal(only)
  }

  /** Brings a node into sight. */
  reveal(id: string): void {
    const node = this.#scene.nodes.get(network.model.numberOf(id) ?? -1)
    if (node !== undefined) this.#reveal(node)
  }

  focus(): void {
    this.#canvas.focus()
  }

  close(): void {
    cancelAnimationFrame(this.#frame)
    this.#observer.disconnect()
    this.#gestures.close()
    this.#layout.close()
  }

  #onPlaces({ nodes, places }: LayoutAnswer): void {
    const list = Array.from(nodes, (node, at): readonly [number, Point] => {
      return [node, { x: places[2 * at] ?? 0, y: places[2 * at + 1] ?? 0 }]
    })
    this.#scene.place(list, { nowMs: performance.now(), isCalm: this.#isCalm })
    if (this.#isFitted) this.#fly()
    this.#ask()
  }

  get #isCalm(): boolean {
    return this.#look.isCalm || this.#scene.nodes.size > calmAbove
  }

  #fly(): void {
    const { extent } = this.#scene
    if (extent === undefined) return
    const to = fit(extent, this.#view)
    if (this.#hasFitted) this.#flyTo(to)
    else this.#camera = to
    this.#hasFitted = true
    this.#isFitted = true
    this.#ask()
  }

  #flyTo(to: Camera): void {
    this.#isFitted = false
    if (this.#isCalm) this.#camera = to
    else this.#flight = { from: this.#camera, to, startMs: performance.now() }
    this.#gestureMs = performance.now()
    this.#ask()
  }

  #move(camera: Camera): void {
    this.#flight = undefined
    this.#isFitted = false
    this.#camera = camera
    this.#gestureMs = performance.now()
    this.#ask(false)
  }

  #reveal(node: SceneNode): void {
    const { x, y } = toScreen({ x: node.toX, y: node.toY }, this.#camera, this.#view)
    const isSeen = x > 60 && y > 60 && x < this.#view.width - 60 && y < this.#view.height - 60
    if (!isSeen) this.#flyTo({ ...this.#camera, x: node.toX, y: node.toY })
  }

  #onResize(): void {
    const { clientWidth: width, clientHeight: height } = this.#canvas
    const ratio = devicePixelRatio
    this.#view = { width, height }
    this.#canvas.width = Math.max(1, Math.round(width * ratio))
    this.#canvas.height = Math.max(1, Math.round(height * ratio))
    this.#kept = undefined
    if (this.#isFitted && this.#scene.extent !== undefined) {
      this.#camera = fit(this.#scene.extent, this.#view)
    }
    // Now, not with the next frame: a canvas that was resized is empty.
    this.#isStale = true
    this.#draw(performance.now())
  }

  #onTap(at: Point): void {
    const node = this.#nodeAt(at, 8)
    if (node !== undefined) return selectNode(node.line.id)
    const link = this.#scene.linkAt(toMap(at, this.#camera, this.#view), 7 / this.#camera.zoom)
    const [a, b] = [link?.a.line.id, link?.b.line.id]
    if (a !== undefined && b !== undefined) selectLink(a, b)
    else selected.value = undefined
  }

  #onHover(at: Point | undefined): void {
    const node = at === undefined ? undefined : this.#nodeAt(at, 3)
    this.#canvas.style.cursor = node === undefined ? '' : 'pointer'
    if (node?.n === this.#hovered) return
    this.#hovered = node?.n
    this.#ask()
  }

  #nodeAt(at: Point, beyond: number): SceneNode | undefined {
    const radius = radiusOf({ scene: this.#scene, camera: this.#camera }) + beyond
    return this.#scene.nodeAt(toMap(at, this.#camera, this.#view), radius / this.#camera.zoom)
  }

  /** Returns whether the key was ours. */
  #onKey({ key, shiftKey, ctrlKey, metaKey, altKey }: KeyboardEvent): boolean {
    if (ctrlKey || metaKey || altKey) return false
    const arrow = arrows[key]
    if (arrow !== undefined) {
      const [dx, dy] = arrow
      if (shiftKey) this.#move(pan(this.#camera, -dx * keyPan, -dy * keyPan))
      else this.#selectTowards(dx, dy)
      return true
    }
    if (key === '+' || key === '=') this.zoomBy(keyZoom)
    else if (key === '-') this.zoomBy(1 / keyZoom)
    else if (key === '0') this.showAll()
    else if (key === 'l' || key === 'L') this.#selectNextLink()
    else if (key === 'Enter') document.querySelector<HTMLElement>('#panel-title')?.focus()
    else if (key === 'Escape') selected.value = undefined
    else return false
    return true
  }

  #selectTowards(dx: number, dy: number): void {
    const from = this.#selectedNode ?? this.#selectedLink?.a
    const self = network.model.self
    const start = from ?? this.#scene.nodes.get(network.model.numberOf(self ?? '') ?? -1)
    if (start === undefined) return
    const node = from === undefined ? start : this.#scene.neighbourTowards(from, dx, dy)
    if (node === undefined) return
    selectNode(node.line.id)
    this.#reveal(node)
  }

  #selectNextLink(): void {
    const chosen = this.#look.selection
    const near = chosen?.kind === 'link' ? chosen.a : chosen?.id
    const node = this.#scene.nodes.get(network.model.numberOf(near ?? '') ?? -1)
    if (node === undefined) return
    const links = [...this.#scene.links.values()].filter(({ a, b, isRemoved }) => {
      return !isRemoved && (a === node || b === node)
    })
    const at = chosen?.kind === 'link' ? links.findIndex((link) => link === this.#selectedLink) : -1
    const next = links[(at + 1) % links.length]
    if (next === undefined) return
    const far = next.a === node ? next.b : next.a
    batch(() => selectLink(node.line.id, far.line.id))
  }

  get #selectedNode(): SceneNode | undefined {
    const chosen = this.#look.selection
    if (chosen?.kind !== 'node') return undefined
    return this.#scene.nodes.get(network.model.numberOf(chosen.id) ?? -1)
  }

  get #selectedLink(): SceneLink | undefined {
    const chosen = this.#look.selection
    if (chosen?.kind !== 'link') return undefined
    const [a = -1, b = -1] = [network.model.numberOf(chosen.a), network.model.numberOf(chosen.b)]
    return this.#scene.links.get(linkKey(a, b))
  }

  /** Draws with the next frame. */
  #ask(isStale = true): void {
    if (isStale) this.#isStale = true
    if (this.#frame !== 0) return
    this.#frame = requestAnimationFrame((nowMs) => {
      this.#frame = 0
      this.#draw(nowMs)
    })
  }

  #draw(nowMs: number): void {
    if (this.#view.width === 0) return
    this.#advance(nowMs)
    const isMoving = nowMs - this.#gestureMs < restMs || this.#flight !== undefined
    if (this.#paintMs <= slowMs) {
      this.#paintNow()
      this.#isStale = false
      this.#kept ??= { canvas: this.#canvas, camera: this.#camera, view: this.#view }
    } else {
      const isBehind = this.#isStale || this.#kept?.camera !== this.#camera
      const isRested = nowMs - this.#paintedMs > restShare * this.#paintMs
      if (!isMoving && isBehind && isRested) this.#paintKept()
      this.#showKept()
    }
    const isBehind = this.#isStale || this.#kept?.camera !== this.#camera
    if (this.#flight !== undefined || this.#scene.isAnimated) this.#ask()
    else if (this.#paintMs > slowMs && isBehind) this.#ask(false)
    this.#tell()
  }

  #advance(nowMs: number): void {
    this.#scene.advance(nowMs, this.#isCalm)
    if (this.#flight === undefined) return
    const { from, to, startMs } = this.#flight
    const share = Math.min(1, Math.max(0, (nowMs - startMs) / flightMs))
    this.#camera = between(from, to, 1 - (1 - share) ** 3)
    if (share >= 1) this.#flight = undefined
  }

  #paintNow(): void {
    const startMs = performance.now()
    paint(this.#context, this.#picture(this.#camera, this.#view), devicePixelRatio)
    this.#paintMs = (this.#paintMs + performance.now() - startMs) / 2
  }

  /** Paints a picture larger than the view, to be moved about. */
  #paintKept(): void {
    const startMs = performance.now()
    const { width, height } = this.#view
    const view = { width: width * (1 + 2 * margin), height: height * (1 + 2 * margin) }
    const isOurs = this.#kept !== undefined && this.#kept.canvas !== this.#canvas
    const canvas =
      isOurs && this.#kept !== undefined ? this.#kept.canvas : document.createElement('canvas')
    const [pixelsX, pixelsY] = [
      Math.round(view.width * devicePixelRatio),
      Math.round(view.height * devicePixelRatio),
    ]
    if (canvas.width !== pixelsX) canvas.width = pixelsX
    if (canvas.height !== pixelsY) canvas.height = pixelsY
    const context = canvas.getContext('2d', { alpha: false })
    if (context === null) return
    paint(context, this.#picture(this.#camera, view), devicePixelRatio)
    this.#kept = { canvas, camera: this.#camera, view }
    this.#isStale = false
    this.#paintedMs = performance.now()
    this.#paintMs = (this.#paintMs + performance.now() - startMs) / 2
  }

  /** Shows the kept picture where the camera is now. */
  #showKept(): void {
    const kept = this.#kept
    if (kept === undefined || kept.canvas === this.#canvas) return this.#paintKept()
    const context = this.#context
    const scale = this.#camera.zoom / kept.camera.zoom
    const middle = toScreen(kept.camera, this.#camera, this.#view)
    const [width, height] = [kept.view.width * scale, kept.view.height * scale]
    context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0)
    context.globalAlpha = 1
    context.fillStyle = palettes[this.#look.theme].background
    context.fillRect(0, 0, this.#view.width, this.#view.height)
    context.drawImage(kept.canvas, middle.x - width / 2, middle.y - height / 2, width, height)
  }

  #picture(camera: Camera, view: View) {
    return {
      ...{ scene: this.#scene, camera, view, palette: palettes[this.#look.theme] },
      selectedNode: this.#selectedNode?.n,
      selectedLink: this.#selectedLink,
      hovered: this.#hovered,
      matches: this.#look.matches,
    }
  }

  /** Says on the element what it shows, for tests and for those who cannot see it. */
  #tell(): void {
    const { nodes, links } = this.#scene
    const node = this.#selectedNode
    const chosen = node === undefined ? '' : `, ${visibleText(node.name, 40)} selected`
    const text = `Map of the network: ${nodes.size} nodes, ${links.size} links${chosen}`
    if (this.#canvas.ariaLabel !== text) this.#canvas.ariaLabel = text
    const isPlaced = this.#scene.isPlaced ? 'true' : 'false'
    if (this.#canvas.dataset['placed'] !== isPlaced) this.#canvas.dataset['placed'] = isPlaced
    const isSettled = this.#flight === undefined && !this.#scene.isAnimated && this.#scene.isPlaced
    const settled = isSettled ? 'true' : 'false'
    if (this.#canvas.dataset['settled'] !== settled) this.#canvas.dataset['settled'] = settled
  }
}

const arrows: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
}
