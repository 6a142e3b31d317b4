/**
 * The page: a bar at the top, a tab below it. What belongs to another tab than the network is loaded when
 * that tab is opened.
 */
import { effect, signal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { visibleText } from '../../map/caption.ts'
import { Trouble } from './trouble.tsx'
import { TopBar } from './top-bar.tsx'
import { NetworkTab } from './network-tab.tsx'
import { network, theme } from './state.ts'
import { currentTab, news } from './tabs.ts'
import type { TabName } from './tabs.ts'

type View = () => preact.JSX.Element

const loaders: Readonly<Partial<Record<TabName, () => Promise<View>>>> = {
  wall: async () => (await import('./talk/wall-tab.tsx')).loadWallTab(),
  inbox: async () => (await import('./talk/inbox-tab.tsx')).loadInboxTab(),
  chat: async () => (await import('./talk/chat-tab.tsx')).loadChatTab(),
}
const views = signal<Readonly<Partial<Record<TabName, View>>>>({ network: NetworkTab })
const failure = signal('')

/** See the file's head. */
export function App(): preact.JSX.Element {
  useEffect(() => effect(() => void (document.documentElement.dataset['theme'] = theme.value)), [])
  useEffect(() => effect(nameWindow), [])
  const name = currentTab.value
  useEffect(() => void load(name), [name])
  const View = views.value[name]
  return (
    <>
      <TopBar />
      <Trouble />
      {View === undefined ? <Loading /> : <View />}
    </>
  )
}

function Loading(): preact.JSX.Element {
  return (
    <main class="waiting">
      <p class="muted" role="status">
        {failure.value === '' ? 'Loading …' : failure.value}
      </p>
    </main>
  )
}

async function load(name: TabName): Promise<void> {
  const loader = loaders[name]
  if (loader === undefined || views.value[name] !== undefined) return
  failure.value = ''
  try {
    const view = await loader()
    views.value = { ...views.value, [name]: view } // Others may have come meanwhile.
  } catch {
    failure.value = 'The node does not answer; open this again when it does.'
  }
}

/** The window's title: whose page it is, and how much is new. */
function nameWindow(): void {
  void network.tick.value
  const self = [...network.model.nodes.values()].find(({ isSelf }) => isSelf)
  const title = self === undefined ? 'Skein' : `${visibleText(self.name, 40)} · Skein`
  const count = Object.values(news.value).reduce((sum, each) => sum + each, 0)
  document.title = count === 0 ? title : `(${count}) ${title}`
}
