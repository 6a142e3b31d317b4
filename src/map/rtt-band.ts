/** Round-trip times in a few bands, which have one colour each in every drawing. */

/** A range of round-trip times. */
export interface RttBand {
  /** What people read in a legend. */
  readonly label: string
  /** It holds the RTTs below this that are in no earlier band, µs. */
  readonly limitMicros: number
}

/** From near to far. Guess: one machine or LAN, one town, one country, one continent, the world. */
export const rttBands: readonly RttBand[] = [
  { label: 'under 1 ms', limitMicros: 1_000 },
  { label: '1–10 ms', limitMicros: 10_000 },
  { label: '10–50 ms', limitMicros: 50_000 },
  { label: '50–150 ms', limitMicros: 150_000 },
  { label: 'above 150 ms', limitMicros: Number.POSITIVE_INFINITY },
]

/** The place of an RTT in {@link rttBands}. */
export function rttBandOf(rttMicros: number): number {
  const band = rttBands.findIndex(({ limitMicros }) => rttMicros < limitMicros)
  return band < 0 ? rttBands.length - 1 : band
}

/** Three digits and a unit, for drawings with little room: `240 µs`, `1.24 ms`, `87 s`. */
export function briefRtt(rttMicros: number): string {
  if (rttMicros < 1_000) return `${rttMicros} µs`
  if (rttMicros < 999_500) return `${threeDigits(rttMicros / 1_000)} ms`
  return `${threeDigits(rttMicros / 1_000_000)} s`
}

/** In milliseconds without their unit, three digits: `0.24`, `1.24`, `124`. */
export function rttMillis(rttMicros: number): string {
  return threeDigits(rttMicros / 1_000)
}

function threeDigits(value: number): string {
  if (value < 9.995) return value.toFixed(2)
  return value < 99.95 ? value.toFixed(1) : value.toFixed(0)
}
