/**
 * The entry of `skein`. Small, because every `skein @bob add` waits for it to load: it parses, and runs
 * only those modules that the command needs. What talks to the running node is in the same bundle; what
 * runs a node itself is in another.
 */
import { version } from '../base/version.ts'
import { parseArguments } from './arguments.ts'
import { printAtOnce } from './print.node.ts'

async function main(argv: readonly string[]): Promise<void> {
  const line = parseArguments(argv)
  switch (line.kind) {
    case 'version':
      printAtOnce('stdout', `${version}\n`)
      return
    case 'help':
      printAtOnce('stdout', `${line.text}\n`)
      return
    case 'wrong':
      printAtOnce('stderr', `skein: ${line.text}\n`)
      process.exitCode = 2
      return
    case 'run': {
      const { runToEnd } = await import('./run.ts')
      return runToEnd(line)
    }
    default:
      line satisfies never
  }
}

void main(process.argv.slice(2))
