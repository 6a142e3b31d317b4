/** The demo on a terminal: a picture that moves, and keys. */
import { readKeys } from './keys.ts'
import { Screen } from './screen.node.ts'
import { formatPage, formatTable } from './table.ts'
import type { Fleet } from './fleet.ts'

/** What the picture says besides what the nodes do, and when it ends. */
export interface LiveSetup {
  /** Aborts when the demo is to end; its reason is `hangUp` where the terminal is gone. */
  readonly ending: AbortSignal
  /** The terminal was found to be gone: aborts `ending`. */
  readonly onGone: () => void
  /** How `skein` is called here. */
  readonly skein: string
  readonly note: string | undefined
}

/** Why a demo ends whose terminal was closed. */
export const hangUp = 'the terminal is gone'

const drawIntervalMs = 500 // Twice a second, for what changes with time alone.
const coalesceMs = 30 // Guess: less than anybody sees; what comes together is drawn once.

/**
 * Shows the fleet until `q`, or until `ending`.
 *
 * @returns The last picture, to be left on the terminal; nothing where that is gone.
 * @throws {SkeinError} `NODE_CLOSED` a node could not start.
 */
export async function showLive(
  fleet: Fleet,
  { ending, onGone, skein, note }: LiveSetup,
): Promise<readonly string[]> {
  const keys = fleet.state.nodes.map(({ key }) => key)
  const hasColor = !process.env['NO_COLOR'] // https://no-color.org: set, and not empty.
  let isGone = false
  let leave: () => void = () => undefined
  const left = new Promise<void>((resolve) => {
    leave = resolve
  })
  const draw = (): void => {
    screen.draw(formatPage(fleet.state, { ...screen.size, hasColor, skein, note }))
  }
  const onKeys = (typed: string): void => {
    for (const action of readKeys(typed, keys)) {
      if (action.kind === 'quit') leave()
      else fleet.toggle(action.key)
    }
  }
  const onEnding = (): void => {
    isGone = ending.reason === hangUp
    if (isGone) screen.abandon()
    leave()
  }
  const screen = new Screen({ onKeys, onResize: draw, onGone })
  const redraw = new Coalesced(draw)
  const timer = setInterval(draw, drawIntervalMs)
  try {
    ending.addEventListener('abort', onEnding)
    if (ending.aborted) onEnding()
    fleet.onChange = () => redraw.ask()
    draw()
    await Promise.race([left, fleet.failed])
    const { width } = screen.size
    return isGone ? [] : formatTable(fleet.state, { width, hasColor })
  } finally {
    fleet.onChange = () => undefined
    ending.removeEventListener('abort', onEnding)
    clearInterval(timer)
    redraw.cancel()
    screen.close()
  }
}

/** Does something once, soon, however often it is asked for. */
class Coalesced {
  readonly #run: () => void
  #timer: NodeJS.Timeout | undefined

  constructor(run: () => void) {
    this.#run = run
  }

  ask(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      this.#run()
    }, coalesceMs)
  }

  cancel(): void {
    clearTimeout(this.#timer)
  }
}
