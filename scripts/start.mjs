/**
 * `npm start`: installs and builds what is missing, then becomes `skein demo` with the arguments
 * given after `--`.
 *
 * The demo runs in this process, not in a child: Ctrl-C, the terminal and the exit code are its own.
 */
import { createRequire } from 'node:module'
import path from 'node:path'
import { checkNode, ensureBuilt, ensureInstalled, root, runScript } from './prepare.mjs'

await runScript(async () => {
  checkNode()
  await ensureInstalled()
  await ensureBuilt()
  const front = path.join(root, 'dist', 'bin', 'skein.cjs')
  process.argv = [process.execPath, front, 'demo', ...process.argv.slice(2)]
  createRequire(import.meta.url)(front)
})
