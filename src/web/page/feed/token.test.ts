import { expect, test } from 'vitest'
import { forgetToken, keepToken, takeToken } from './token.ts'

function makeWindow(hash: string) {
  const kept = new Map<string, string>()
  const shown: string[] = []
  return {
    kept,
    shown,
    location: { hash, pathname: '/', search: '?a=1' },
    history: {
      replaceState: (_data: unknown, _unused: string, url: string) => void shown.push(url),
    },
    sessionStorage: {
      getItem: (name: string) => kept.get(name) ?? null,
      setItem: (name: string, value: string) => void kept.set(name, value),
      removeItem: (name: string) => void kept.delete(name),
    },
  }
}

test('the token of the link leaves the address bar, and stays in this tab', () => {
  const window = makeWindow('#token=abc')
  expect(takeToken(window)).toBe('abc')
  expect(window.shown).toEqual(['/?a=1'])
  expect(takeToken({ ...window, location: { ...window.location, hash: '' } })).toBe('abc')
})

test('a token that is good again takes the place of one that was good once', () => {
  const window = makeWindow('#token=once')
  takeToken(window)
  keepToken(window, 'always')
  expect(takeToken({ ...window, location: { ...window.location, hash: '' } })).toBe('always')
  forgetToken(window)
  expect(takeToken({ ...window, location: { ...window.location, hash: '' } })).toBeUndefined()
})

test.each(['', '#', '#token=', '#other=1'])('no token in %j', (hash) => {
  expect(takeToken(makeWindow(hash))).toBeUndefined()
})
