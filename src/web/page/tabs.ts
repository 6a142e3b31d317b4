/** What the page has in its bar, and which of it is shown: the address says it, so a tab can be linked. */
import { signal } from '@preact/signals'

/** A part of the page. */
export interface Tab {
  readonly name: TabName
  readonly title: string
}

export type TabName = 'network' | 'wall' | 'inbox' | 'chat'

export const tabs: readonly Tab[] = [
  { name: 'network', title: 'Map' },
  { name: 'wall', title: 'Wall' },
  { name: 'inbox', title: 'Inbox' },
  { name: 'chat', title: 'Chat' },
]

export const currentTab = signal<TabName>(tabOfAddress())

/** How much came in a tab since somebody looked at it. */
export const news = signal<Readonly<Partial<Record<TabName, number>>>>({})

addEventListener('hashchange', () => show(tabOfAddress()))

/** Shows a tab; the way back leads to the one before. */
export function openTab(name: TabName): void {
  if (name !== currentTab.value) location.hash = name === 'network' ? '' : name
}

/** Something came in a tab. */
export function addNews(name: TabName, count: number): void {
  if (name === currentTab.value && !document.hidden) return
  news.value = { ...news.value, [name]: (news.value[name] ?? 0) + count }
}

/** Somebody looks at a tab. */
function show(name: TabName): void {
  currentTab.value = name
  if (news.value[name] !== undefined) news.value = { ...news.value, [name]: 0 }
}

document.addEventListener('visibilitychange', () => {
  if (!document.hidden) show(currentTab.value)
})

function tabOfAddress(): TabName {
  const name = location.hash.slice(1)
  return tabs.find((tab) => tab.name === name)?.name ?? 'network'
}
