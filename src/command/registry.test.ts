import { describe, expect, test } from 'vitest'
import { SkeinError } from '../base/errors.ts'
import type { PeerId } from '../base/peer-id.ts'
import { owner, type Subject } from '../base/policy.ts'
import { echo, helpCommand } from './builtin.ts'
import type { Command } from './command.ts'
import { CommandRegistry, type AliasConfig } from './registry.ts'

const bobId = 'b'.repeat(52) as PeerId

function subject(name: string, ...roles: string[]): Subject {
  return { name, peerId: bobId, roles: new Set(['anyone', ...roles]) }
}

const stranger = subject('eve')
const known = subject('bob', 'known')
const secret: Command = { summary: 'Secret', allow: ['role:ops'], run: () => 'x' }

function registryOf(aliases: Record<string, AliasConfig | string> = {}): CommandRegistry {
  const registry = new CommandRegistry()
  registry.add('echo', echo)
  registry.add('help', helpCommand(registry))
  registry.add('status', { summary: 'Say how it is', run: () => 'fine' })
  registry.add('secret', secret)
  for (const [name, alias] of Object.entries(aliases)) registry.addAlias(name, alias)
  return registry
}

function failure(run: () => unknown): SkeinError {
  try {
    run()
  } catch (thrown) {
    if (thrown instanceof SkeinError) return thrown
    throw thrown
  }
  throw new Error('it did not fail')
}

describe('who may run what', () => {
  test.each<[string, string, Subject, boolean]>([
    ['[D30] everyone who is admitted runs echo', 'echo', stranger, true],
    ['[D30] a stranger does not run status', 'status', stranger, false],
    ['[D30] whoever is known runs status', 'status', known, true],
    ['[D30] whoever has a pass runs status', 'status', subject('bob', 'member'), true],
    ['[D30] whoever is local runs status', 'status', subject('bob', 'local'), true],
    ['[D30] a role opens what it is for', 'secret', subject('bob', 'ops'), true],
    ['[D30] the others stay out', 'secret', known, false],
    ['[D30] the owner runs everything', 'secret', owner, true],
    ['[D30] a peer can be named', 'mine', stranger, true],
    ['[D30] another is not meant', 'mine', { ...known, peerId: 'c'.repeat(52) as PeerId }, false],
    ['[D30] nobody but the owner where nobody is named', 'closed', known, false],
    ['[D30] an alias is for those who are known', 'plain', stranger, false],
    ['[D31] an alias lends what it runs', 'lent', stranger, true],
    ['[D31] the way there is not checked', 'twice', stranger, true],
  ])('%s', (_sentence, name, asker, isAllowed) => {
    const registry = registryOf({
      mine: { run: 'echo a', allow: [`peer:${bobId}`] },
      closed: { run: 'echo a', allow: [] },
      plain: 'echo a',
      lent: { run: 'secret', allow: ['role:anyone'] },
      twice: { run: 'closed', allow: ['role:anyone'] },
    })
    const resolve = (): unknown => registry.resolve([name], asker)
    if (isAllowed) expect(resolve()).toHaveProperty('command')
    else expect(failure(resolve).code).toBe('DENIED')
  })

  test('[D32] a refusal names the rules and what to do', () => {
    const registry = registryOf({ closed: { run: 'echo a', allow: [] } })
    expect(failure(() => registry.resolve(['secret'], known)).message).toBe(
      `bob may not run 'secret': it is for role:ops; ` +
        `ask the owner for one of these roles, or to add peer:${bobId} to its allow`,
    )
    expect(failure(() => registry.resolve(['closed'], known)).message).toBe(
      `bob may not run 'closed': it is for its owner only; ` +
        'ask the owner to add a role or peer to its allow',
    )
  })

  test('[D33] help lists what the asker may run, in order', () => {
    const registry = registryOf({ add: 'echo 3' })
    const names = (who: Subject): string[] => registry.list(who).map((each) => each.name)
    expect(names(stranger)).toEqual(['echo', 'help'])
    expect(names(known)).toEqual(['add', 'echo', 'help', 'status'])
    expect(names(owner)).toEqual(['add', 'echo', 'help', 'secret', 'status'])
  })
})

describe('names', () => {
  test('[D34] an unknown command is named, and nothing else is said', () => {
    const error = failure(() => registryOf().resolve(['nope', 'a'], owner))
    expect([error.code, error.message]).toEqual(['UNKNOWN_COMMAND', 'Unknown command: nope'])
  })

  test('[D34] a long one is cut', () => {
    const error = failure(() => registryOf().resolve(['x'.repeat(60_000)], owner))
    expect(error.message).toHaveLength('Unknown command: '.length + 101)
  })

  test.each(['__proto__', 'constructor', 'toString'])('[D34] %s is no command', (name) => {
    expect(failure(() => registryOf().resolve([name], owner)).code).toBe('UNKNOWN_COMMAND')
  })

  test.each<[string, () => unknown, string]>([
    ['[D35] an alias cannot replace a command', () => registryOf({ echo: 'status' }), 'twice'],
    [
      '[D35] a command cannot replace an alias',
      () => registryOf({ a: 'echo' }).add('a', echo),
      'twice',
    ],
    ['[D35] a name has no blanks', () => registryOf({ 'a b': 'echo' }), 'cannot name a command'],
    ['[D35] a name is no flag', () => registryOf({ '-x': 'echo' }), 'cannot name a command'],
    ['[D35] a name is no peer', () => registryOf({ '@x': 'echo' }), 'cannot name a command'],
    [
      '[D35] a rule has its form',
      () => registryOf({ a: { run: 'echo', allow: ['ops'] } }),
      'a rule is',
    ],
  ])('%s', (_sentence, run, message) => {
    const error = failure(run)
    expect(error.code).toBe('CONFIG_INVALID')
    expect(error.message).toContain(message)
  })

  test('[D35] a name is free again when what had it was taken away', () => {
    const registry = registryOf()
    registry.add('once', echo)()
    registry.addAlias('once', 'echo again')
    expect(registry.resolve(['once'], owner).args).toEqual(['again'])
  })
})

describe('aliases of aliases', () => {
  test('[D24] arguments go through the chain as they are', () => {
    const registry = registryOf({ a: 'b $1 "x $1"', b: 'echo $2 $1' })
    expect(registry.resolve(['a', "it's $1"], owner).args).toEqual(["x it's $1", "it's $1"])
  })

  test.each<[string, Record<string, string>, string]>([
    ['[D24] an alias that names itself', { a: 'a 1' }, "alias 'a' leads back to itself: a → a"],
    ['[D24] a loop', { a: 'b', b: 'c', c: 'b' }, "alias 'b' leads back to itself: a → b → c → b"],
    ['[D24] an alias of nothing', { a: 'nope' }, "alias 'a' runs 'nope', which this peer does not"],
  ])('%s is an error when it is run, and is reported at start', (_sentence, aliases, message) => {
    const registry = registryOf(aliases)
    expect(failure(() => registry.resolve(['a'], owner)).message).toContain(message)
    expect(registry.problems().join()).toContain(message)
  })

  test('[D24] eight lead to one another, nine do not', () => {
    const chain = (length: number): Record<string, string> =>
      Object.fromEntries(
        Array.from({ length }, (_, at) => [`a${at}`, at + 1 < length ? `a${at + 1}` : 'echo end']),
      )
    expect(registryOf(chain(8)).resolve(['a0'], owner).args).toEqual(['end'])
    const { code, message } = failure(() => registryOf(chain(9)).resolve(['a0'], owner))
    expect([code, message]).toEqual([
      'INVALID',
      'at most 8 aliases may lead to one another: ' +
        'a0 → a1 → a2 → a3 → a4 → a5 → a6 → a7 → a8 → echo',
    ])
  })
})
