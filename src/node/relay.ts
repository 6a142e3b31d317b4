/** Carries a command of the owner on to one peer: what the command line runs with `@PEER`. */
import { SkeinError } from '../base/errors.ts'
import { personPatienceMs } from '../command/options.ts'
import type { Relay } from '../command/runner.ts'
import type { Peer } from './peer.ts'

/** Carries commands of the owner on to one peer each. */
export function relayThrough(node: { select(target: string): readonly Peer[] }): Relay {
  return async ({ argv, to, timeoutMs }, context) => {
    const peers = node.select(to)
    const [peer] = peers
    if (peer === undefined || peers.length > 1) {
      throw new SkeinError('INVALID', `'${to}' means ${peers.length} peers; ask for one at a time`)
    }
    const { exit } = await peer.run(argv, {
      signal: context.signal,
      timeoutMs,
      patienceMs: personPatienceMs,
      stdin: context.stdin,
      onOut: (chunk) => (context.out(chunk) ? undefined : context.drained()),
      onErr: (chunk) => (context.err(chunk) ? undefined : context.drained()),
    })
    return { exit }
  }
}
