/** Node 20 does not run TypeScript: what soak, fuzz and benchmarks start in processes becomes one file. */
import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { root } from './prepare.mjs'

/**
 * Makes one file of a TypeScript file and all it imports from this repository; what it imports from
 * packages stays outside. Whoever asks for it deletes it.
 *
 * @param entry - Its path from the root of the repository.
 * @param name - What the file is called, before the number of this process.
 * @param keepNames - Whether classes keep their names, as those have to that travel under them.
 */
export async function bundle(entry, name, { keepNames = false } = {}) {
  const { build } = await import('esbuild') // Only here: nothing is installed when the file loads.
  const folder = path.join(root, 'node_modules', '.cache', 'skein')
  mkdirSync(folder, { recursive: true })
  const outfile = path.join(folder, `${name}-${process.pid}.mjs`)
  await build({
    absWorkingDir: root,
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    keepNames,
    packages: 'external',
    logLevel: 'warning',
  })
  return outfile
}
