/**
 * The messages of `object/1`: their types, and how references are described in values. The layout of
 * each is in docs/spec/objects.md.
 */

/** Protocol of the stream that carries messages one way. */
export const objectProtocol = 'object/1'
/** Protocol of a stream that carries one long message. */
export const largeProtocol = 'object-large/1'

/** Tells whether a stream is this layer's. */
export function isObjectStream({ protocol }: { readonly protocol: string }): boolean {
  return protocol === objectProtocol || protocol === largeProtocol
}

/** The first byte of a message. */
export const messageType = {
  call: 1,
  get: 2,
  iterate: 3,
  find: 4,
  restore: 5,
  list: 6,
  answer: 7,
  keptAnswer: 8,
  fail: 9,
  finish: 10,
  cancel: 11,
  release: 12,
  lease: 13,
  item: 14,
  credit: 15,
  settle: 16,
  forget: 17,
  large: 18,
  stream: 19,
} as const

/** What a reference points to. */
export type ReferenceKind = 'object' | 'function' | 'iterable' | 'stream'

/** The first item of a reference's description in a value. */
export const referenceType = {
  object: 0,
  function: 1,
  iterable: 2,
  stream: 3,
  promise: 4,
  signal: 5,
  yours: 6,
  named: 7,
  third: 8,
} as const

/** Kinds by their number, for those that stay with their owner. */
export const referenceKinds: readonly ReferenceKind[] = ['object', 'function', 'iterable', 'stream']

/** Length of the token that proves that a reference was given, bytes. */
export const tokenBytes = 16 // 128 bits: nobody guesses one.
