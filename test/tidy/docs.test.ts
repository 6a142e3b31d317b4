/**
 * The documents say what is so: links lead somewhere, every rule has its test and every test its
 * rule, every dependency its reason, every folder its line.
 *
 * A rule is defined in docs/spec by a table row whose first cell is its ID, as in `| C7 | …`, or by
 * a line that begins with its ID in bold, as in `- **C7** …`. A test quotes it at the beginning of a
 * title: `[C7] …`.
 */
import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { findNodes, listFiles, readText, root, sourceFiles, violation } from './source-files.ts'

const pages = listFiles('.').filter((file) => file.endsWith('.md'))
const decisions = 'docs/decisions'

test('every relative link of every page leads to a file and a heading', () => {
  expect(pages.flatMap(brokenLinks)).toEqual([])
})

test('every rule that a test quotes is in docs/spec', () => {
  const rules = definedRules()
  const unknown = new Map(
    quotedRules()
      .filter(({ rule }) => !rules.has(rule))
      .map(({ rule, where }) => [rule, `${where}: [${rule}] is no rule of docs/spec`]),
  )
  expect([...unknown.values()]).toEqual([])
})

test('every rule of docs/spec is quoted by a test', () => {
  const quoted = new Set(quotedRules().map(({ rule }) => rule))
  const untested = [...definedRules()].filter(([rule]) => !quoted.has(rule))
  expect(untested.map(([rule, page]) => `${page}: no test title begins with [${rule}]`)).toEqual([])
})

test('no rule is defined twice', () => {
  const ids = specPages().flatMap((page) => rulesOf(page))
  expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([])
})

test('every dependency has a page that says why', () => {
  const { dependencies = {}, optionalDependencies = {}, devDependencies = {} } = readPackage()
  const missing = Object.keys({ ...dependencies, ...optionalDependencies })
    .map((name) => `${decisions}/${name.replace('@', '').replace('/', '-')}.md`)
    .filter((page) => !existsSync(path.join(root, page)))
  const tools = readText(`${decisions}/tools.md`)
  const unexplained = Object.keys(devDependencies).filter((name) => !tools.includes(`\`${name}\``))
  expect([...missing, ...unexplained.map((name) => `tools.md says nothing of ${name}`)]).toEqual([])
})

test('every decision is dated, and in the index', () => {
  const index = readText(`${decisions}/README.md`)
  const violations = readdirSync(path.join(root, decisions))
    .filter((name) => name !== 'README.md')
    .flatMap((name) => {
      const isDated = /^\d{4}-\d{2}-\d{2}\b/m.test(readText(`${decisions}/${name}`))
      return [
        ...(isDated ? [] : [`${name} has no line that begins with its date`]),
        ...(index.includes(`(${name})`) ? [] : [`${name} is not in the index`]),
      ]
    })
  expect(violations).toEqual([])
})

test('ARCHITECTURE.md names every folder of src', () => {
  const text = readText('ARCHITECTURE.md')
  const folders = readdirSync(path.join(root, 'src'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
  const missing = folders.filter((name) => !new RegExp(`\\b(src/)?${name}(/|\`|\\*\\*)`).test(text))
  expect(missing).toEqual([])
})

function brokenLinks(page: string): readonly string[] {
  const links = proseOf(page).matchAll(/\]\(([^)\s]+)(?:\s+"[^"]*")?\)/g)
  return [...links].flatMap(([, link = '']) => {
    if (/^[a-z]+:/.test(link)) return []
    const [file = '', anchor] = link.split('#')
    const target = file === '' ? page : path.posix.join(path.posix.dirname(page), file)
    if (!existsSync(path.join(root, target))) return [`${page}: ${link} leads to no file`]
    if (anchor === undefined || !target.endsWith('.md')) return []
    return anchorsOf(target).includes(anchor) ? [] : [`${page}: ${link} leads to no heading`]
  })
}

/** The page without its code. */
function proseOf(page: string): string {
  return readText(page)
    .replaceAll(/^(```+|~~~+).*?^\1/gms, '')
    .replaceAll(/`[^`\n]*`/g, '')
}

/** Headings as forges number them: lower case, blanks to hyphens, other marks dropped. */
function anchorsOf(page: string): readonly string[] {
  const text = readText(page).replaceAll(/^(```+|~~~+).*?^\1/gms, '')
  return [...text.matchAll(/^#+\s+(.*)$/gm)].map(([, heading = '']) => {
    return heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .trim()
      .replaceAll(' ', '-')
  })
}

function specPages(): readonly string[] {
  return listFiles('docs/spec').filter((file) => file.endsWith('.md'))
}

function rulesOf(page: string): readonly string[] {
  const inTable = /^\|\s*(?:\*\*)?([A-Z]{1,2}\d{1,3}[a-z]?)(?:\*\*)?\s*\|/
  const inText = /^\s*(?:[-*]\s+|#+\s+)?\*\*([A-Z]{1,2}\d{1,3}[a-z]?)[.:]?\*\*/
  return readText(page)
    .split('\n')
    .flatMap((line) => (inTable.exec(line) ?? inText.exec(line))?.[1] ?? [])
}

/** Rule → the page that defines it. */
function definedRules(): ReadonlyMap<string, string> {
  return new Map(specPages().flatMap((page) => rulesOf(page).map((rule) => [rule, page] as const)))
}

/** The IDs at the start of any text in a test, which may name several: `[C1] [C2]`, `[C1, C2]`. */
function quotedRules(): readonly { readonly rule: string; readonly where: string }[] {
  return sourceFiles('src', 'test')
    .filter((file) => file.isTest || file.path.startsWith('src/testing/')) // Suites for others' adapters.
    .flatMap((file) => {
      return findNodes(file.program, 'Literal', 'TemplateElement').flatMap((node) => {
        const raw = file.text.slice(node.start, node.end)
        const ids =
          /^['"`]?((?:\[[A-Z]{1,2}\d{1,3}[a-z]?(?:, ?[A-Z]{1,2}\d{1,3}[a-z]?)*\] ?)+)/.exec(raw)
        const rules = ids?.[1]?.match(/[A-Z]{1,2}\d{1,3}[a-z]?/g) ?? []
        return rules.map((rule) => ({ rule, where: violation(file, node.start, '').trim() }))
      })
    })
}

interface Package {
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
}

function readPackage(): Package {
  return JSON.parse(readText('package.json')) as Package
}
