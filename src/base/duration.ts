const unitMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}

/** Reads `10` (seconds), `1.5`, `500ms`, `2s`, `5m`, `1h` or `30d` as whole ms; `undefined` for less. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)?$/.exec(text)
  const timeMs = Math.round(Number(match?.[1]) * (unitMs[match?.[2] ?? 's'] ?? 0))
  return timeMs >= 1 && Number.isSafeInteger(timeMs) ? timeMs : undefined
}

/** Writes a length of time with its two largest units: `3 d 4 h`, `5 min 2 s`. */
export function formatDuration(seconds: number): string {
  const [days, hours] = [Math.floor(seconds / 86_400), Math.floor(seconds / 3_600) % 24]
  const [minutes, rest] = [Math.floor(seconds / 60) % 60, seconds % 60]
  if (days > 0) return `${days} d ${hours} h`
  if (hours > 0) return `${hours} h ${minutes} min`
  return minutes > 0 ? `${minutes} min ${rest} s` : `${rest} s`
}
