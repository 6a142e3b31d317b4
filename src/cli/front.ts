/**
 * The entry of `skein`. Small, because every `skein @bob add` waits for it to load: it parses, and asks
 * the running node in few words. What does more than that is in another bundle, with all layers; what
 * runs a node itself is in a third.
 */
import { version } from '../base/version.ts'
import { parseArguments } from './arguments.ts'
import { mainCommands } from './main-commands.ts'
import { printAtOnce } from './print.node.ts'
import { askQuickly } from './quick/ask-quickly.node.ts'
import type { Invocation } from './arguments.ts'

function main(argv: readonly string[]): void {
  const line = parseArguments(argv)
  switch (line.kind) {
    case 'version':
      return end(0, printAtOnce('stdout', `${version}\n`))
    case 'help':
      return end(0, printAtOnce('stdout', `${line.text}\n`))
    case 'wrong':
      return end(2, printAtOnce('stderr', `skein: ${line.text}\n`))
    case 'run':
      return run(line)
    default:
      line satisfies never
  }
}

function run(line: Invocation): void {
  const own = mainCommands.find((name) => name === line.command)
  if (own !== undefined) void import('./main.ts').then(({ runMain }) => runMain(line, own))
  else
    askQuickly(line, (handed) => {
      void import('./run.ts').then(({ runAsking }) => runAsking(line, handed))
    })
}

/** Ends the process, at once where all was printed: that is a millisecond sooner. */
function end(code: number, isPrinted: boolean): void {
  process.exitCode ||= code
  if (isPrinted) process.exit()
}

main(process.argv.slice(2))
