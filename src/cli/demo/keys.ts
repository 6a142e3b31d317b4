/** What is typed at the demo. */

/** A wish: another life or death for a node, or the end. */
export type KeyAction =
  | { readonly kind: 'toggle'; readonly key: string }
  | { readonly kind: 'quit' }

/** Arrow keys and their kin are sequences that end in a letter (ECMA-48 §5.4, and SS3). */
// oxlint-disable-next-line no-control-regex -- they begin with ESC
const escapeSequence = /\u001b(?:\[[0-?]*[ -/]*[@-~]|O.|[^[O])?/g
const interrupt = '\u0003' // Ctrl-C in raw mode is a character, not a signal.
const endOfInput = '\u0004' // Ctrl-D

/** Reads what a terminal in raw mode sent; what means nothing is left out. */
export function readKeys(typed: string, keys: readonly string[]): KeyAction[] {
  return typed
    .replaceAll(escapeSequence, '')
    .toLowerCase()
    .split('')
    .flatMap((key): KeyAction[] => {
      if (key === 'q' || key === interrupt || key === endOfInput) return [{ kind: 'quit' }]
      return keys.includes(key) ? [{ kind: 'toggle', key }] : []
    })
}
