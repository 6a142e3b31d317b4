/**
 * Where things are on this machine. Imports next to nothing: the small front program that sends a
 * command to a running node needs only this of the configuration.
 */
import { homedir, tmpdir, userInfo } from 'node:os'
import { posix, win32 } from 'node:path'

/** What decides where folders are; the defaults are this process's own. */
export interface Surroundings {
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly platform?: NodeJS.Platform
  /** What relative paths start from. */
  readonly cwd?: string
}

/**
 * The folder that holds a data folder a profile: `SKEIN_HOME`, else the platform's
 * (`$XDG_DATA_HOME/skein` or `~/.local/share/skein`; `~/Library/Application Support/skein/data`;
 * `%LOCALAPPDATA%\skein\data`).
 */
export function dataRoot(surroundings: Surroundings = {}): string {
  const { env, path, platform, cwd, home } = resolveSurroundings(surroundings)
  if (env['SKEIN_HOME']) return path.resolve(cwd, env['SKEIN_HOME'])
  if (platform === 'darwin') return path.join(home, 'Library/Application Support/skein/data')
  if (platform === 'win32')
    return path.join(env['LOCALAPPDATA'] ?? path.join(home, 'AppData/Local'), 'skein/data')
  return path.join(absolute(env['XDG_DATA_HOME']) ?? path.join(home, '.local/share'), 'skein')
}

/** The data folder of a profile. */
export function dataFolderOf(profile: string, surroundings: Surroundings = {}): string {
  const { path } = resolveSurroundings(surroundings)
  return path.join(dataRoot(surroundings), profile)
}

/**
 * The platform's configuration folder: `$XDG_CONFIG_HOME/skein` or `~/.config/skein`;
 * `~/Library/Application Support/skein`; `%APPDATA%\skein`.
 */
export function platformConfigFolder(surroundings: Surroundings = {}): string {
  const { env, path, platform, home } = resolveSurroundings(surroundings)
  if (platform === 'darwin') return path.join(home, 'Library/Application Support/skein')
  if (platform === 'win32')
    return path.join(env['APPDATA'] ?? path.join(home, 'AppData/Roaming'), 'skein')
  return path.join(absolute(env['XDG_CONFIG_HOME']) ?? path.join(home, '.config'), 'skein')
}

const maxSocketPathBytes = 103 // sun_path on macOS less its NUL; Node 20 cuts longer ones silently.

/**
 * The address of a node's control socket: `control.sock` in its data folder; where that path is too
 * long for a socket, one in `<runtime or temp dir>/skein-<uid>/` (make that folder with mode 0700);
 * on Windows a named pipe.
 */
export function controlPathOf(dataFolder: string, surroundings: Surroundings = {}): string {
  const { env, path, platform } = resolveSurroundings(surroundings)
  if (platform === 'win32') return `\\\\.\\pipe\\skein-${hash(dataFolder.toLowerCase())}`
  const plain = path.join(dataFolder, 'control.sock')
  if (isShortEnough(plain)) return plain
  const name = `skein-${userInfo().uid}/${hash(dataFolder)}.sock`
  const moved = path.join(absolute(env['XDG_RUNTIME_DIR']) ?? env['TMPDIR'] ?? tmpdir(), name)
  return isShortEnough(moved) ? moved : path.join('/tmp', name)
}

function isShortEnough(path: string): boolean {
  return Buffer.byteLength(path) <= maxSocketPathBytes
}

/** FNV-1a, 64 bits, in hexadecimal: tells data folders apart; no secret. */
function hash(text: string): string {
  let value = 0xcbf2_9ce4_8422_2325n
  for (const byte of Buffer.from(text))
    value = BigInt.asUintN(64, (value ^ BigInt(byte)) * 0x0100_0000_01b3n)
  return value.toString(16).padStart(16, '0')
}

/** The XDG base directory specification says to ignore what is not absolute. */
function absolute(folder: string | undefined): string | undefined {
  return folder?.startsWith('/') ? folder : undefined
}

function resolveSurroundings(surroundings: Surroundings) {
  const { env = process.env, platform = process.platform, cwd = process.cwd() } = surroundings
  const path = platform === 'win32' ? win32 : posix
  const home = (platform === 'win32' ? env['USERPROFILE'] : env['HOME']) || homedir()
  return { env, platform, cwd, path, home }
}
