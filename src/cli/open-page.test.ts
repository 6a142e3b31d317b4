import { expect, test } from 'vitest'
import { findOpener } from './open-page.node.ts'

const link = 'http://127.0.0.1:14580/#token=x'

test.each<[string, NodeJS.Platform, NodeJS.ProcessEnv, readonly string[], readonly string[] | undefined]>([
  ['a Mac', 'darwin', {}, [], ['open', link]],
  ['Windows', 'win32', {}, [], ['rundll32', 'url.dll,FileProtocolHandler', link]],
  ['X', 'linux', { DISPLAY: ':0' }, ['xdg-open'], ['xdg-open', link]],
  ['Wayland', 'linux', { WAYLAND_DISPLAY: 'wayland-0' }, ['xdg-open'], ['xdg-open', link]],
  ['a screen without xdg-open', 'linux', { DISPLAY: ':0' }, [], undefined],
  ['a machine without a screen', 'linux', {}, ['xdg-open'], undefined],
  ['a browser of choice', 'linux', { BROWSER: '/usr/bin/w3m:lynx' }, [], ['/usr/bin/w3m', link]],
  ['a browser that is a command line', 'linux', { BROWSER: 'sh -c "rm x"' }, [], undefined],
])('on %s', (_where, platform, env, programs, expected) => {
  const has = (file: string): boolean => programs.includes(file)
  expect(findOpener({ platform, env, has }, link)).toEqual(expected)
})
