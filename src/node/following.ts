/** Lists of the database as commands print them: what there is, and then what comes. */
import type { Unsubscribe } from '../base/emitter.ts'
import type { CommandContext } from '../command/command.ts'
import type { ListOptions } from './letters.ts'

/** A list that can be followed. */
export interface Followed<Item extends { readonly id: number }> {
  /** Calls `tell` when there is something new. */
  readonly on: (tell: () => void) => Unsubscribe
  readonly list: (options: ListOptions) => Promise<readonly Item[]>
  readonly print: (items: readonly Item[]) => Promise<void>
}

const chunk = 100 // Items read at a time.

/**
 * Prints what was listed, then what comes, until the command ends; from the database and not from the
 * event, so who prints slowly misses nothing.
 *
 * @param options - What is listed first.
 */
export async function follow<Item extends { readonly id: number }>(
  { signal }: CommandContext,
  { on, list, print }: Followed<Item>,
  options: ListOptions,
): Promise<void> {
  let wake: () => void = () => undefined
  const off = on(() => wake())
  try {
    // Before the first look: what comes between the two is behind it.
    const [newest] = await list({ limit: 1, maxLength: 1 })
    const first = await list(options)
    await print(first)
    let after = first.at(-1)?.id ?? newest?.id ?? 0
    await whileOpen(
      signal,
      (tell) => (wake = tell),
      async () => {
        const items = await list({ ...onward(options), after, limit: chunk })
        await print(items)
        after = items.at(-1)?.id ?? after
        return items.length > 0
      },
    )
  } finally {
    off()
  }
}

/** What of the options of a list holds for what comes later. */
export function onward({ search, maxLength }: ListOptions): ListOptions {
  return { ...(search !== undefined && { search }), ...(maxLength !== undefined && { maxLength }) }
}

/**
 * Calls `step` until the command ends; where it had nothing to do, again when it is woken.
 *
 * @param onWait - Takes what wakes it; called before each step.
 */
export async function whileOpen(
  signal: AbortSignal,
  onWait: (wake: () => void) => void,
  step: () => Promise<boolean>,
): Promise<void> {
  let wake: () => void = () => undefined
  const onAbort = (): void => wake()
  signal.addEventListener('abort', onAbort)
  try {
    while (!signal.aborted) {
      const woken = new Promise<void>((resolve) => {
        wake = resolve
      })
      onWait(wake)
      if (!(await step())) await woken
    }
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

/** Prints items, a line each, at the pace at which they are taken. */
export async function printLines<Item>(
  context: CommandContext,
  items: readonly Item[],
  show: (item: Item) => string,
): Promise<void> {
  for (const item of items) {
    if (!context.out(`${show(item)}\n`)) await context.drained()
  }
}
