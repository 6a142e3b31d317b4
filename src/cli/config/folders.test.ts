import { describe, expect, test } from 'vitest'
import {
  controlPathOf,
  dataFolderOf,
  dataRoot,
  platformConfigFolder,
  type Surroundings,
} from './folders.ts'

const linux: Surroundings = { platform: 'linux', env: { HOME: '/home/ann' }, cwd: '/work' }
const mac: Surroundings = { platform: 'darwin', env: { HOME: '/Users/ann' }, cwd: '/work' }
const windows: Surroundings = {
  platform: 'win32',
  env: { APPDATA: 'C:\\Users\\ann\\Roaming', LOCALAPPDATA: 'C:\\Users\\ann\\Local' },
  cwd: 'C:\\work',
}
const withEnv = (base: Surroundings, env: Surroundings['env']): Surroundings => ({
  ...base,
  env: { ...base.env, ...env },
})

describe('folders', () => {
  test.each<[string, string, string]>([
    ['Linux keeps data in ~/.local/share', dataRoot(linux), '/home/ann/.local/share/skein'],
    ['XDG_DATA_HOME moves it', dataRoot(withEnv(linux, { XDG_DATA_HOME: '/d' })), '/d/skein'],
    [
      'a relative one is ignored',
      dataRoot(withEnv(linux, { XDG_DATA_HOME: 'd' })),
      '/home/ann/.local/share/skein',
    ],
    ['SKEIN_HOME is the root itself', dataRoot(withEnv(linux, { SKEIN_HOME: '/s' })), '/s'],
    ['a relative SKEIN_HOME starts here', dataRoot(withEnv(linux, { SKEIN_HOME: 's' })), '/work/s'],
    ['macOS', dataRoot(mac), '/Users/ann/Library/Application Support/skein/data'],
    ['Windows', dataRoot(windows), 'C:\\Users\\ann\\Local\\skein\\data'],
    ['a profile has its own', dataFolderOf('bob', withEnv(linux, { SKEIN_HOME: '/s' })), '/s/bob'],
    ['Linux configuration', platformConfigFolder(linux), '/home/ann/.config/skein'],
    [
      'XDG_CONFIG_HOME',
      platformConfigFolder(withEnv(linux, { XDG_CONFIG_HOME: '/c' })),
      '/c/skein',
    ],
    [
      'macOS configuration',
      platformConfigFolder(mac),
      '/Users/ann/Library/Application Support/skein',
    ],
    ['Windows configuration', platformConfigFolder(windows), 'C:\\Users\\ann\\Roaming\\skein'],
  ])('%s', (_sentence, actual, expected) => {
    expect(actual).toBe(expected)
  })
})

describe('the control socket', () => {
  const longest = `/${'x'.repeat(103 - '/control.sock'.length - 1)}`

  test('lies in the data folder while its path has 103 bytes', () => {
    expect(controlPathOf(longest, linux)).toBe(`${longest}/control.sock`)
  })

  test('moves to the runtime folder at 104 bytes, and two folders never share one', () => {
    const moved = controlPathOf(`${longest}x`, withEnv(linux, { XDG_RUNTIME_DIR: '/run/user/7' }))
    expect(moved).toMatch(/^\/run\/user\/7\/skein-\d+\/[0-9a-f]{16}\.sock$/)
    expect(controlPathOf(`${longest}y`, linux)).not.toBe(controlPathOf(`${longest}x`, linux))
  })

  test('counts bytes, not characters', () => {
    expect(controlPathOf(`/${'ü'.repeat(60)}`, linux)).toMatch(/skein-\d+/)
  })

  test('moves to /tmp where the runtime folder is too long as well', () => {
    const env = { XDG_RUNTIME_DIR: longest }
    expect(controlPathOf(`${longest}x`, withEnv(linux, env))).toMatch(/^\/tmp\/skein-/)
  })

  test('is a named pipe on Windows', () => {
    expect(controlPathOf('C:\\data\\bob', windows)).toMatch(/^\\\\\.\\pipe\\skein-[0-9a-f]{16}$/)
  })
})
