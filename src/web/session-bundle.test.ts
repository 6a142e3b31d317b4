import path from 'node:path'
import { build } from 'esbuild'
import { beforeAll, expect, test } from 'vitest'

let text = ''
let inputs: readonly string[] = []

beforeAll(async () => {
  const { outputFiles, metafile } = await build({
    absWorkingDir: path.resolve(import.meta.dirname, '../..'),
    entryPoints: ['src/web/session.ts'],
    bundle: true,
    minify: true,
    platform: 'browser',
    target: 'es2022',
    format: 'esm',
    write: false,
    metafile: true,
    logLevel: 'silent', // What is wrong is thrown.
  })
  text = outputFiles[0]?.text ?? ''
  inputs = Object.keys(metafile.inputs)
})

test('[W8] a session is bundled for a browser without a polyfill', () => {
  expect(inputs).toContain('src/connection/connection.ts')
  expect(
    inputs.filter((file) => file.endsWith('.node.ts') || file.includes('node_modules')),
  ).toEqual([])
})

test('[W8] it needs nothing that only Node has', () => {
  // Whatever is free in the bundle and is no global of a browser.
  for (const name of ['Buffer', 'process', 'require', 'setImmediate', '__dirname', 'global']) {
    expect(text).not.toMatch(new RegExp(`(?<![\\w$.])${name}(?=[.(\\[])`))
  }
  expect(text).not.toContain('node:')
})

test('[W8] it is small', () => {
  // 137.3 kB when this was written, half of it objects; the page has a bound of its own.
  expect(text.length).toBeLessThan(150_000)
})
