/**
 * WTF-8 (https://simonsapin.github.io/wtf-8/): UTF-8 that also has three bytes for a lone surrogate.
 * For strings of JavaScript that are no Unicode text.
 */

/** The bytes of any string. */
export function stringToWtf8(text: string): Uint8Array {
  const bytes = new Uint8Array(3 * text.length)
  let at = 0
  for (let index = 0; index < text.length; index++) {
    const point = text.codePointAt(index) as number // A surrogate only where it is alone.
    if (point < 0x80) bytes[at++] = point
    else if (point < 0x800) {
      bytes[at++] = 0xc0 | (point >>> 6)
      bytes[at++] = 0x80 | (point & 0x3f)
    } else if (point < 0x1_0000) {
      bytes[at++] = 0xe0 | (point >>> 12)
      bytes[at++] = 0x80 | ((point >>> 6) & 0x3f)
      bytes[at++] = 0x80 | (point & 0x3f)
    } else {
      bytes[at++] = 0xf0 | (point >>> 18)
      bytes[at++] = 0x80 | ((point >>> 12) & 0x3f)
      bytes[at++] = 0x80 | ((point >>> 6) & 0x3f)
      bytes[at++] = 0x80 | (point & 0x3f)
      index++
    }
  }
  return bytes.slice(0, at)
}

/** The string of some bytes; `undefined` where they are no well-formed WTF-8. */
export function wtf8ToString(bytes: Uint8Array): string | undefined {
  const parts: string[] = []
  const units: number[] = []
  let at = 0
  while (at < bytes.length) {
    const first = bytes[at++] as number
    const more = first < 0x80 ? 0 : first < 0xc2 ? -1 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3
    if (more < 0 || first > 0xf4 || at + more > bytes.length) return undefined
    let point = more === 0 ? first : first & (0x3f >>> more)
    for (let index = 0; index < more; index++) {
      const byte = bytes[at++] as number
      if ((byte & 0xc0) !== 0x80) return undefined
      point = (point << 6) | (byte & 0x3f)
    }
    if (isOverlong(point, more) || point > 0x10_ffff) return undefined
    if (isLow(point) && isHigh(units.at(-1))) return undefined // A pair has four bytes, not six.
    if (point < 0x1_0000) units.push(point)
    else units.push(0xd7c0 + (point >>> 10), 0xdc00 | (point & 0x3ff))
    if (units.length >= chunkUnits && !isHigh(units.at(-1))) {
      parts.push(String.fromCharCode(...units))
      units.length = 0
    }
  }
  return parts.join('') + String.fromCharCode(...units)
}

const chunkUnits = 4_096 // Far below how many arguments a call may have.

function isOverlong(point: number, more: number): boolean {
  return (more === 2 && point < 0x800) || (more === 3 && point < 0x1_0000)
}

function isHigh(unit: number | undefined): boolean {
  return unit !== undefined && unit >>> 10 === 0x36
}

function isLow(point: number): boolean {
  return point >>> 10 === 0x37
}
