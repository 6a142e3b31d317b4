/**
 * Builds `dist/`: the types (tsc), and the library and the command line as bundles (esbuild).
 *
 *   dist/index.js, testing.js      the library, over one bundle in dist/bin: it loads in a fifth of the
 *                                  time that three hundred modules take
 *   dist/FOLDER/NAME.js            the same as modules, for its types and for benchmarks
 *   dist/bin/skein.cjs             src/cli/front.ts: starts fast; loads one of the next two where needed
 *   dist/bin/run.cjs               src/cli/run.ts: what talks to a running node, with all layers
 *   dist/bin/main.cjs              src/cli/main.ts: what runs a node
 *   dist/bin/NAME-worker.cjs       a bundle for each src/…/NAME-worker.node.ts
 *   dist/web/                      the page (build-page.mjs)
 *
 * Everything is built beside `dist/` and takes its place in one rename, so a failed build leaves
 * the last good one, and no stale file survives.
 */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { buildPage } from './build-page.mjs'
import {
  StepFailure,
  buildStamp,
  checkNode,
  ensureInstalled,
  hashBuildInputs,
  root,
  run,
  runScript,
  say,
} from './prepare.mjs'

/**
 * Loaded from node_modules, and only when they are needed: mathjs by the process that calculates (18 MB
 * that nothing else needs), what serves the page, and what traces commands.
 */
const external = ['libsodium-wrappers', 'mathjs', 'ws', 'prom-client', '@opentelemetry/api']

/** Keeps bundles apart: `import('./main.ts')` is left as a `require('./main.cjs')`, and so is run. */
const othersOnDemand = {
  name: 'others-on-demand',
  setup(build) {
    build.onResolve({ filter: /^\.\/(main|run)\.ts$/ }, ({ path: file, kind }) => {
      if (kind === 'dynamic-import') return { path: file.replace(/ts$/, 'cjs'), external: true }
    })
  },
}

const staging = path.join(root, `.dist-${process.pid}`)

await runScript(async () => {
  checkNode()
  await ensureInstalled()
  const stamp = hashBuildInputs() // Before reading: a file changed meanwhile is built next time.
  try {
    const parts = [buildModules(), buildBundles(), buildPage(path.join(staging, 'web'))]
    for (const part of await Promise.allSettled(parts)) {
      if (part.status === 'rejected') throw part.reason
    }
    await buildLibrary() // Over the two modules that programs import.
    writeFileSync(path.join(staging, path.basename(buildStamp)), stamp)
    takePlace()
  } finally {
    rmSync(staging, { recursive: true, force: true })
  }
})

/** Swaps the new build in: two renames, so that `dist` is missing for an instant at most. */
function takePlace() {
  const dist = path.join(root, 'dist')
  const before = `${staging}-before`
  if (existsSync(dist)) renameSync(dist, before)
  renameSync(staging, dist)
  rmSync(before, { recursive: true, force: true })
}

async function buildModules() {
  const tsc = path.join('node_modules', 'typescript', 'bin', 'tsc')
  const args = [tsc, '-p', 'tsconfig.build.json', '--outDir', staging]
  await run(process.execPath, args, { what: 'tsc -p tsconfig.build.json' })
}

async function buildBundles() {
  const shared = {
    absWorkingDir: root,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    external,
    // `import()` becomes a `require` when it is reached; the ESM loader would cost 5 ms more.
    supported: { 'dynamic-import': false },
    logLevel: 'warning',
    legalComments: 'none',
  }
  const bundleUrl = {
    define: { 'import.meta.url': '__bundleUrl' },
    banner: { js: "const __bundleUrl = require('node:url').pathToFileURL(__filename).href" },
  }
  const bundles = [
    {
      ...shared,
      entryPoints: ['src/cli/front.ts'],
      outfile: path.join(staging, 'bin', 'skein.cjs'),
      banner: { js: '#!/usr/bin/env node' },
      plugins: [othersOnDemand],
      // The front has no banner that gives import.meta.url a value: that costs start-up time.
      logOverride: { 'empty-import-meta': 'error' },
    },
    {
      ...shared,
      entryPoints: ['src/cli/run.ts'],
      outfile: outfile('run'),
      logOverride: { 'empty-import-meta': 'error' },
    },
    { ...shared, ...bundleUrl, entryPoints: ['src/cli/main.ts'], outfile: outfile('main') },
    ...listWorkers().map((file) => {
      const name = path.basename(file, '.node.ts')
      return { ...shared, ...bundleUrl, entryPoints: [file], outfile: outfile(name) }
    }),
  ]
  await runBuilds(bundles)
  chmodSync(path.join(staging, 'bin', 'skein.cjs'), 0o755)
}

/** `index.js` and `testing.js` share their code, so that both know the same classes. */
async function buildLibrary() {
  await runBuilds([
    {
      absWorkingDir: root,
      entryPoints: ['src/index.ts', 'src/testing.ts'],
      outdir: staging,
      // Beside the workers: see siblingUrl of those who start them.
      chunkNames: 'bin/library-[hash]',
      bundle: true,
      splitting: true,
      platform: 'node',
      target: 'node20',
      format: 'esm',
      external,
      logLevel: 'warning',
      legalComments: 'none',
    },
  ])
}

async function runBuilds(all) {
  const { build } = await import('esbuild') // Only here: nothing is installed when the file loads.
  try {
    const builds = all.map((options) => build({ ...options, write: false }))
    for (const { outputFiles } of await Promise.all(builds)) outputFiles.forEach(writeAscii)
  } catch (error) {
    // esbuild has already printed what is wrong and where.
    throw new StepFailure(`the bundles failed (esbuild): ${error.message.split('\n')[0]}`, 1)
  }
}

/**
 * Writes a bundle without the letters of comments that are no ASCII: one of them, and V8 keeps the whole
 * source in memory with two bytes a character (1.7 MB more for a node). In what runs esbuild has escaped
 * them, but for regular expressions: those say `\u2013`.
 */
function writeAscii({ path: file, text }) {
  const isComment = /^\s*(?:\/\/|\/\*|\*)/
  const lines = text.split('\n').map((line) => {
    // oxlint-disable-next-line no-control-regex -- ASCII is what is meant
    return isComment.test(line) ? line.replaceAll(/[^\u0000-\u007f]/g, '?') : line
  })
  const at = lines.findIndex((line) => !isAscii(line))
  if (at >= 0) say(`${path.basename(file)}:${at + 1} is no ASCII, which takes memory in every node`)
  mkdirSync(path.dirname(file), { recursive: true })
  writeFileSync(file, lines.join('\n'))
}

function isAscii(line) {
  return Buffer.byteLength(line) === line.length
}

function outfile(name) {
  return path.join(staging, 'bin', `${name}.cjs`)
}

function listWorkers(folder = 'src') {
  if (!existsSync(path.join(root, folder))) return []
  return readdirSync(path.join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const place = `${folder}/${entry.name}`
    if (entry.isDirectory()) return listWorkers(place)
    return entry.name.endsWith('-worker.node.ts') ? [place] : []
  })
}
