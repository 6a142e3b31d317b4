/**
 * Tells whether this is a `traceparent`: version, trace, span and flags in lower-case hexadecimal
 * digits, none of the three a value that the standard calls invalid.
 */
export function isTraceparent(value: unknown): value is string {
  if (typeof value !== 'string') return false
  const parts = /^([\da-f]{2})-([\da-f]{32})-([\da-f]{16})-[\da-f]{2}$/.exec(value)
  if (parts === null) return false
  const [, version, trace = '', span = ''] = parts
  return version !== 'ff' && /[^0]/.test(trace) && /[^0]/.test(span)
}
