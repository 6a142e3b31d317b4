import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { jsonLines } from './json-lines.ts'
import { formatKey, splitKey } from './key-path.ts'
import { tomlLines } from './toml-lines.ts'

describe('dotted keys', () => {
  test.each([
    ['bare segments', 'network.listen.port', ['network', 'listen', 'port']],
    ['spaces round dots', 'a . b', ['a', 'b']],
    ['quotes of both sorts', `known."a.b".'c d'`, ['known', 'a.b', 'c d']],
    ['no empty segment', 'a..b', undefined],
    ['no dot at the end', 'a.', undefined],
    ['no text behind a quote', '"a"b', undefined],
    ['not nothing', '', undefined],
  ])('%s', (_sentence, key, expected) => {
    expect(splitKey(key)).toEqual(expected)
  })

  test('what is written is read back', () => {
    fc.assert(
      fc.property(fc.array(fc.string(), { minLength: 1 }), (segments) => {
        expect(splitKey(formatKey(segments))).toEqual(segments)
      }),
    )
  })
})

describe('lines of a TOML text', () => {
  const lines = tomlLines(`# network.label = "no"
label = "x"
[network.listen]
port = 1 # comment
"odd key" = 2

[[list]]
text = """
fake = 1
"""
real.deep = [
  "a = 1",
]
last = 3`)

  test.each([
    ['a key before any table', 'label', 2],
    ['a table', 'network.listen', 3],
    ['the table round a table', 'network', 3],
    ['a key in a table', 'network.listen.port', 4],
    ['a quoted key', 'network.listen."odd key"', 5],
    ['not what stands in a text', 'list.fake', undefined],
    ['a dotted key', 'list.real.deep', 11],
    ['a key behind a list of many lines', 'list.last', 14],
    ['not what stands in a comment', 'network.label', undefined],
  ])('%s', (_sentence, key, line) => {
    expect(lines.get(key)).toBe(line)
  })
})

describe('lines of a JSON text', () => {
  test('every key has its line', () => {
    const { lines, problem } = jsonLines(
      '{\n "a": 1,\n "b": [{"x": 2}],\n "c": {\n  "d e": null }\n}\n',
    )
    expect(problem).toBeUndefined()
    expect([lines.get('a'), lines.get('b'), lines.get('c."d e"')]).toEqual([2, 3, 5])
  })

  test.each([
    ['an empty file', '', 1, 'a value should stand where the file ends'],
    ['a first word', '-', 1, 'this is not JSON: -'],
    ['a word', '{\n"a": yes}', 2, 'this is not JSON: yes}'],
    ['a comma too many', '{"a": 1,\n}', 2, 'there is a "," too many before "}"'],
    ['a comma too many in a list', '[1,]', 1, 'there is a "," too many before "]"'],
    ['a missing comma', '{"a": 1\n"b": 2}', 2, '"," or "}" should stand where there is "b"'],
    ['a missing colon', '{"a" 1}', 1, '":" should stand where there is 1'],
    ['an open object', '{"a": 1\n', 2, '"," or "}" should stand where the file ends'],
    ['single quotes', "{'a': 1}", 1, "this is not JSON: 'a':"],
    ['a second value', '{} {}', 1, 'the end should stand where there is {'],
    ['a comment', '{ // x\n}', 1, 'this is not JSON: //'],
    ['a leading zero', '[01]', 1, 'this is not JSON: 01]'],
    ['nesting without end', '['.repeat(10_000), 1, 'it is nested too deeply'],
  ])('%s is a mistake with its line', (_sentence, text, line, problem) => {
    expect(jsonLines(text).problem).toEqual({ line, text: problem })
  })

  test('it takes what JSON.parse takes', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 5 }), (text) => {
        expect(jsonLines(text).problem).toBeUndefined()
      }),
    )
  })

  test('it refuses what JSON.parse refuses', () => {
    const noise = fc.string({
      unit: fc.constantFrom('{', '}', '[', ']', ',', ':', '"a"', '1', '-', 'true', ' ', '\\'),
    })
    fc.assert(
      fc.property(noise, (text) => {
        expect(jsonLines(text).problem === undefined).toBe(isJson(text))
      }),
      { numRuns: 500 },
    )
  })
})

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
