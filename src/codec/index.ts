export { decode } from './decode.ts'
export { encode } from './encode.ts'
export type { DecodeLimits, EncodeOptions } from './limits.ts'
