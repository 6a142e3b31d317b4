/**
 * What is written beside a node. Labels and addresses come from peers, who may be hostile: what
 * leaves this file is one line of visible characters, of bounded length.
 */
import { parseHostPort } from '../base/address.ts'
import type { NodeInfo } from '../membership/snapshot.ts'

const maxNameLength = 32 // The longest label, base/label.ts.

/** A node's name and port, fit to be shown. */
export interface Caption {
  /** At most 32 characters, then `…`. Not unique once it was shortened or escaped. */
  readonly name: string
  /** As in `:14590`; empty where no address has one. */
  readonly port: string
}

/** Name and port of a node: the port of its first address that has one. */
export function captionOf(node: Pick<NodeInfo, 'name' | 'addresses'>): Caption {
  const name = visibleText(node.name, maxNameLength)
  for (const address of node.addresses) {
    const port = parseHostPort(address)?.port
    if (port !== undefined) return { name, port: `:${port}` }
  }
  return { name, port: '' }
}

/** `alice :14590`, or the name alone. */
export function captionLine(node: NodeInfo): string {
  const { name, port } = captionOf(node)
  return port === '' ? name : `${name} ${port}`
}

/**
 * Makes text visible: Latin letters, digits, punctuation and spaces stay, each one column wide; all
 * else (controls, line breaks, bidirectional overrides, combining marks, wide characters) becomes
 * `\xNN` or `\u{NNNN}`. Longer text ends in `…`.
 */
export function visibleText(text: string, maxLength: number): string {
  // Cut first, a megabyte is not worth a look. An escape is never shorter than its source.
  const visible = text
    .slice(0, maxLength + 1)
    .replaceAll(/[^ -~\u00a1-\u00ac\u00ae-\u024f\u2013\u2026]/gu, escapeOf)
  return visible.length > maxLength ? `${visible.slice(0, maxLength - 1)}…` : visible
}

function escapeOf(character: string): string {
  const code = character.codePointAt(0) ?? 0
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`
}
