import { Collector } from './collector.ts'
import type { ControlClient } from './control-client.node.ts'

/** Runs a command of our node that prints a JSON object a line, and reads them. */
export async function fetchList<T>(node: ControlClient, argv: readonly string[]): Promise<T[]> {
  const listing = new Collector()
  await node.run({ argv }, { onOut: (chunk) => listing.add(chunk) })
  const lines = listing.text.split('\n').filter((line) => line !== '')
  return lines.map((line) => JSON.parse(line) as T)
}
