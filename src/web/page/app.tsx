/**
 * The page: a bar at the top, a tab below it. Today there is one tab, the network; another one is an
 * entry of `tabs`.
 */
import { effect } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { visibleText } from '../../map/caption.ts'
import { Trouble } from './trouble.tsx'
import { TopBar } from './top-bar.tsx'
import { NetworkTab } from './network-tab.tsx'
import { network, theme } from './state.ts'
import { currentTab } from './tabs.ts'

const views: Readonly<Record<string, () => preact.JSX.Element>> = { network: NetworkTab }

/** See the file's head. */
export function App(): preact.JSX.Element {
  useEffect(() => effect(() => void (document.documentElement.dataset['theme'] = theme.value)), [])
  useEffect(
    () =>
      effect(() => {
        void network.tick.value
        const self = [...network.model.nodes.values()].find(({ isSelf }) => isSelf)
        document.title = self === undefined ? 'Skein' : `${visibleText(self.name, 40)} · Skein`
      }),
    [],
  )
  const View = views[currentTab.value] ?? NetworkTab
  return (
    <>
      <TopBar />
      <Trouble />
      <View />
    </>
  )
}
