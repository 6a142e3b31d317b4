/**
 * The layers of ARCHITECTURE.md, enforced: who may import whom, and where IO may stand.
 *
 * **Invariant**: a folder of `src/` imports only from lower rows; folders of one row do not know
 * each other; no two files need each other, not even for a type.
 */
import path from 'node:path'
import { expect, test } from 'vitest'
import {
  type ImportedModule,
  type SourceFile,
  child,
  children,
  nameOf,
  sourceFiles,
  violation,
  walk,
} from './source-files.ts'

/** From the top down. `index` and `testing-entry` are the files src/index.ts and src/testing.ts. */
const rows: readonly (readonly string[])[] = [
  ['testing-entry'],
  ['cli', 'testing'],
  ['web'],
  ['index'],
  ['node'],
  ['command', 'topic', 'mail', 'replica', 'file', 'map'],
  ['remote'],
  ['routing'],
  ['discovery', 'membership'],
  ['connection'],
  ['transport'],
  ['codec'],
  ['base'],
]

/** Runs in a browser and in virtual time. */
const pureFolders = new Set(['codec', 'connection', 'map', 'remote'])
const pureFiles = new Set(['machine.ts', 'messages.ts'])
/** Programs and the composition root: IO may stand in any of their files. */
const ioFolders = new Set(['node', 'cli', 'web'])
/** Runs in a browser: nothing of Node's. */
const browserFolder = 'src/web/page/'
const ioGlobals = new Map([
  ['Buffer', 'use Uint8Array'],
  ['process', 'take what you need as an option'],
  ['setTimeout', 'use the Clock you are given'],
  ['setInterval', 'use the Clock you are given'],
  ['setImmediate', 'use the Clock you are given'],
])

const files = sourceFiles('src')

test('a folder imports only from lower rows', () => {
  expect(files.flatMap(layerViolations)).toEqual([])
})

test('what only tests use is imported only by tests', () => {
  const violations = files
    .filter((file) => !file.isTest)
    .flatMap((file) => {
      const wrong = file.imports.filter((each) => /\.(test|test-kit)\.ts$/.test(each.specifier))
      return wrong.map((each) => violation(file, each.start, `imports ${each.specifier}`))
    })
  expect(violations).toEqual([])
})

test('no file imports itself, however far around', () => {
  expect(findCycles()).toEqual([])
})

test('protocols do no IO, and elsewhere it stands in *.node.ts', () => {
  expect(files.filter((file) => !file.isTest).flatMap(ioViolations)).toEqual([])
})

test('imports within src name the file with its .ts', () => {
  const violations = files.flatMap((file) => {
    const wrong = file.imports.filter((each) => /^\.{1,2}\//.test(each.specifier))
    return wrong
      .filter((each) => !files.some((other) => other.path === resolve(file, each)))
      .map((each) => violation(file, each.start, `${each.specifier} is no file of src`))
  })
  expect(violations).toEqual([])
})

function layerViolations(file: SourceFile): readonly string[] {
  const layer = layerOf(file.path)
  const row = rowOf(layer)
  if (row < 0) return [`${file.path}  src/${layer} has no row in test/tidy/layers.test.ts`]
  return file.imports.flatMap((imported) => {
    const target = resolve(file, imported)
    if (target === undefined) return []
    const other = layerOf(target)
    const mayImport = other === layer || rowOf(other) > row || (file.isTest && other === 'testing')
    if (mayImport) return []
    const rule = rowOf(other) === row ? 'stands beside it' : 'stands above it'
    const what = `${layer} imports ${other}, which ${rule} · let node pass in a function`
    return [violation(file, imported.start, what)]
  })
}

function ioViolations(file: SourceFile): readonly string[] {
  const layer = layerOf(file.path)
  if (file.path.startsWith(browserFolder)) {
    const isNodes = ({ specifier }: ImportedModule): boolean => /^node:|\.node\.ts$/.test(specifier)
    const wrong = file.imports.filter((imported) => !imported.isType && isNodes(imported))
    return wrong.map(({ start, specifier }) => {
      return violation(file, start, `imports ${specifier} · the page runs in a browser`)
    })
  }
  if (ioFolders.has(layer)) return []
  const isPure = pureFolders.has(layer) || pureFiles.has(path.basename(file.path))
  if (!isPure && file.path.endsWith('.node.ts')) return []
  const instead = isPure ? 'a protocol does no IO' : 'move it to a *.node.ts file'
  const imports = file.imports
    .filter((imported) => imported.specifier.startsWith('node:'))
    .map((each) => violation(file, each.start, `imports ${each.specifier} · ${instead}`))
  return isPure ? [...imports, ...ioGlobalUses(file)] : imports
}

function ioGlobalUses(file: SourceFile): readonly string[] {
  const found: string[] = []
  walk(file.program, (node, ancestors) => {
    if (node.type !== 'Identifier') return
    const name = nameOf(node) ?? ''
    const instead = ioGlobals.get(name)
    const parent = ancestors.at(-1)
    const isMember = child(parent, 'property') === node && parent?.['computed'] === false
    const isKey = child(parent, 'key') === node && parent?.['shorthand'] !== true
    if (instead === undefined || isMember || isKey) return
    const declared = ancestors.some((each) => {
      return children(each, 'params').some((param) => nameOf(param) === name)
    })
    if (!declared) found.push(violation(file, node.start, `uses ${name} · ${instead}`))
  })
  return found
}

/** Each cycle once, as `a → b → a`. */
function findCycles(): readonly string[] {
  const targets = new Map(
    files.map((file) => [file.path, file.imports.flatMap((each) => resolve(file, each) ?? [])]),
  )
  const done = new Set<string>()
  const cycles: string[] = []
  const visit = (file: string, trail: readonly string[]): void => {
    if (trail.includes(file)) {
      cycles.push([...trail.slice(trail.indexOf(file)), file].join(' → '))
      return
    }
    if (done.has(file)) return
    for (const target of targets.get(file) ?? []) visit(target, [...trail, file])
    done.add(file)
  }
  for (const file of targets.keys()) visit(file, [])
  return cycles
}

function resolve(file: SourceFile, imported: ImportedModule): string | undefined {
  if (!imported.specifier.startsWith('.')) return undefined
  return path.posix.join(path.posix.dirname(file.path), imported.specifier)
}

/** The folder below src that a file stands in. */
function layerOf(filePath: string): string {
  if (filePath === 'src/index.ts') return 'index'
  if (filePath === 'src/testing.ts') return 'testing-entry'
  return filePath.split('/')[1] ?? ''
}

function rowOf(layer: string): number {
  return rows.findIndex((row) => row.includes(layer))
}
