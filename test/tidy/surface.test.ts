/**
 * The public API, held still: its names stand in docs/api.md, so that a change of them is seen in
 * review. `npm run fix` writes that page anew.
 */
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { version } from '../../src/base/version.ts'
import {
  type SourceFile,
  type SyntaxNode,
  child,
  children,
  findNodes,
  nameOf,
  parseFile,
  readText,
  root,
} from './source-files.ts'

const maxNames = 40 // For the main entry: more than a person can survey.

const entries = [
  { title: 'skein', file: 'src/index.ts', audience: 'for programs' },
  { title: 'skein/testing', file: 'src/testing.ts', audience: 'for their tests' },
].map((entry) => ({ ...entry, names: exportedNames(entry.file) }))

test(`the main entry exports at most ${maxNames} names`, () => {
  expect(entries[0]?.names.length).toBeLessThanOrEqual(maxNames)
})

describe.each(entries)('$title', ({ file, names }) => {
  test('exports each name by name', () => {
    const anonymous = findNodes(parseFile(file).program, 'ExportAllDeclaration')
    expect(
      anonymous.map((node) => `${file}: export * from ${nameOf(child(node, 'source'))}`),
    ).toEqual([])
  })

  test('explains each name in a doc comment', () => {
    expect(names.filter((each) => each.summary === '').map((each) => each.name)).toEqual([])
  })
})

test('the version is that of the package', () => {
  const { version: ofPackage } = JSON.parse(readText('package.json')) as { version: string }
  expect(version).toBe(ofPackage)
})

test('docs/api.md lists what is exported (npm run fix writes it)', async () => {
  await expect(formatReport()).toMatchFileSnapshot(path.join(root, 'docs/api.md'))
})

interface ExportedName {
  readonly name: string
  readonly kind: string
  /** The first sentence of its doc comment. */
  readonly summary: string
}

function exportedNames(file: string): readonly ExportedName[] {
  const source = parseFile(file)
  return findNodes(source.program, 'ExportNamedDeclaration')
    .flatMap((node) => {
      const from = nameOf(child(node, 'source'))
      const origin = from === undefined ? file : path.posix.join(path.posix.dirname(file), from)
      const reExports = children(node, 'specifiers').map((specifier) => ({
        name: nameOf(child(specifier, 'exported')) ?? '',
        ...describeName(origin, nameOf(child(specifier, 'local')) ?? ''),
      }))
      const own = declaredNames(child(node, 'declaration')).map((name) => ({
        name,
        ...describeName(file, name),
      }))
      return [...reExports, ...own]
    })
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

/** Finds where `name` is declared, through any files that only hand it on. */
function describeName(file: string, name: string): Omit<ExportedName, 'name'> {
  const source = parseFile(file)
  for (const statement of children(source.program, 'body')) {
    const declaration = child(statement, 'declaration') ?? statement
    if (declaredNames(declaration).includes(name)) {
      return { kind: kindOf(declaration), summary: summaryBefore(source, statement) }
    }
    const from = nameOf(child(statement, 'source'))
    const handedOn = children(statement, 'specifiers').find((specifier) => {
      return nameOf(child(specifier, 'exported') ?? child(specifier, 'local')) === name
    })
    if (from === undefined || handedOn === undefined) continue
    const origin = path.posix.join(path.posix.dirname(file), from)
    return describeName(origin, nameOf(child(handedOn, 'local')) ?? name)
  }
  throw new Error(`${file} exports ${name}, and nothing declares it`)
}

function declaredNames(declaration: SyntaxNode | undefined): readonly string[] {
  const ids = children(declaration, 'declarations').map((each) => child(each, 'id'))
  return [child(declaration, 'id'), ...ids].flatMap((id) => nameOf(id) ?? [])
}

function kindOf(declaration: SyntaxNode): string {
  switch (declaration.type) {
    case 'ClassDeclaration':
      return 'class'
    case 'FunctionDeclaration':
    case 'TSDeclareFunction':
      return 'function'
    case 'TSInterfaceDeclaration':
      return 'interface'
    case 'TSTypeAliasDeclaration':
      return 'type'
    default:
      return 'const'
  }
}

/** The first sentence of the doc comment that ends right before `statement`; else ''. */
function summaryBefore(source: SourceFile, statement: SyntaxNode): string {
  const comment = source.comments.findLast((each) => each.end <= statement.start)
  if (!comment?.isDoc || source.text.slice(comment.end, statement.start).trim() !== '') return ''
  const text = comment.value
    .replaceAll(/^\s*\* ?/gm, '')
    .replaceAll(/\{@link (\w+)\}/g, '`$1`')
    .trim()
  const paragraph = (text.split(/\n\s*\n|\n@/)[0] ?? '').replaceAll(/\s+/g, ' ')
  return /^.*?[.:!?](?=\s|$)/.exec(paragraph)?.[0] ?? paragraph
}

function formatReport(): string {
  const sections = entries.map(({ title, audience, names }) => {
    const lines = names.map(({ name, kind, summary }) => {
      return `| \`${name}\` | ${kind} | ${summary.replaceAll('|', '\\|')} |`
    })
    return [`## ${title}`, '', `${names.length} names, ${audience}.`, '', ...tableHead, ...lines]
  })
  const intro = 'Written by `npm run fix` from the source; a test keeps it true.'
  return `${['# What Skein exports', '', intro, ...sections.flatMap((each) => ['', ...each])].join('\n')}\n`
}

const tableHead = ['| Name | Kind | What it is |', '|---|---|---|']
