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
    'roles that nobody can have',
    {
      roles: { ops: [] },
      commands: { a: { run: 'echo', allow: ['role:opps'] } },
      programs: { b: { file: node, allow: ['role:backup'] } },
    },
    [
      'programs.b is allowed to role:backup, which [roles] has not, and this node is in no network whose passes could give it',
      'commands.a is allowed to role:opps, which [roles] has not, and this node is in no network whose passes could give it; did you mean role:ops?',
    ],
  ],
])('in %s', (_sentence, options, doubts) => {
  expect(findDoubts(options, { hasPasses: false })).toEqual(doubts)
})

test('where passes can give roles, one that [roles] has not is in doubt only if it looks like another', () => {
  const commands = {
    a: { run: 'echo', allow: ['role:backup'] },
    b: { run: 'echo', allow: ['role:opps'] },
  }
  expect(findDoubts({ commands, roles: { ops: [] } }, { hasPasses: true })).toEqual([
    'commands.b is allowed to role:opps, which [roles] has not, only a pass can give it; did you mean role:ops?',
  ])
})
