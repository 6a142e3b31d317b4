/**
 * The tags that this codec writes or interprets, with where they are registered
 * (https://www.iana.org/assignments/cbor-tags). docs/spec/values.md says what each holds.
 */

export const dateTimeText = 0 // RFC 8949 §3.4.1
export const epochTime = 1 // RFC 8949 §3.4.2
export const positiveBignum = 2 // RFC 8949 §3.4.3
export const negativeBignum = 3
export const object = 27 // Type name and constructor arguments; http://cbor.schmorp.de/generic-object
export const shareable = 28 // http://cbor.schmorp.de/value-sharing
export const sharedReference = 29
export const absent = 31 // An absent value in an array
export const uri = 32 // RFC 8949 §3.4.5.3
export const regexp = 35 // RFC 7049 §2.4.4.3
export const set = 258 // A mathematical finite set
export const map = 259 // A map with keys of any type
export const wtf8 = 273 // A string that is no UTF-8, as WTF-8

/** Ours, of the range that is given out to who comes first; not registered. Its content is the hook's. */
export const reference = 41_221
