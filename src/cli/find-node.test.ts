import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { findNode } from './find-node.node.ts'

test('a node that runs and whose control token was removed is not said to be none', () => {
  const home = mkdtempSync(join(tmpdir(), 'skein-find-'))
  vi.stubEnv('SKEIN_HOME', home)
  onTestFinished(() => {
    vi.unstubAllEnvs()
    rmSync(home, { recursive: true })
  })
  expect(() => findNode('bob')).toThrow(/^no node runs for profile 'bob'/)
  mkdirSync(join(home, 'bob'))
  writeFileSync(join(home, 'bob', 'lock'), JSON.stringify({ pid: process.pid }))
  const token = join(home, 'bob', 'control-token')
  const problem = `process ${process.pid} runs with profile 'bob', but ${token} is missing`
  for (const profile of ['bob', undefined]) expect(() => findNode(profile)).toThrow(problem)
  writeFileSync(token, 'secret')
  expect(findNode(undefined)).toMatchObject({ profile: 'bob', pid: process.pid })
})
