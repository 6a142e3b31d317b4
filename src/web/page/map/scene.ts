/**
 * What the map shows, in columns that can be drawn fast: places that move smoothly to where the layout
 * wants them, and how visible each node and link is.
 *
 * **Invariant**: a node that was removed, or a link, fades before it is forgotten; no place jumps.
 */
import { captionOf } from '../../../map/caption.ts'
import { rttBandOf, rttBands } from '../../../map/rtt-band.ts'
import type { FeedModel, LinkLine, NodeLine } from '../../../map/feed.ts'
import type { MemberState } from '../../../membership/snapshot.ts'
import type { Point } from '../../../map/spread.ts'
import type { Extent } from './camera.ts'

/** How a link is drawn; see {@link linkStyleOf}. */
export type LinkStyle = 'solid' | 'udp' | 'relay' | 'unconfirmed' | 'waiting'

/** A node on the map. */
export interface SceneNode {
  readonly n: number
  line: NodeLine
  name: string
  port: string
  /** Where it is drawn now. */
  x: number
  y: number
  /** Where it comes from and goes to. */
  fromX: number
  fromY: number
  toX: number
  toY: number
  /** 0 to 1, and what it goes to. */
  alpha: number
  toAlpha: number
  isPlaced: boolean
  isRemoved: boolean
  degree: number
}

/** A link on the map. */
export interface SceneLink {
  readonly a: SceneNode
  readonly b: SceneNode
  line: LinkLine
  /** Of `rttBands`; their count before the first measurement. */
  band: number
  style: LinkStyle
  alpha: number
  toAlpha: number
  isRemoved: boolean
}

/** How visible a node is in each state. */
const alphaOf: Readonly<Record<MemberState, number>> = {
  alive: 1,
  suspect: 0.7,
  gone: 0.4,
  left: 0.35,
}
const fadeMs = 500
const moveMs = 700

/** See the file's head. */
export class Scene {
  readonly nodes = new Map<number, SceneNode>()
  readonly links = new Map<number, SceneLink>()
  #moveStartMs = Number.NEGATIVE_INFINITY
  #fadeMs = Number.NEGATIVE_INFINITY
  #isFading = false
  #hasArrived = true
  #gap = 8

  /** True while something moves or fades: draw again. */
  get isAnimated(): boolean {
    return this.#isFading || !this.#hasArrived
  }

  /** True once everybody who is here has a place. */
  get isPlaced(): boolean {
    for (const { isPlaced, isRemoved } of this.nodes.values())
      if (!isPlaced && !isRemoved) return false
    return this.nodes.size > 0
  }

  /** Takes what the feed says now. Returns whether nodes or links came or went. */
  follow(model: FeedModel): boolean {
    let isOther = false
    for (const [n, line] of model.nodes) {
      const known = this.nodes.get(n)
      if (known?.line === line) continue
      if (known === undefined || known.isRemoved) isOther = true
      const { name, port } = captionOf(line)
      const node = known ?? makeNode(n, line)
      node.line = line
      node.name = name
      node.port = port
      node.isRemoved = false
      node.toAlpha = alphaOf[line.state]
      this.nodes.set(n, node)
      this.#isFading = true
    }
    for (const node of this.nodes.values()) {
      node.degree = 0
      if (node.isRemoved || model.nodes.has(node.n)) continue
      node.isRemoved = true
      node.toAlpha = 0
      isOther = this.#isFading = true
    }
    return this.#followLinks(model) || isOther
  }

  #followLinks(model: FeedModel): boolean {
    let isOther = false
    for (const [key, line] of model.links) {
      const [a, b] = [this.nodes.get(line.a), this.nodes.get(line.b)]
      if (a === undefined || b === undefined) continue
      a.degree++
      b.degree++
      let link = this.links.get(key)
      if (link === undefined) {
        link = { a, b, line, band: 0, style: 'solid', alpha: 0, toAlpha: 1, isRemoved: false }
        this.links.set(key, link)
        isOther = this.#isFading = true
      } else if (link.line === line && !link.isRemoved) continue
      if (link.isRemoved) isOther = this.#isFading = true
      link.line = line
      link.isRemoved = false
      link.toAlpha = 1
      link.band = line.rttMicros === null ? rttBands.length : rttBandOf(line.rttMicros)
      link.style = linkStyleOf(line)
    }
    for (const [key, link] of this.links) {
      if (link.isRemoved || model.links.has(key)) continue
      link.isRemoved = true
      link.toAlpha = 0
      isOther = this.#isFading = true
    }
    return isOther
  }

  /** Takes places from the layout: who is placed for the first time stands there, others move there. */
  place(
    places: Iterable<readonly [number, Point]>,
    { nowMs, isCalm }: { readonly nowMs: number; readonly isCalm: boolean },
  ): void {
    let isMoved = false
    for (const [n, { x, y }] of places) {
      const node = this.nodes.get(n)
      if (node === undefined) continue
      if (!node.isPlaced || isCalm) {
        node.x = x
        node.y = y
      } else if (node.toX !== x || node.toY !== y) isMoved = true
      node.isPlaced = true
      node.toX = x
      node.toY = y
    }
    this.#isFading = true
    this.#measureGap()
    if (!isMoved) return
    for (const node of this.nodes.values()) {
      node.fromX = node.x
      node.fromY = node.y
    }
    this.#moveStartMs = nowMs
    this.#hasArrived = false
  }

  /** Moves and fades everything to where it is now. */
  advance(nowMs: number, isCalm: boolean): void {
    if (!this.#hasArrived) this.#move(isCalm ? 1 : (nowMs - this.#moveStartMs) / moveMs)
    if (this.#isFading) this.#fade(nowMs, isCalm)
    else this.#fadeMs = nowMs
  }

  #move(share: number): void {
    const eased = share >= 1 ? 1 : 1 - (1 - Math.max(0, share)) ** 3
    for (const node of this.nodes.values()) {
      node.x = node.fromX + (node.toX - node.fromX) * eased
      node.y = node.fromY + (node.toY - node.fromY) * eased
    }
    this.#hasArrived = share >= 1
  }

  #fade(nowMs: number, isCalm: boolean): void {
    const step = isCalm ? 1 : Math.min(1, Math.max(0, (nowMs - this.#fadeMs) / fadeMs))
    this.#fadeMs = nowMs
    let isFading = false
    for (const [n, node] of this.nodes) {
      if (!node.isPlaced) continue
      node.alpha = approach(node.alpha, node.toAlpha, step)
      if (node.alpha !== node.toAlpha) isFading = true
      else if (node.isRemoved) this.nodes.delete(n)
    }
    for (const [key, link] of this.links) {
      if (!link.a.isPlaced || !link.b.isPlaced) continue
      link.alpha = approach(link.alpha, link.toAlpha, step)
      if (link.alpha !== link.toAlpha) isFading = true
      else if (link.isRemoved) this.links.delete(key)
    }
    this.#isFading = isFading
  }

  /** What holds all nodes that are placed, where they go to. */
  get extent(): Extent | undefined {
    let [left, right, top, bottom] = [Infinity, -Infinity, Infinity, -Infinity]
    for (const { isPlaced, isRemoved, toX, toY } of this.nodes.values()) {
      if (!isPlaced || isRemoved) continue
      left = Math.min(left, toX)
      right = Math.max(right, toX)
      top = Math.min(top, toY)
      bottom = Math.max(bottom, toY)
    }
    return left === Infinity ? undefined : { left, right, top, bottom }
  }

  /** About how far nodes are apart, in the unit of the map. */
  get gap(): number {
    return this.#gap
  }

  #measureGap(): void {
    const xs: number[] = []
    const ys: number[] = []
    for (const { isPlaced, isRemoved, degree, toX, toY } of this.nodes.values()) {
      if (!isPlaced || isRemoved || degree === 0) continue // Those who stand apart take no room away.
      xs.push(toX)
      ys.push(toY)
    }
    const area = Math.max(1, middleSpan(xs)) * Math.max(1, middleSpan(ys))
    // The middle nine tenths, so that one far away does not make all large.
    this.#gap = xs.length < 3 ? 8 : Math.sqrt(area / (0.81 * xs.length))
  }

  /** The node nearest to a place, within a distance. */
  nodeAt(at: Point, within: number): SceneNode | undefined {
    let [found, least]: [SceneNode | undefined, number] = [undefined, within]
    for (const node of this.nodes.values()) {
      if (!node.isPlaced) continue
      const distance = Math.hypot(node.x - at.x, node.y - at.y)
      if (distance <= least) [found, least] = [node, distance]
    }
    return found
  }

  /** The link nearest to a place, within a distance. */
  linkAt(at: Point, within: number): SceneLink | undefined {
    let [found, least]: [SceneLink | undefined, number] = [undefined, within]
    for (const link of this.links.values()) {
      if (link.isRemoved || !link.a.isPlaced || !link.b.isPlaced) continue
      const distance = distanceToLink(at, link)
      if (distance <= least) [found, least] = [link, distance]
    }
    return found
  }

  /** The node that an arrow key leads to: the nearest within 45° of its direction. */
  neighbourTowards(from: SceneNode, dx: number, dy: number): SceneNode | undefined {
    let [found, least]: [SceneNode | undefined, number] = [undefined, Infinity]
    for (const node of this.nodes.values()) {
      if (node === from || !node.isPlaced || node.isRemoved) continue
      const [x, y] = [node.toX - from.toX, node.toY - from.toY]
      const along = x * dx + y * dy
      const across = Math.abs(x * dy) + Math.abs(y * dx)
      if (along <= 0 || across > along) continue
      const distance = along + 2 * across
      if (distance < least) [found, least] = [node, distance]
    }
    return found
  }
}

/**
 * How a link is drawn: by the kind of its path where this node knows it, that is of its own links, and
 * dashed where only one end tells of it.
 */
export function linkStyleOf({ path, isConfirmed }: LinkLine): LinkStyle {
  if (path?.state === 'suspended') return 'waiting'
  if (path?.kind === 'relay') return 'relay'
  if (path?.kind === 'udp') return 'udp'
  return isConfirmed ? 'solid' : 'unconfirmed'
}

function makeNode(n: number, line: NodeLine): SceneNode {
  return {
    ...{ n, line, name: '', port: '', x: 0, y: 0, fromX: 0, fromY: 0, toX: 0, toY: 0 },
    ...{ alpha: 0, toAlpha: 1, isPlaced: false, isRemoved: false, degree: 0 },
  }
}

/** How far the middle nine tenths of some values reach. */
function middleSpan(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const edge = Math.floor(sorted.length / 20)
  return (sorted.at(-1 - edge) ?? 0) - (sorted[edge] ?? 0)
}

function approach(value: number, goal: number, step: number): number {
  if (Math.abs(goal - value) <= step) return goal
  return value + Math.sign(goal - value) * step
}

function distanceToLink({ x, y }: Point, { a, b }: SceneLink): number {
  const [dx, dy] = [b.x - a.x, b.y - a.y]
  const length = dx * dx + dy * dy || Number.EPSILON
  const share = Math.min(1, Math.max(0, ((x - a.x) * dx + (y - a.y) * dy) / length))
  return Math.hypot(x - a.x - share * dx, y - a.y - share * dy)
}
