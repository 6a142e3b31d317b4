/** What the parts of the page share: what is selected, searched for and shown, and in which colours. */
import { computed, signal } from '@preact/signals'
import { linkKey } from '../../map/feed.ts'
import { LiveNetwork } from './feed/live-network.ts'
import { keep, readKept } from './kept.ts'
import { forgetToken, keepToken, takeToken } from './feed/token.ts'
import { firstMatch, isMatch, wantedText } from './search.ts'
import type { LinkLine, NodeLine } from '../../map/feed.ts'

/** What somebody looks at: a node, or a link by its ends. By IDs, which outlive everything else. */
export type Selection =
  | { readonly kind: 'node'; readonly id: string }
  | { readonly kind: 'link'; readonly a: string; readonly b: string }

/** How the network is shown. `both`: the table beside the map, where there is room. */
export type ViewName = 'map' | 'both' | 'table'

const keptTheme = 'theme'

export const network = new LiveNetwork(takeToken(globalThis), {
  keepToken: (token) => keepToken(globalThis, token),
  onRefused: () => forgetToken(globalThis),
})

export const selection = signal<Selection | undefined>(undefined)
export const search = signal('')
export const view = signal<ViewName>('map')

/** Light or dark: what was chosen here, else what the system prefers. */
const chosenTheme = signal<'light' | 'dark' | undefined>(readTheme())
const systemIsDark = signal(matchMedia('(prefers-color-scheme: dark)').matches)
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', ({ matches }) => {
  systemIsDark.value = matches
})
export const theme = computed(() => chosenTheme.value ?? (systemIsDark.value ? 'dark' : 'light'))

export const isCalm = signal(matchMedia('(prefers-reduced-motion: reduce)').matches)
matchMedia('(prefers-reduced-motion: reduce)').addEventListener('change', ({ matches }) => {
  isCalm.value = matches
})

/** The node that is selected, as it is now. */
export const selectedNode = computed((): NodeLine | undefined => {
  void network.tick.value
  const { value } = selection
  if (value?.kind !== 'node') return undefined
  return network.model.nodes.get(network.model.numberOf(value.id) ?? -1)
})

/** The link that is selected, as it is now; `undefined` also while it is not there. */
export const selectedLink = computed((): LinkLine | undefined => {
  void network.tick.value
  const { value } = selection
  if (value?.kind !== 'link') return undefined
  const [a = -1, b = -1] = [network.model.numberOf(value.a), network.model.numberOf(value.b)]
  return network.model.links.get(linkKey(a, b))
})

/** Numbers of the nodes that the search means; `undefined` where nothing is searched for. */
export const matches = computed((): ReadonlySet<number> | undefined => {
  void network.tick.value
  const wanted = wantedText(search.value)
  if (wanted === '') return undefined
  const found = [...network.model.nodes.values()].filter((node) => isMatch(node, wanted))
  return new Set(found.map(({ n }) => n))
})

/** Selects the node that the search means first; nothing where it means none. */
export function selectFound(): void {
  const found = firstMatch(network.model.nodes.values(), search.value)
  if (found !== undefined) selectNode(found.id)
}

export function selectNode(id: string): void {
  selection.value = { kind: 'node', id }
}

export function selectLink(a: string, b: string): void {
  selection.value = { kind: 'link', a, b }
}

/** Chooses light or dark, for this browser. */
export function chooseTheme(wanted: 'light' | 'dark'): void {
  chosenTheme.value = wanted
  keep(keptTheme, wanted)
}

function readTheme(): 'light' | 'dark' | undefined {
  const kept = readKept(keptTheme)
  return kept === 'light' || kept === 'dark' ? kept : undefined
}
