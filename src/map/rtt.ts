/** `240 µs`, `1 240 µs`; a dash before the first measurement. */
export function formatRtt(rttMicros: number | undefined): string {
  if (rttMicros === undefined) return '–'
  return `${String(rttMicros).replaceAll(/\B(?=(\d{3})+$)/g, ' ')} µs`
}
