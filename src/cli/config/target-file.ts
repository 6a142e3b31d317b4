import { jsonLines } from './json-lines.ts'
import { listOf } from './kinds.ts'
import { type PeerTarget, peerTargetKind } from './network-kinds.ts'

/**
 * Reads a target file: a JSON list of `"host:port"`, as `network.target.path` names it.
 *
 * @param name - The file, as the problems should call it.
 */
export function readTargets(
  name: string,
  text: string,
): { readonly targets: readonly PeerTarget[]; readonly problems: readonly string[] } {
  const { problem } = jsonLines(text)
  if (problem !== undefined)
    return { targets: [], problems: [`${name}:${problem.line}: ${problem.text}`] }
  const reading = listOf(peerTargetKind).read(JSON.parse(text))
  if ('problem' in reading) {
    const sentence = reading.problem.replace(/^must/, 'the file must')
    return { targets: [], problems: [`${name}: ${sentence}`] }
  }
  return { targets: reading.value, problems: [] }
}
