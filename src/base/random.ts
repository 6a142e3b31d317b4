/** Randomness as everything in Skein sees it, so that a seed can stand in for it. */
export interface Random {
  /** Uniform in [0, 1). Not for secrets. */
  next(): number
  /** `length` bytes; from the system's generator they are fit for secrets. */
  bytes(length: number): Uint8Array
}

/** The system's generator: `bytes` are fit for secrets. */
export const systemRandom: Random = {
  next: Math.random,
  bytes: (length) => globalThis.crypto.getRandomValues(new Uint8Array(length)),
}

/**
 * A reproducible generator: equal seeds give equal sequences. For simulations only, never for secrets.
 *
 * sfc32 by Chris Doty-Humphrey (PractRand), warmed up for 15 rounds.
 */
export function seededRandom(seed: number): Random {
  let a = seed | 0
  let b = (seed / 2 ** 32) | 0
  let c = 0x9e37_79b9
  let counter = 1
  const uint32 = (): number => {
    const sum = (a + b + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = ((c << 21) | (c >>> 11)) + sum
    c |= 0
    return sum >>> 0
  }
  for (let round = 0; round < 15; round++) uint32()
  return {
    next: () => uint32() / 2 ** 32,
    bytes: (length) => Uint8Array.from({ length }, () => uint32() & 0xff),
  }
}

/** Picks an integer in [0, bound). */
export function randomInt(random: Random, bound: number): number {
  return Math.floor(random.next() * bound)
}
