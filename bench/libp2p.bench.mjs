/**
 * Skein against js-libp2p (TCP, Noise, Yamux, its defaults), on the same Node: js-libp2p needs 22, and
 * where this one is older both run on the one that `bench/package.json` brings.
 */
import { obstacle, systems } from './outage/systems.mjs'
import { versus } from './versus.mjs'

/** Measures; see the file's head. */
export function run() {
  const problem = obstacle(systems.libp2p)
  if (problem !== undefined) throw new Error(`libp2p: ${problem}; run npm ci --prefix bench`)
  const { program } = systems.libp2p
  return versus({
    ours: { name: 'skein', program },
    theirs: { name: 'libp2p', program },
    title: 'js-libp2p',
    targets: { megabytesPerSecond: '≥ 3' },
  })
}
