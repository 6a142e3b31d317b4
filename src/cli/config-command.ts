/** `skein config`: every value, and the layer that it came from. */
import { ask } from './ask.ts'
import { describeConfig, describeConfigAsJson } from './config/describe.ts'
import { loadConfig, ProfileMissing } from './config/load.node.ts'
import { isRunning } from './find-node.node.ts'
import type { Invocation } from './arguments.ts'
import type { Context, ExitCode } from './context.ts'

/**
 * Prints the configuration that `skein up` with the same flags would run with. Where no file describes
 * the profile, a node that runs under its name answers: it was started from a JSON file.
 */
export async function config(invocation: Invocation, context: Context): Promise<ExitCode> {
  const { words, flags } = invocation
  const [jsonFile, port] = words
  try {
    const loaded = await loadConfig({
      configFolder: flags.configFolder,
      profile: flags.profile,
      jsonFile,
      port,
      settings: flags.settings,
    })
    const lines = flags.isJson ? describeConfigAsJson(loaded) : describeConfig(loaded)
    context.out(`${lines.join('\n')}\n`)
    return 0
  } catch (thrown) {
    if (!(thrown instanceof ProfileMissing)) throw thrown
    const isPlain = flags.configFolder === undefined && flags.settings.length === 0
    if (isPlain && isRunning(flags.profile)) return ask(invocation, context)
    const advice = 'a node that is started from a JSON file is shown by: skein config FILE.json'
    throw new ProfileMissing(thrown.code, `${thrown.message}\n${advice}`)
  }
}
