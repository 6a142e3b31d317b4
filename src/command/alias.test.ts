import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { expandAlias, parseAlias } from './alias.ts'

function expand(text: string, args: readonly string[]): string[] {
  return expandAlias(parseAlias('it', text), args)
}

describe('an alias', () => {
  test.each<[string, string, string[], string[]]>([
    ['[D21] stands for its words', 'calc 1+2', [], ['calc', '1+2']],
    ['[D21] keeps quoted words whole', `echo 'a b' ""`, [], ['echo', 'a b', '']],
    ['[D21] takes arguments by number', 'calc $2-$1', ['1', '2'], ['calc', '2-1']],
    ['[D21] uses an argument twice', 'echo $1$1', ['a'], ['echo', 'aa']],
    ['[D21] makes each of $* a word', 'echo $* end', ['a b', ''], ['echo', 'a b', '', 'end']],
    ['[D21] takes none for $*', 'echo $*', [], ['echo']],
    ['[D21] joins $* inside a word', 'echo <$*>', ['a b', 'c'], ['echo', '<a b c>']],
    ['[D21] keeps $1 before more in $*', 'echo $1 $*', ['a', 'b'], ['echo', 'a', 'a', 'b']],
    ['[D21] reads $$ as a dollar', 'echo $$1 5$$', [], ['echo', '$1', '5$']],
    ['[D21] leaves other dollars alone', 'echo $ $x $0', [], ['echo', '$', '$x', '$0']],
    ['[D21] does not read arguments again', 'echo $1 $2', ['$2', '$*'], ['echo', '$2', '$*']],
    ['[D21] does not split arguments', 'echo $1', [`a 'b" \\`], ['echo', `a 'b" \\`]],
    ['[D21] treats replacement patterns as text', 'echo $1', ['$&$`'], ['echo', '$&$`']],
  ])('%s', (_sentence, text, args, words) => {
    expect(expand(text, args)).toEqual(words)
  })

  test.each<[string, string, string[], string]>([
    ['[D22] takes none without $', 'calc 1+2', ['3'], "alias 'it' takes no arguments; 1 was given"],
    ['[D22] wants the ones it names', 'calc $1', [], "alias 'it' takes 1 argument; 0 were given"],
    ['[D22] wants no more', 'calc $1+$2', ['1', '2', '3'], 'takes 2 arguments; 3 were given'],
    ['[D22] wants those before $*', 'echo $2 $*', ['1'], 'takes at least 2 arguments; 1 was given'],
  ])('%s', (_sentence, text, args, message) => {
    expect(() => expand(text, args)).toThrow(message)
  })

  test.each<[string, string, string]>([
    ['[D23] is not empty', '  ', "alias 'it' is empty"],
    ['[D23] does not run an empty word', `'' a`, "alias 'it' is empty"],
    ['[D23] has its quotes closed', `echo "a`, "alias 'it': the quote"],
    ['[D23] does not run its argument', '$1 now', 'an argument cannot be the command'],
    ['[D23] does not run part of its argument', 'calc$*', 'an argument cannot be the command'],
  ])('%s', (_sentence, text, message) => {
    expect(() => parseAlias('it', text)).toThrow(message)
  })

  test('[D21] arguments never become words, and never the command', () => {
    const args = fc.array(fc.string({ unit: 'binary-ascii' }), { minLength: 2, maxLength: 9 })
    fc.assert(
      fc.property(args, (given) => {
        const words = expand('echo $1 x$2y $* z$*', given)
        const joined = `z${given.join(' ')}`
        expect(words).toEqual(['echo', given[0], `x${given[1]}y`, ...given, joined])
      }),
    )
  })
})
