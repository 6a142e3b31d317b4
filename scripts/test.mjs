/**
 * `npm test`: everything CI checks. Arguments after `--` go to vitest: `npm test -- src/codec`.
 *
 * The build and the static checks run beside each other and print only when they fail, then the
 * tests run; all of them run even if one fails. The last line counts the tests.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import {
  StepFailure,
  checkNode,
  ensureBuilt,
  ensureInstalled,
  root,
  run,
  runScript,
  say,
  seconds,
} from './prepare.mjs'

/** Each runs `node_modules/PACKAGE/SCRIPT ARGS`. */
const staticChecks = [
  ['types', 'typescript', 'bin/tsc', ['-p', 'tsconfig.json']],
  ['types of the page', 'typescript', 'bin/tsc', ['-p', 'src/web/page/tsconfig.json']],
  ['types of its tests', 'typescript', 'bin/tsc', ['-p', 'test/page/tsconfig.json']],
  ['lint', 'oxlint', 'bin/oxlint', []],
  ['format', 'oxfmt', 'bin/oxfmt', ['--check']],
  ['unused', 'knip', 'bin/knip.js', ['--no-progress']],
]

await runScript(async () => {
  checkNode()
  await ensureInstalled()
  const failed = []
  const checks = staticChecks.map(([name, ...tool]) => step(name, failed, () => runTool(...tool)))
  await Promise.all([step('build', failed, ensureBuilt), ...checks])
  const counts = await runTests(process.argv.slice(2))
  if (!counts.hasPassed) failed.push('tests')
  say(failed.length === 0 ? 'all checks passed' : `failed: ${failed.join(', ')}`)
  console.log(`tests: ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`)
  if (failed.length > 0) process.exitCode = 1
})

async function step(name, failed, check) {
  const startMs = Date.now()
  let output = ''
  let isFailed = false
  try {
    const result = await check()
    if (result.exitCode) {
      isFailed = true
      output = result.output
    }
  } catch (error) {
    if (!(error instanceof StepFailure) || error.exitCode > 128) throw error
    isFailed = true
    output = `${error.message}\n`
  }
  if (isFailed) failed.push(name)
  say(`${isFailed ? '✗' : '✓'} ${name.padEnd(7)} ${seconds(startMs)}`)
  process.stderr.write(output)
}

async function runTool(packageName, script, args) {
  const file = path.join('node_modules', packageName, script)
  const env = process.stderr.isTTY ? { ...process.env, FORCE_COLOR: '1' } : process.env
  const options = { what: packageName, isQuiet: true, mayFail: true, env }
  return run(process.execPath, [file, ...args], options)
}

/** Runs vitest, and counts from its own report. A file that cannot even load counts as a failure. */
async function runTests(args) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'skein-test-'))
  const reportFile = path.join(folder, 'report.json')
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${reportFile}`]
  const vitest = path.join(root, 'node_modules', 'vitest', 'vitest.mjs')
  try {
    const options = { what: 'vitest', mayFail: true }
    const { exitCode } = await run(
      process.execPath,
      [vitest, 'run', ...reporters, ...args],
      options,
    )
    return countTests(reportFile, exitCode)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function countTests(reportFile, exitCode) {
  let report
  try {
    report = JSON.parse(readFileSync(reportFile, 'utf8'))
  } catch {
    return { hasPassed: false, passed: 0, failed: 1, skipped: 0 } // It ended without a report.
  }
  const brokenFiles = report.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.every((t) => t.status !== 'failed'),
  ).length
  return {
    hasPassed: exitCode === 0,
    passed: report.numPassedTests,
    failed: report.numFailedTests + brokenFiles,
    skipped: report.numPendingTests + report.numTodoTests,
  }
}
