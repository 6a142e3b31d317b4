/**
 * About how much memory a value takes: what V8 allocates for its parts. Estimated rather than
 * measured, so that a test can say it of every value; the test of `[V35]` measures some.
 */
const sizes = { reference: 8, object: 56, property: 16, collection: 200, entry: 32, view: 160 }

export function estimateBytes(root: unknown): number {
  const seen = new Set<unknown>()
  const open = [root]
  let total = 0
  while (open.length > 0) {
    const value = open.pop()
    if (typeof value === 'string') total += 16 + 2 * value.length
    else if (typeof value === 'bigint') total += 16 + value.toString(16).length / 2
    else if (typeof value === 'number') total += 16
    if (typeof value !== 'object' || value === null || seen.has(value)) continue
    seen.add(value)
    total += ownBytes(value, open)
  }
  return total
}

/** What an object takes without what is in it, which is put into `open`. */
function ownBytes(value: object, open: unknown[]): number {
  if (Array.isArray(value)) {
    open.push(...(value as unknown[]))
    return sizes.object + sizes.reference * value.length
  }
  if (ArrayBuffer.isView(value)) return sizes.view // The bytes are those of the message, or as many.
  if (value instanceof ArrayBuffer) return sizes.view + value.byteLength
  if (value instanceof Map) {
    for (const [key, each] of value) open.push(key, each)
    return sizes.collection + sizes.entry * value.size
  }
  if (value instanceof Set) {
    open.push(...value)
    return sizes.collection + sizes.entry * value.size
  }
  if (value instanceof URL) return 3 * sizes.collection + 2 * value.href.length
  const keys = Reflect.ownKeys(value)
  for (const key of keys) open.push(key, (value as Record<PropertyKey, unknown>)[key])
  return sizes.object + sizes.property * keys.length
}
