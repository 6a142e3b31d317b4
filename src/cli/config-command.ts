/** `skein config`: every value, and the layer that it came from. */
import { describeConfig, describeConfigAsJson } from './config/describe.ts'
import { loadConfig } from './config/load.node.ts'
import type { Invocation } from './arguments.ts'
import type { Context, ExitCode } from './context.ts'

/** Prints the configuration that `skein up` with the same flags would run with. */
export async function config({ words, flags }: Invocation, context: Context): Promise<ExitCode> {
  const [jsonFile, port] = words
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
}
