/**
 * Keys as people write them: segments joined by dots, and quotes round a segment that needs them
 * (`known."a.b"`), as in TOML.
 */

const segmentPattern = /\s*(?:([A-Za-z0-9_-]+)|"((?:[^"\\]|\\.)*)"|'([^']*)')\s*/y

/** The segments of a dotted key, or `undefined` when it is not one. */
export function splitKey(key: string): readonly string[] | undefined {
  const segments: string[] = []
  for (let at = 0; ; at++) {
    segmentPattern.lastIndex = at
    const match = segmentPattern.exec(key)
    if (match === null) return undefined
    segments.push(match[1] ?? match[3] ?? (match[2] ?? '').replaceAll(/\\(.)/g, '$1'))
    at = segmentPattern.lastIndex
    if (at === key.length) return segments
    if (key[at] !== '.') return undefined
  }
}

/** Writes segments as one key: what {@link splitKey} reads. */
export function formatKey(segments: readonly string[]): string {
  return segments.map((segment) => (isBare(segment) ? segment : JSON.stringify(segment))).join('.')
}

function isBare(segment: string): boolean {
  return /^[A-Za-z0-9_-]+$/.test(segment)
}
