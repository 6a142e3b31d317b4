/** How things fail: with a code, never silently, and printed only by the command line. */
import { expect, test } from 'vitest'
import {
  type SourceFile,
  type SyntaxNode,
  child,
  children,
  findNodes,
  nameOf,
  sourceFiles,
  violation,
  walk,
} from './source-files.ts'

const files = sourceFiles('src').filter((file) => !file.isTest)

/** The assertion itself; kits, whose failures are read by a test runner; programs of their own. */
const mayThrowErrors = /^src\/base\/assert\.ts$|^src\/testing\/|-worker\.node\.ts$/

test('what is thrown has a code', () => {
  const violations = files.filter((file) => !mayThrowErrors.test(file.path)).flatMap(bareErrors)
  expect(violations).toEqual([])
})

test('no failure is swallowed', () => {
  const violations = files.flatMap((file) => [
    ...findNodes(file.program, 'CatchClause')
      .filter((node) => isEmptyBlock(child(node, 'body')))
      .map((node) =>
        violation(file, node.start, 'empty catch · handle it, or log what it was for'),
      ),
    ...findNodes(file.program, 'CallExpression')
      .filter(isEmptyCatchCall)
      .map((node) => violation(file, node.start, '.catch(() => {}) · use background()')),
  ])
  expect(violations).toEqual([])
})

test('only the command line and the page print', () => {
  const violations = files
    .filter((file) => !/^src\/(cli|web)\//.test(file.path))
    .flatMap((file) => {
      return findNodes(file.program, 'MemberExpression')
        .filter((node) => nameOf(child(node, 'object')) === 'console')
        .map((node) => violation(file, node.start, 'console · use the Log you are given'))
    })
  expect(violations).toEqual([])
})

test('banned calls have a better one', () => {
  expect(files.flatMap(bannedCalls)).toEqual([])
})

test('keys are made of random bytes: exporting one of generateKeyPair can hang Node 20', () => {
  const violations = files.flatMap((file) => {
    return findNodes(file.program, 'CallExpression')
      .filter((node) => nameOf(child(node, 'callee'))?.startsWith('generateKeyPair'))
      .map((node) => violation(file, node.start, 'generateKeyPair · see createIdentity'))
  })
  expect(violations).toEqual([])
})

/** Thrown, or what a promise is rejected with; as the cause of a better one an Error is welcome. */
function bareErrors(file: SourceFile): readonly string[] {
  const instead = 'SkeinError; assert for a bug of ours; RangeError or TypeError for a wrong call'
  const found: string[] = []
  walk(file.program, (node, ancestors) => {
    const parent = ancestors.at(-1)
    const isGoingOut =
      parent?.type === 'ThrowStatement' || nameOf(child(parent, 'callee')) === 'reject'
    if (!/^(New|Call)Expression$/.test(node.type) || !isGoingOut) return
    if (nameOf(child(node, 'callee')) !== 'Error') return
    found.push(violation(file, node.start, `bare Error · ${instead}`))
  })
  return found
}

/** What runs where no seed or clock reaches it; the simulator could not replay it. */
function bannedCalls(file: SourceFile): readonly string[] {
  if (/^src\/(cli|web)\/|\.node\.ts$|^src\/base\/(clock|random)\.ts$/.test(file.path)) return []
  const banned = new Map([
    ['Math.random', 'use the Random you are given'],
    ['Date.now', 'use the Clock you are given'],
    ['performance.now', 'use the Clock you are given'],
  ])
  return findNodes(file.program, 'MemberExpression').flatMap((node) => {
    const name = `${nameOf(child(node, 'object'))}.${nameOf(child(node, 'property'))}`
    const instead = banned.get(name)
    return instead === undefined ? [] : [violation(file, node.start, `${name} · ${instead}`)]
  })
}

function isEmptyCatchCall(node: SyntaxNode): boolean {
  const callee = child(node, 'callee')
  if (callee?.type !== 'MemberExpression' || nameOf(child(callee, 'property')) !== 'catch') {
    return false
  }
  return children(node, 'arguments').some((argument) => isEmptyBlock(child(argument, 'body')))
}

function isEmptyBlock(node: SyntaxNode | undefined): boolean {
  return node?.type === 'BlockStatement' && children(node, 'body').length === 0
}
