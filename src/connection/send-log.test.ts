import { expect, test } from 'vitest'
import { frameType, headerBytes, maxPayloadBytes, readUint24 } from './frames.ts'
import { SendLog } from './send-log.ts'
import type { Path } from '../transport/contract.ts'

/** Keeps what is written to it. */
function sink(): { readonly path: Path; readonly written: number[] } {
  const written: number[] = []
  const path: Path = {
    kind: 'memory',
    remoteAddress: 'memory://far',
    remoteId: undefined,
    isLocal: true,
    bufferedBytes: 0,
    bind() {},
    write(bytes, more) {
      written.push(...bytes, ...(more ?? []))
      return true
    },
    setReading() {},
    close() {},
    destroy() {},
  }
  return { path, written }
}

/** The payload sizes of the frames in `bytes`. */
function payloadsOf(bytes: readonly number[]): number[] {
  const all = Uint8Array.from(bytes)
  const sizes: number[] = []
  for (let at = 0; at < all.length; at += headerBytes + readUint24(all, at + 1)) {
    sizes.push(readUint24(all, at + 1))
  }
  return sizes
}

type Step = readonly [type: number, streamId: number, bytes: number] | 'flush' | 'credit'

const { data, end } = frameType

test.each<[string, readonly Step[], readonly number[]]>([
  [
    'small writes of a turn to one stream are one frame',
    [
      [data, 2, 3],
      [data, 2, 4],
    ],
    [7],
  ],
  [
    'those to another stream are not',
    [
      [data, 2, 3],
      [data, 4, 4],
      [data, 2, 5],
    ],
    [3, 4, 5],
  ],
  ['a frame that has left grows no more', [[data, 2, 3], 'flush', [data, 2, 4]], [3, 4]],
  ['nor one that another frame follows', [[data, 2, 3], 'credit', [data, 2, 4]], [3, 8, 4]],
  [
    'END stands behind the bytes',
    [
      [data, 2, 3],
      [end, 2, 0],
      [data, 2, 4],
    ],
    [3, 0, 4],
  ],
  [
    'a large write is a frame of its own',
    [
      [data, 2, 3],
      [data, 2, 5_000],
    ],
    [3, 5_000],
  ],
])('[C4] %s', (_sentence, steps, expected) => {
  const log = new SendLog()
  const { path, written } = sink()
  for (const step of steps) {
    if (step === 'flush') log.flush(path, -1)
    else if (step === 'credit') {
      log.appendNumber({ type: frameType.credit, streamId: 2, value: 1 }, path)
    } else log.append({ type: step[0], streamId: step[1] }, new Uint8Array(step[2]), path)
  }
  log.flush(path, -1)
  expect(payloadsOf(written)).toEqual(expected)
  expect(log.nextNumber).toBe(expected.length)
  expect(log.retainedBytes).toBe(written.length)

  const again = sink()
  log.replay(again.path, 0)
  expect(again.written).toEqual(written)
})

test('[C4] a frame grows to what a frame may hold, no further', () => {
  const log = new SendLog()
  const { path, written } = sink()
  for (let count = 0; count < 40; count++) {
    log.append({ type: data, streamId: 2 }, new Uint8Array(4_000), path)
  }
  log.flush(path, -1)
  const sizes = payloadsOf(written)
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(160_000)
  expect(Math.max(...sizes)).toBeLessThanOrEqual(maxPayloadBytes)
  expect(sizes.length).toBeLessThan(5)
  log.acknowledge(log.nextNumber)
  expect(log.retainedBytes).toBe(0)
})
