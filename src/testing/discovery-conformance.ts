/** What every discovery must do: the rules of docs/spec/discovery.md, as cases for any test runner. */
import { assert } from '../base/assert.ts'
import { isPeerId } from '../base/peer-id.ts'
import type { Discovery, Found } from '../discovery/contract.ts'

/** A discovery in a world that the cases can change. */
export interface DiscoveryHarness {
  readonly discovery: Discovery
  /** Addresses that it finds when it is started; one at least. */
  readonly present: readonly string[]
  /** Makes something new findable and returns its address; absent where nothing can come later. */
  readonly add?: () => string | Promise<string>
  /** Ends what the harness began. */
  readonly end?: () => void | Promise<void>
}

/** One rule, run on a new harness. */
export interface DiscoveryCase {
  /** A sentence that begins with the rule's ID. */
  readonly title: string
  readonly run: () => Promise<void>
}

type Play = (harness: DiscoveryHarness) => Promise<void>

const cases: Readonly<Record<string, Play>> = {
  '[F1] what is there is found, with its source and at least one address': async (harness) => {
    const found = await foundAtStart(harness)
    for (const { id, addresses, source } of found) {
      assert(source === harness.discovery.source, 'a hint says where it is from')
      assert(addresses.length > 0 && addresses.every(isUrl), 'a hint has addresses, as URLs')
      assert(id === undefined || isPeerId(id), 'an ID is whole')
    }
  },

  '[F2] after stop nothing is found, and a second stop does nothing': async (harness) => {
    const found = await foundAtStart(harness)
    harness.discovery.stop()
    harness.discovery.stop()
    const before = found.length
    await harness.add?.()
    await turn()
    assert(found.length === before, 'it was stopped')
  },

  '[F3] started again it finds again what is there': async (harness) => {
    await foundAtStart(harness)
    harness.discovery.stop()
    await foundAtStart(harness)
  },

  '[F4] what comes later is found, too': async (harness) => {
    const found = await foundAtStart(harness)
    const address = await harness.add?.()
    if (address !== undefined) await until(() => hasAddress(found, address))
  },
}

/**
 * The cases for a discovery. One that finds nothing makes a case wait for ever: the runner's time limit
 * ends it.
 *
 * @example
 * for (const { title, run } of discoveryConformance(makeHarness)) test(title, run)
 */
export function discoveryConformance(
  makeHarness: () => DiscoveryHarness | Promise<DiscoveryHarness>,
): readonly DiscoveryCase[] {
  return Object.entries(cases).map(([title, play]) => ({
    title,
    async run() {
      const harness = await makeHarness()
      try {
        await play(harness)
      } finally {
        harness.discovery.stop()
        await harness.end?.()
      }
    },
  }))
}

async function foundAtStart({ discovery, present }: DiscoveryHarness): Promise<readonly Found[]> {
  const found: Found[] = []
  discovery.start((hint) => found.push(hint))
  await until(() => present.every((address) => hasAddress(found, address)))
  return found
}

function hasAddress(found: readonly Found[], address: string): boolean {
  return found.some(({ addresses }) => addresses.includes(address))
}

function isUrl(text: string): boolean {
  return /^[a-z]+:\/\/\S+$/.test(text)
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await turn()
}

/** A turn of the host's own event loop: a discovery may use real sockets. */
function turn(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 1)
  })
}
