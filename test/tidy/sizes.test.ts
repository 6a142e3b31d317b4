/**
 * The size and shape of files, functions and names, as the house style has them.
 *
 * The lists of exceptions are ratchets: an entry is a limit of its own for one file, it only goes
 * down, and it is deleted when the file fits.
 */
import path from 'node:path'
import { expect, test } from 'vitest'
import {
  type SourceFile,
  type SyntaxNode,
  child,
  children,
  findNodes,
  lineAt,
  nameOf,
  sourceFiles,
  violation,
  walk,
} from './source-files.ts'

const maxFileLines = 500
const maxFunctionLines = 70
const maxParameters = 3

/** Ratchet: path → its own limit in lines. */
const longFiles: Readonly<Record<string, number>> = {}
/** Ratchet: `path functionName` → its own limit in lines. */
const longFunctions: Readonly<Record<string, number>> = {}

const bannedFileNames = new Set(['utils', 'util', 'helpers', 'helper', 'common', 'types', 'misc'])
const unitless = new Map([
  ['timeout', 'timeoutMs'],
  ['delay', 'delayMs'],
  ['interval', 'intervalMs'],
  ['duration', 'durationMs'],
  ['size', 'byteLength, maxBytes or count'],
])

const files = sourceFiles('src', 'test')

test('no file is longer than 500 lines', () => {
  const violations = files.flatMap((file) => {
    const lines = file.text.trimEnd().split('\n').length
    if (lines <= (longFiles[file.path] ?? maxFileLines)) return []
    return [`${file.path}  ${lines} lines · split it by concept`]
  })
  expect(violations).toEqual([])
})

test('no function is longer than 70 lines', () => {
  const violations = files.flatMap((file) => {
    return functionsOf(file).flatMap(({ node, name, isSuite }) => {
      const lines = lineAt(file, node.end) - lineAt(file, node.start) + 1
      const limit = longFunctions[`${file.path} ${name}`] ?? maxFunctionLines
      if (isSuite || lines <= limit) return []
      return [violation(file, node.start, `${name} has ${lines} lines · split it`)]
    })
  })
  expect(violations).toEqual([])
})

test('no function takes more than three parameters', () => {
  const violations = files.flatMap((file) => {
    return functionsOf(file).flatMap(({ node, name, isTableRow }) => {
      const count = parametersOf(node).filter((each) => nameOf(each) !== 'this').length
      if (isTableRow || count <= maxParameters) return []
      return [violation(file, node.start, `${name} takes ${count} parameters · take options`)]
    })
  })
  expect(violations).toEqual([])
})

test('files are named after a concept, in kebab-case', () => {
  const violations = files.flatMap((file) => {
    const [name = '', ...qualifiers] = path
      .basename(file.path)
      .replace(/\.tsx?$/, '')
      .split('.')
    if (bannedFileNames.has(name)) return [`${file.path}  says nothing · name the concept`]
    if ([name, ...qualifiers].every((part) => /^[a-z0-9]+(-[a-z0-9]+)*$/.test(part))) return []
    return [`${file.path}  is not kebab-case`]
  })
  expect(violations).toEqual([])
})

test('no default exports, no enums, no I before an interface', () => {
  const instead = new Map([
    ['ExportDefaultDeclaration', 'default export · export it by name'],
    ['TSEnumDeclaration', 'enum · use a union of strings'],
  ])
  const violations = files.flatMap((file) => [
    ...findNodes(file.program, ...instead.keys()).map((node) => {
      return violation(file, node.start, instead.get(node.type) ?? node.type)
    }),
    ...findNodes(file.program, 'TSInterfaceDeclaration', 'TSTypeAliasDeclaration')
      .filter((node) => /^I[A-Z][a-z]/.test(nameOf(child(node, 'id')) ?? ''))
      .map((node) => violation(file, node.start, 'I before its name · leave it out')),
  ])
  expect(violations).toEqual([])
})

test('no property holds an amount without its unit', () => {
  const violations = files.flatMap((file) => {
    return findNodes(file.program, 'TSPropertySignature', 'PropertyDefinition').flatMap((node) => {
      const name = nameOf(child(node, 'key')) ?? ''
      const better = unitless.get(name)
      return better === undefined ? [] : [violation(file, node.start, `${name} · say ${better}`)]
    })
  })
  expect(violations).toEqual([])
})

test('no work is left behind in a comment', () => {
  const violations = files.flatMap((file) => {
    return file.comments
      .filter((comment) => /\b(TODO|FIXME|XXX|HACK)\b/.test(comment.value))
      .map((comment) => violation(file, comment.start, 'do it, or file an issue'))
  })
  expect(violations.filter((line) => !line.startsWith('test/tidy/'))).toEqual([])
})

test('tests wait on conditions, never on time', () => {
  const violations = files
    .filter((file) => file.isTest && !/^test\/(e2e|lab)\//.test(file.path))
    .flatMap(sleeps)
  expect(violations).toEqual([])
})

function sleeps(file: SourceFile): readonly string[] {
  const instead = 'sleeps · use virtual time, or wait on a condition'
  const found = file.imports
    .filter((imported) => imported.specifier === 'node:timers/promises')
    .map((imported) => violation(file, imported.start, instead))
  walk(file.program, (node, ancestors) => {
    if (node.type !== 'CallExpression') return
    const name = nameOf(child(node, 'callee')) ?? ''
    const isInPromise = ancestors.some((each) => {
      return each.type === 'NewExpression' && nameOf(child(each, 'callee')) === 'Promise'
    })
    const isSleep = /^(sleep|delay)(Ms)?$/.test(name) || (name === 'setTimeout' && isInPromise)
    if (isSleep) found.push(violation(file, node.start, instead))
  })
  return found
}

/** A function, method, or the type of one. */
interface FoundFunction {
  readonly node: SyntaxNode
  readonly name: string
  /** The body of a `describe`: a list of tests, not a function. */
  readonly isSuite: boolean
  /** The body of a `test.each`: its parameters are the columns of a table. */
  readonly isTableRow: boolean
}

function functionsOf(file: SourceFile): readonly FoundFunction[] {
  const found: FoundFunction[] = []
  walk(file.program, (node, ancestors) => {
    if (!functionTypes.has(node.type)) return
    const parent = ancestors.at(-1)
    const name = [child(node, 'id'), child(node, 'key'), child(parent, 'id'), child(parent, 'key')]
    const isArgument = parent?.type === 'CallExpression'
    const callee = isArgument ? calleeText(file, parent) : ''
    found.push({
      node,
      name: name.map(nameOf).find((each) => each !== undefined) ?? 'a function',
      isSuite: file.isTest && /^(describe|suite)\b/.test(callee),
      isTableRow: file.isTest && /^(describe|suite|test|it)(\.\w+)*\.(each|for)\b/.test(callee),
    })
  })
  return found
}

function calleeText(file: SourceFile, call: SyntaxNode): string {
  const callee = child(call, 'callee')
  return callee === undefined ? '' : file.text.slice(callee.start, callee.end)
}

function parametersOf(node: SyntaxNode): readonly SyntaxNode[] {
  return children(node, 'params')
}

const functionTypes = new Set([
  'FunctionDeclaration',
  'FunctionExpression',
  'ArrowFunctionExpression',
  'TSDeclareFunction',
  'TSEmptyBodyFunctionExpression',
  'TSMethodSignature',
  'TSFunctionType',
  'TSConstructorType',
  'TSCallSignatureDeclaration',
  'TSConstructSignatureDeclaration',
])
