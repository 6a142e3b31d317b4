/**
 * Brings a checkout to where it can run: installed, then built, each only when something changed.
 *
 * Plain Node without dependencies, for nothing is installed yet when it runs; and syntax that a Node
 * from 2021 reads, so that a too old Node gets a sentence instead of a parse error.
 */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))

/** Holds the hash of what the present `dist/` was built from; the build writes it last. */
export const buildStamp = path.join(root, 'dist', '.build-stamp')

/** Everything the content of `dist/` depends on. */
const buildInputs = [
  'src',
  'scripts/build.mjs',
  'scripts/build-page.mjs',
  'package-lock.json',
  'tsconfig.json',
  'tsconfig.build.json',
]

/** A step that ended badly: its message is for people, its exit code becomes ours. */
export class StepFailure extends Error {
  constructor(message, exitCode) {
    super(message)
    this.exitCode = exitCode
  }
}

/** Prints a progress line. On stderr: stdout belongs to what is started in the end. */
export function say(text) {
  process.stderr.write(`skein: ${text}\n`)
}

/** Runs `main`; a {@link StepFailure} becomes its one line and its exit code. */
export async function runScript(main) {
  try {
    await main()
  } catch (error) {
    if (!(error instanceof StepFailure)) throw error
    say(error.message)
    process.exitCode = error.exitCode
  }
}

/** @throws {StepFailure} when this Node is older than `engines.node` of package.json. */
export function checkNode() {
  const wanted = JSON.parse(readText('package.json')).engines.node.replace('>=', '')
  const [major, minor] = wanted.split('.').map(Number)
  const [ourMajor, ourMinor] = process.versions.node.split('.').map(Number)
  if (ourMajor > major || (ourMajor === major && ourMinor >= minor)) return
  throw new StepFailure(
    `needs Node ${wanted} or newer, and this is ${process.versions.node}; install a newer Node and try again`,
    1,
  )
}

/** Installs the packages of package-lock.json unless exactly those are there. */
export async function ensureInstalled() {
  if (isInstalled()) return false
  say('installing packages (npm ci) …')
  const startMs = Date.now()
  // NODE_ENV=production would leave out what builds and tests.
  await runNpm(['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'])
  say(`installed in ${seconds(startMs)}`)
  return true
}

/** Builds `dist/` unless it was built from just these sources. */
export async function ensureBuilt() {
  if (existsSync(buildStamp) && readFileSync(buildStamp, 'utf8') === hashBuildInputs()) return false
  say('building …')
  const startMs = Date.now()
  await run(process.execPath, ['scripts/build.mjs'], { what: 'the build' })
  say(`built in ${seconds(startMs)}`)
  return true
}

/** The hash of everything the build reads. By content: a checkout changes times, not sources. */
export function hashBuildInputs() {
  const hash = createHash('sha256')
  for (const input of buildInputs) {
    for (const file of listFiles(input)) {
      if (/\.(test|test-kit)\.ts$/.test(file)) continue
      hash
        .update(`${file}\0`)
        .update(readFileSync(path.join(root, file)))
        .update('\0')
    }
  }
  return hash.digest('hex')
}

/**
 * Runs a program in the checkout and waits for it. Signals that reach only us are passed on to it.
 *
 * @param options - `what` names it in the message of a failure; `isQuiet` collects its output
 * instead of showing it; `mayFail` returns a non-zero exit code instead of throwing it.
 * @returns its exit code, and what it printed if `isQuiet`.
 * @throws {StepFailure} when it cannot be started or fails.
 */
export function run(file, args, options = {}) {
  const what = options.what || file
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      cwd: root,
      stdio: options.isQuiet ? ['ignore', 'pipe', 'pipe'] : 'inherit',
      shell: options.shell || false,
      env: options.env || process.env,
    })
    const output = []
    if (options.isQuiet) {
      child.stdout.on('data', (bytes) => output.push(bytes))
      child.stderr.on('data', (bytes) => output.push(bytes))
    }
    const stopForwarding = forwardSignals(child)
    child.on('error', (error) => {
      stopForwarding()
      reject(new StepFailure(`${what} could not be started: ${error.message}`, 1))
    })
    child.on('close', (code, signal) => {
      const interrupted = stopForwarding()
      const exitCode = code === null || interrupted ? signalExitCode(signal || interrupted) : code
      if (interrupted || signal) reject(new StepFailure(`${what} was interrupted`, exitCode))
      else if (exitCode === 0 || options.mayFail) {
        resolve({ exitCode, output: Buffer.concat(output).toString() })
      } else reject(new StepFailure(`${what} failed with exit code ${exitCode}`, exitCode))
    })
  })
}

/** `1.2 s` since `startMs`. */
export function seconds(startMs) {
  return `${((Date.now() - startMs) / 1000).toFixed(1)} s`
}

/**
 * True when npm's own record of what it installed (written last, so an interrupted install has
 * none) agrees with the lock file. No stamp of ours: an install by hand counts as well.
 */
function isInstalled() {
  const recordFile = path.join('node_modules', '.package-lock.json')
  if (!existsSync(path.join(root, recordFile))) return false
  const wanted = JSON.parse(readText('package-lock.json')).packages
  const installed = JSON.parse(readText(recordFile)).packages
  return Object.entries(wanted).every(([place, entry]) => {
    // '' is this package; optional ones depend on the platform.
    if (place === '' || entry.optional) return true
    return installed[place] !== undefined && installed[place].version === entry.version
  })
}

async function runNpm(args) {
  const what = `npm ${args[0]}`
  const npmScript = process.env.npm_execpath
  if (npmScript && /npm-cli\.[cm]?js$/.test(npmScript)) {
    await run(process.execPath, [npmScript, ...args], { what })
    return
  }
  try {
    await run('npm', args, { what, shell: process.platform === 'win32' }) // npm is a .cmd there.
  } catch (error) {
    if (!/ENOENT/.test(error.message)) throw error
    throw new StepFailure('npm was not found; install it (it comes with Node) and try again', 1)
  }
}

/** Hands SIGTERM and SIGHUP on, and outlives SIGINT, which a terminal sends to the child as well. */
function forwardSignals(child) {
  let received
  const handlers = ['SIGINT', 'SIGTERM', 'SIGHUP'].map((signal) => {
    const handler = () => {
      received = signal
      child.kill(signal)
    }
    process.on(signal, handler)
    return () => process.off(signal, handler)
  })
  return () => {
    for (const remove of handlers) remove()
    return received
  }
}

function signalExitCode(signal) {
  const numbers = { SIGHUP: 1, SIGINT: 2, SIGKILL: 9, SIGTERM: 15 } // As shells report them.
  return 128 + (numbers[signal] || 0)
}

function listFiles(place) {
  const full = path.join(root, place)
  if (!existsSync(full)) return []
  const entries = place.includes('.') ? undefined : readdirSync(full, { withFileTypes: true })
  if (entries === undefined) return [place]
  return entries
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const inside = `${place}/${entry.name}`
      return entry.isDirectory() ? listFiles(inside) : [inside]
    })
}

function readText(file) {
  return readFileSync(path.join(root, file), 'utf8')
}
