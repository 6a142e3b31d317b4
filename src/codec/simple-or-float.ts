import { Simple } from './foreign.ts'
import * as major from './major-types.ts'
import type { Reader } from './reader.ts'
import { Violation } from './violation.ts'

/** Reads what follows the first byte of major type 7 (RFC 8949 §3.3). */
export function readSimpleOrFloat(reader: Reader, first: number): unknown {
  switch (first) {
    case major.falseByte:
      return false
    case major.trueByte:
      return true
    case major.nullByte:
      return null
    case major.undefinedByte:
      return undefined
    case major.halfByte:
      return reader.half()
    case major.singleByte:
      return reader.single()
    case major.doubleByte:
      return reader.double()
    case major.simpleByte:
      return readWideSimple(reader)
    case major.breakByte:
      throw new Violation('a break where none may stand', reader.offset - 1)
    default:
      if (first < major.falseByte) return new Simple(first & 0x1f)
      throw new Violation('a reserved first byte', reader.offset - 1)
  }
}

function readWideSimple(reader: Reader): Simple {
  const value = reader.byte()
  if (value >= 32) return new Simple(value)
  throw new Violation('a simple value in two bytes that fits into one', reader.offset - 2)
}
