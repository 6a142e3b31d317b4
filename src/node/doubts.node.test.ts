import { expect, test } from 'vitest'
import { findDoubts } from './doubts.node.ts'
import type { NodeOptions } from './options.ts'

const node = process.execPath

test.each<[string, NodeOptions, readonly string[]]>([
  ['nothing at all', {}, []],
  ['programs that are there', { programs: { a: { file: node }, b: { file: 'sh' } } }, []],
  [
    'a program that is not there',
    { programs: { a: { file: '/nowhere/x' } } },
    ['programs.a: /nowhere/x is not there, or may not be run'],
  ],
  [
    'a file that is no program',
    { programs: { a: { file: import.meta.filename } } },
    [`programs.a: ${import.meta.filename} is not there, or may not be run`],
  ],
  [
    'a folder',
    { programs: { a: { file: '/tmp/' } } },
    ['programs.a: /tmp/ is not there, or may not be run'],
  ],
  [
    'a name that PATH does not have',
    { programs: { a: { file: 'no-such-program' } } },
    ['programs.a: no-such-program is not there, or may not be run'],
  ],
  [
    'roles that exist',
    {
      roles: { ops: [] },
      commands: { a: { run: 'echo', allow: ['role:ops', 'role:known'] }, b: 'echo' },
    },
    [],
  ],
  [
    'roles that only a pass can give',
    {
      roles: { ops: [] },
      commands: { a: { run: 'echo', allow: ['role:opps'] } },
      programs: { b: { file: node, allow: ['role:backup'] } },
    },
    [
      'programs.b is allowed to role:backup, a role that only a pass can give; [roles] has none',
      'commands.a is allowed to role:opps, a role that only a pass can give; [roles] has none; did you mean role:ops?',
    ],
  ],
])('in %s', (_sentence, options, doubts) => {
  expect(findDoubts(options)).toEqual(doubts)
})
