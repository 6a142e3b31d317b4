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
    const segment = match[1] ?? match[3] ?? unescape(match[2] ?? '')
    if (segment === undefined) return undefined
    segments.push(segment)
    at = segmentPattern.lastIndex
    if (at === key.length) return segments
    if (key[at] !== '.') return undefined
  }
}

/** Writes segments as one key: what {@link splitKey} reads. */
export function formatKey(segments: readonly string[]): string {
  return segments.map((segment) => (isBare(segment) ? segment : JSON.stringify(segment))).join('.')
}

/** What stands between double quotes; TOML's escapes are those of JSON but for a few rare ones. */
function unescape(quoted: string): string | undefined {
  try {
    return JSON.parse(`"${quoted}"`) as string
  } catch {
    return undefined // Not a key: its caller says so.
  }
}

function isBare(segment: string): boolean {
  return /^[A-Za-z0-9_-]+$/.test(segment)
}
