import { chooseTheme, network, search, selectFound, theme, view } from './state.ts'
import { currentTab, news, openTab, tabs } from './tabs.ts'
import { Downloads } from './downloads.tsx'
import { Icon } from './icon.tsx'
import type { ViewName } from './state.ts'

/** Name, tabs, how the page stands to its node, search, views, and what concerns the page itself. */
export function TopBar(): preact.JSX.Element {
  return (
    <header class="bar">
      <h1 class="brand">
        <svg viewBox="0 0 32 24" width="28" height="21" aria-hidden="true">
          <path
            d="M2 5 16 19 30 5"
            fill="none"
            stroke="currentColor"
            stroke-width="1.5"
            opacity=".35"
          />
          <circle cx="16" cy="19" r="3.4" />
          <circle cx="9" cy="12" r="2.6" />
          <circle cx="23" cy="12" r="2.6" />
          <circle cx="2.8" cy="5.5" r="2" />
          <circle cx="29.2" cy="5.5" r="2" />
        </svg>
        Skein
      </h1>
      <Tabs />
      <Pulse />
      <span class="gap" />
      {currentTab.value === 'network' && <NetworkTools />}
      <ThemeSwitch />
    </header>
  )
}

/** What concerns the map alone. */
function NetworkTools(): preact.JSX.Element {
  return (
    <>
      <label class="search">
        <span class="unseen">Search for a node</span>
        <input
          type="search"
          id="search"
          placeholder="Search nodes"
          autocomplete="off"
          spellcheck={false}
          value={search.value}
          onInput={(event) => (search.value = event.currentTarget.value)}
          onKeyDown={(event) => {
            // The Enter that ends a word of an input method is none of ours.
            if (event.key === 'Enter' && !event.isComposing) selectFound()
          }}
        />
      </label>
      <Views />
      <Downloads />
    </>
  )
}

function Tabs(): preact.JSX.Element {
  return (
    <nav class="tabs" aria-label="Parts of the page">
      {tabs.map(({ name, title }) => {
        const count = news.value[name] ?? 0
        return (
          <button
            key={name}
            type="button"
            aria-current={name === currentTab.value ? 'page' : undefined}
            onClick={() => openTab(name)}
          >
            {title}
            {count > 0 && (
              <span class="badge">
                {count > 99 ? '99+' : count}
                <span class="unseen"> new</span>
              </span>
            )}
          </button>
        )
      })}
    </nav>
  )
}

/** A green dot while the page follows its node. */
function Pulse(): preact.JSX.Element {
  const status = network.status.value
  const isLive = status === 'open' && network.tick.value > 0
  const self = [...network.model.nodes.values()].find(({ isSelf }) => isSelf)
  const text = isLive
    ? 'Live'
    : status === 'absent' || status === 'closed'
      ? 'No access'
      : 'Connecting …'
  const title =
    self === undefined ? 'The page follows its node' : `As ${self.name} sees the network`
  return (
    <span class={`pulse ${isLive ? 'live' : ''}`} title={title} role="status">
      {text}
    </span>
  )
}

const viewTitles: readonly (readonly [ViewName, string])[] = [
  ['map', 'Map'],
  ['both', 'Both'],
  ['table', 'Table'],
]

function Views(): preact.JSX.Element {
  return (
    <div class="choice" role="group" aria-label="How the network is shown">
      {viewTitles.map(([name, title]) => (
        <button
          key={name}
          type="button"
          class={`view-${name}`}
          aria-pressed={view.value === name}
          onClick={() => (view.value = name)}
        >
          {title}
        </button>
      ))}
    </div>
  )
}

function ThemeSwitch(): preact.JSX.Element {
  const other = theme.value === 'dark' ? 'light' : 'dark'
  return (
    <button
      type="button"
      class="icon"
      aria-label={`Use the ${other} theme`}
      title={`Use the ${other} theme`}
      onClick={() => chooseTheme(other)}
    >
      <Icon path={other === 'dark' ? moonPath : sunPath} />
    </button>
  )
}

const moonPath = 'M16.5 12.2A7 7 0 0 1 7.8 3.5a7 7 0 1 0 8.7 8.7Z'
const sunPath =
  'M13.6 10a3.6 3.6 0 1 1-7.2 0 3.6 3.6 0 0 1 7.2 0Z' +
  'M10 1.8v1.6M10 16.6v1.6M1.8 10h1.6M16.6 10h1.6' +
  'M4.2 4.2l1.1 1.1M14.7 14.7l1.1 1.1M4.2 15.8l1.1-1.1M14.7 5.3l1.1-1.1'
