/**
 * Builds the page: `src/web/page/` becomes a folder of files that a browser can load and keep for ever,
 * for their names hold a hash of their content; only `index.html` is asked for each time.
 *
 *   index.html
 *   assets/main-HASH.js  page-HASH.css  chunk-HASH.js …  layout-worker-HASH.js  talk-HASH.css  icon-HASH.svg
 *
 * Beside each stands its `.br` and `.gz`, so that nothing is compressed while the node runs.
 */
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import zlib from 'node:zlib'
import { StepFailure, root } from './prepare.mjs'

const source = 'src/web/page'

/** Builds the page into `folder`. */
export async function buildPage(folder) {
  const { build } = await import('esbuild') // Only here: nothing is installed when the file loads.
  const shared = {
    absWorkingDir: root,
    bundle: true,
    minify: true,
    platform: 'browser',
    // Two years of browsers.
    target: ['chrome116', 'firefox121', 'safari17.2'],
    format: 'esm',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    write: false,
    outdir: folder,
    entryNames: '[name]-[hash]',
    chunkNames: 'chunk-[hash]',
    logLevel: 'warning',
    legalComments: 'none',
  }
  try {
    const worker = await build({ ...shared, entryPoints: [`${source}/map/layout-worker.ts`] })
    const workerName = path.basename(worker.outputFiles[0].path)
    // Loaded with the first tab that needs it.
    const style = await build({ ...shared, entryPoints: [`${source}/talk/talk.css`] })
    const styleName = path.basename(style.outputFiles[0].path)
    const page = await build({
      ...shared,
      entryPoints: [`${source}/main.tsx`, `${source}/page.css`],
      splitting: true,
      define: {
        layoutWorkerFile: JSON.stringify(`./${workerName}`),
        talkStyleFile: JSON.stringify(`./${styleName}`),
      },
    })
    const built = [worker, style, page].flatMap(({ outputFiles }) => outputFiles)
    const files = built.map((file) => {
      return { name: `assets/${path.basename(file.path)}`, bytes: Buffer.from(file.contents) }
    })
    const icon = readFileSync(path.join(root, source, 'icon.svg'))
    const hash = createHash('sha256').update(icon).digest('hex').slice(0, 8).toUpperCase()
    files.push({ name: `assets/icon-${hash}.svg`, bytes: icon })
    files.push({ name: 'index.html', bytes: Buffer.from(nameFiles(files)) })
    mkdirSync(path.join(folder, 'assets'), { recursive: true })
    for (const { name, bytes } of files) {
      writeFileSync(path.join(folder, name), bytes)
      writeFileSync(path.join(folder, `${name}.gz`), zlib.gzipSync(bytes, { level: 9 }))
      writeFileSync(path.join(folder, `${name}.br`), zlib.brotliCompressSync(bytes))
    }
  } catch (error) {
    if (error.errors === undefined) throw error
    // esbuild has already printed what is wrong and where.
    throw new StepFailure(`the page failed (esbuild): ${error.message.split('\n')[0]}`, 1)
  }
}

/** `index.html`, with the names that its files have now. */
function nameFiles(files) {
  const html = readFileSync(path.join(root, source, 'index.html'), 'utf8')
  return html.replaceAll(
    /(href|src)="(main|page|icon)(\.\w+)"/g,
    (_all, attribute, name, extension) => {
      const file = files.find(
        (each) => each.name.startsWith(`assets/${name}-`) && each.name.endsWith(extension),
      )
      if (file === undefined)
        throw new StepFailure(`index.html names ${name}${extension}, which is not built`, 1)
      return `${attribute}="${file.name}"`
    },
  )
}
