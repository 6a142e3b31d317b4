/** This build against another one: `BENCH_BEFORE=/path/to/dist npm run bench -- builds`. */
import { versus } from './versus.mjs'

/** Measures; see the file's head. */
export function run() {
  const before = process.env.BENCH_BEFORE
  if (before === undefined) throw new Error('builds: set BENCH_BEFORE to the dist of another build')
  return versus({
    ours: { name: 'skein' },
    theirs: { name: 'skein', env: { BENCH_DIST: before } },
    title: 'the build before',
  })
}
