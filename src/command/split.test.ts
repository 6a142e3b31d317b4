import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { SkeinError } from '../base/errors.ts'
import { splitLine } from './split.ts'

describe('splitLine', () => {
  test.each<[string, string, string[]]>([
    ['[D20] nothing gives no words', '', []],
    ['[D20] blanks give no words', ' \t\r\n ', []],
    ['[D20] blanks separate words', ' calc  1 \t+ 2 ', ['calc', '1', '+', '2']],
    ['[D20] an expression is one word', 'calc 2*(3+4)^2', ['calc', '2*(3+4)^2']],
    [
      '[D20] no character has a shell meaning',
      'echo $HOME `id` ; | & > # ~ {a,b}',
      ['echo', '$HOME', '`id`', ';', '|', '&', '>', '#', '~', '{a,b}'],
    ],
    ['[D20] single quotes keep everything', `echo 'a  "b" \\c $1'`, ['echo', 'a  "b" \\c $1']],
    ['[D20] double quotes keep blanks', 'echo "a  b"', ['echo', 'a  b']],
    ['[D20] in double quotes a backslash gives " and \\', '"a\\"b\\\\c\\d"', ['a"b\\c\\d']],
    ['[D20] a backslash gives the next character', "it\\'s a\\ b \\\\", ["it's", 'a b', '\\']],
    ['[D20] quotes join what they touch', `a'b c'"d e"f`, ['ab cd ef']],
    ['[D20] empty quotes are an empty word', `a '' ""`, ['a', '', '']],
    ['[D20] other blanks are characters', 'a\u00a0b', ['a\u00a0b']],
  ])('%s', (_sentence, line, words) => {
    expect(splitLine(line)).toEqual(words)
  })

  test.each<[string, string, string]>([
    ['[D20] an open single quote', "calc [1,2]'", "the quote ' at column 11 is not closed"],
    ['[D20] an open double quote', 'echo "a', 'the quote " at column 6 is not closed'],
    ['[D20] an open quote behind a backslash', '"a\\"', 'the quote " at column 1 is not closed'],
    ['[D20] a backslash at the end', 'echo a\\', 'the line ends in a backslash'],
  ])('%s is INVALID and says where', (_sentence, line, message) => {
    expect(() => splitLine(line)).toThrow(message)
  })

  test('[D20] any line is split, or fails as INVALID', () => {
    const piece = fc.constantFrom(' ', "'", '"', '\\', 'a', '$', '\n', 'é')
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        try {
          splitLine(pieces.join(''))
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(SkeinError)
          expect((thrown as SkeinError).code).toBe('INVALID')
        }
      }),
    )
  })

  test('[D20] a single-quoted text is one word, whatever it holds', () => {
    const text = fc.string({ unit: 'binary-ascii' }).filter((each) => !each.includes("'"))
    fc.assert(
      fc.property(text, (each) => {
        expect(splitLine(`x '${each}'`)).toEqual(['x', each])
      }),
    )
  })
})
