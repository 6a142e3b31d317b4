/**
 * Kills real nodes a hundred times (or as often as the first argument says) while they write to each
 * other, and looks whether anything was lost or repeated: `npm run kills -- 20`.
 */
import { ensureInstalled, run, runScript } from './prepare.mjs'

await runScript(async () => {
  await ensureInstalled()
  process.env.MAIL_KILLS = process.argv[2] ?? '100'
  await run(process.execPath, ['scripts/build.mjs'], { what: 'the build' })
  const args = ['node_modules/vitest/vitest.mjs', 'run', 'test/e2e/mail-kill.test.ts']
  await run(process.execPath, args, { what: 'the kills' })
})
