/** What a label may look like: 1–32 of `a-z 0-9 - _ .`, not only digits, not `all`. */
const pattern = /^[a-z0-9._-]{1,32}$/

/** Why `text` cannot be a label, or `undefined` when it can. */
export function labelProblem(text: unknown): string | undefined {
  if (typeof text !== 'string' || !pattern.test(text))
    return 'a label is 1 to 32 of a-z, 0-9, "-", "_" and "."'
  if (/^[0-9]+$/.test(text)) return 'a label is not only digits: those are indexes'
  if (text === 'all') return '"all" means every peer and cannot be a label'
  return undefined
}

/** Makes a label out of a host name or file name; `fallback` where nothing usable is left. */
export function toLabel(text: string, fallback = 'node'): string {
  const shaped = text
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/g, '-')
    .replaceAll(/^[-.]+|[-.]+$/g, '')
    .slice(0, 32)
  return labelProblem(shaped) === undefined ? shaped : fallback
}
