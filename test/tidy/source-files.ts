/**
 * The project's own files, parsed, for the tidy tests: rules of the house that no linter knows.
 *
 * A rule is a function from a file to its violations, each a line `path:line  what · do instead`. A
 * tidy test expects the list of all of them to be empty, so one run shows everything there is to do.
 */
import { readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { parseSync } from 'oxc-parser'

/** The root of the checkout. */
export const root = path.resolve(import.meta.dirname, '../..')

/** A node of the syntax tree (ESTree with TypeScript's additions), as far as the rules need it. */
export interface SyntaxNode {
  readonly type: string
  readonly start: number
  readonly end: number
  readonly [key: string]: unknown
}

/** A comment, without its marks. */
export interface SourceComment {
  readonly isDoc: boolean
  readonly value: string
  readonly start: number
  readonly end: number
}

/** What another file is named by, in `import … from`, `export … from`, `import()` or a type. */
export interface ImportedModule {
  readonly specifier: string
  readonly start: number
  /** True when the import vanishes at run time. */
  readonly isType: boolean
}

/** One parsed TypeScript file. */
export interface SourceFile {
  /** From the root, with `/`. */
  readonly path: string
  readonly text: string
  readonly program: SyntaxNode
  readonly comments: readonly SourceComment[]
  readonly imports: readonly ImportedModule[]
  /** Tests and what only they use. */
  readonly isTest: boolean
}

/** Every TypeScript file under `folders`, parsed. */
export function sourceFiles(...folders: readonly string[]): readonly SourceFile[] {
  return folders
    .flatMap((folder) => listFiles(folder))
    .filter((file) => /\.tsx?$/.test(file))
    .map(parseFile)
}

/** Parses the file at `filePath`, relative to the root. */
export function parseFile(filePath: string): SourceFile {
  const text = readText(filePath)
  const parsed = parseSync(filePath, text, { range: false })
  const program = parsed.program as unknown as SyntaxNode
  return {
    path: filePath,
    text,
    program,
    comments: parsed.comments.map(({ type, value, start, end }) => {
      return { isDoc: type === 'Block' && value.startsWith('*'), value, start, end }
    }),
    imports: findImports(program),
    isTest: filePath.startsWith('test/') || /\.(test|test-kit)\.ts$/.test(filePath),
  }
}

/** All files under `folder`, relative to the root; generated and installed ones are left out. */
export function listFiles(folder: string): readonly string[] {
  const isOurs = (name: string) => !/^(node_modules|dist|\.dist-.*|\.git)$/.test(name)
  return readdirSync(path.join(root, folder), { withFileTypes: true })
    .filter((entry) => isOurs(entry.name))
    .flatMap((entry) => {
      const inside = folder === '.' ? entry.name : `${folder}/${entry.name}`
      return entry.isDirectory() ? listFiles(inside) : [inside]
    })
    .toSorted()
}

export function readText(filePath: string): string {
  return readFileSync(path.join(root, filePath), 'utf8')
}

/** Calls `visit` with every node under `node`, parents first, and its ancestors, nearest last. */
export function walk(
  node: SyntaxNode,
  visit: (node: SyntaxNode, ancestors: readonly SyntaxNode[]) => void,
  ancestors: readonly SyntaxNode[] = [],
): void {
  visit(node, ancestors)
  const within = [...ancestors, node]
  for (const below of Object.values(node).flat()) {
    if (isSyntaxNode(below)) walk(below, visit, within)
  }
}

/** All nodes of the given types under `node`. */
export function findNodes(node: SyntaxNode, ...types: readonly string[]): readonly SyntaxNode[] {
  const found: SyntaxNode[] = []
  walk(node, (each) => {
    if (types.includes(each.type)) found.push(each)
  })
  return found
}

function isSyntaxNode(value: unknown): value is SyntaxNode {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value
}

/** The property `key` of `node` as a node, if it is one. */
export function child(node: SyntaxNode | undefined, key: string): SyntaxNode | undefined {
  const value = node?.[key]
  return isSyntaxNode(value) ? value : undefined
}

/** The property `key` of `node` as a list of nodes; empty if it is none. */
export function children(node: SyntaxNode | undefined, key: string): readonly SyntaxNode[] {
  const value = node?.[key]
  return Array.isArray(value) ? value.filter(isSyntaxNode) : []
}

/** The text of an identifier, private name or string literal. */
export function nameOf(node: SyntaxNode | undefined): string | undefined {
  const text = node?.['name'] ?? node?.['value']
  return typeof text === 'string' ? text : undefined
}

/** One line of a tidy test's list: where, what is wrong, and what to do instead. */
export function violation(file: SourceFile, start: number, what: string): string {
  return `${file.path}:${lineAt(file, start)}  ${what}`
}

/** The line, from 1, that holds the character at `offset`. */
export function lineAt(file: SourceFile, offset: number): number {
  return file.text.slice(0, offset).split('\n').length
}

function findImports(program: SyntaxNode): readonly ImportedModule[] {
  const found: ImportedModule[] = []
  walk(program, (node) => {
    if (!importTypes.has(node.type)) return
    const specifier = nameOf(child(node, 'source'))
    const isType = ['importKind', 'exportKind'].some((kind) => node[kind] === 'type')
    if (specifier === undefined) return
    found.push({ specifier, start: node.start, isType: isType || node.type === 'TSImportType' })
  })
  return found
}

const importTypes = new Set([
  'ImportDeclaration',
  'ExportNamedDeclaration',
  'ExportAllDeclaration',
  'ImportExpression',
  'TSImportType',
])
