/** The chat: rooms, a box, what was said, newest first, and who is here. */
import { useEffect } from 'preact/hooks'
import { sanitizeText } from '../../../base/text.ts'
import { visibleText } from '../../../map/caption.ts'
import { network } from '../state.ts'
import { currentTab } from '../tabs.ts'
import { Author, Disc } from './author.tsx'
import { currentRoom, doLine, enterFirst, whisperTo } from './chat-state.ts'
import { ChatPeople, ChatRooms } from './chat-side.tsx'
import { LongList } from './long-list.tsx'
import { LongText } from './long-text.tsx'
import { Problem } from './problem.tsx'
import { loadStyle } from './style.ts'
import { When } from './when.tsx'
import { WriteBox } from './write-box.tsx'
import type { ChatEntry, ChatRoom } from './chat-room.ts'

/** Loads what the chat needs. */
export async function loadChatTab(): Promise<() => preact.JSX.Element> {
  await loadStyle()
  return ChatTab
}

/** See the file's head. */
function ChatTab(): preact.JSX.Element {
  useEffect(() => {
    if (network.session !== undefined) enterFirst()
  }, [])
  const room = currentRoom.value
  return (
    <main class="talk chat">
      <ChatRooms />
      {room === undefined ? (
        <p class="muted nothing">You are in no room. Enter one.</p>
      ) : (
        <Room key={room.topic} room={room} />
      )}
    </main>
  )
}

function Room({ room }: { readonly room: ChatRoom }): preact.JSX.Element {
  const unseen = room.unseen.value
  useEffect(() => {
    const see = (): void => {
      if (!document.hidden && currentTab.value === 'chat') room.unseen.value = 0
    }
    see()
    document.addEventListener('visibilitychange', see)
    return () => document.removeEventListener('visibilitychange', see)
  }, [unseen])
  const to = whisperTo.value
  const name = to === undefined ? undefined : visibleText(to.name, 40)
  return (
    <>
      <section class="said" aria-label={`Room ${room.topic}`}>
        <WriteBox
          key={to?.id ?? 'all'}
          label={name === undefined ? `Say something in ${room.topic}` : `Tell ${name} alone`}
          placeholder={
            name === undefined
              ? `Say something in ${room.topic} … (/help)`
              : `Only ${name} sees this …`
          }
          button={name === undefined ? 'Say' : 'Tell'}
          isLine
          isEnabled={room.isHere.value}
          send={(text) => doLine(room, text)}
        >
          {name !== undefined && (
            <p class="whisper">
              To {name} alone{' '}
              <button type="button" class="text" onClick={() => (whisperTo.value = undefined)}>
                to all
              </button>
            </p>
          )}
        </WriteBox>
        <Problem text={room.isHere.value ? '' : room.problem.value} />
        <LongList
          label={`Said in ${room.topic}, newest first`}
          items={room.entries.value}
          keyOf={({ key }) => key}
          estimate={46}
          row={(entry) => <Entry entry={entry} />}
          empty={
            <p class="muted">
              {room.isHere.value ? 'Nobody has said anything yet.' : 'Entering …'}
            </p>
          }
        />
        <p class="said-end">
          {room.hasAllHistory.value ? (
            <span class="muted">That is all that is still known.</span>
          ) : (
            <button type="button" class="text" onClick={() => room.askHistory()}>
              Earlier lines
            </button>
          )}
        </p>
      </section>
      <ChatPeople room={room} />
    </>
  )
}

function Entry({ entry }: { readonly entry: ChatEntry }): preact.JSX.Element {
  const { kind, id = '', name = '', timeMs, text } = entry
  const who = visibleText(name, 40)
  switch (kind) {
    case 'move':
      return (
        <p class="event muted">
          <span>
            {who} {text}
          </span>
          <When timeMs={timeMs} />
        </p>
      )
    case 'note':
    case 'problem':
      return (
        <p class={`event ${kind === 'problem' ? 'problem' : 'muted'}`}>
          <span class="pre">{sanitizeText(text)}</span>
          <When timeMs={timeMs} />
        </p>
      )
    case 'line':
    case 'direct':
      return (
        <article
          class={`remark ${kind === 'direct' ? 'direct' : ''} ${entry.isOwn === true ? 'own' : ''}`}
        >
          <Disc id={id} name={name} />
          <header>
            <Author id={id} name={name} />
            {kind === 'direct' && <span class="chip">to you alone</span>}
            <When timeMs={timeMs} />
          </header>
          <LongText id={entry.key} text={text} />
        </article>
      )
    case 'sent':
      return (
        <article class="remark direct own">
          <span class="disc" aria-hidden="true">
            →
          </span>
          <header>
            <strong>You</strong>
            <span class="chip">to {who} alone</span>
            <When timeMs={timeMs} />
          </header>
          <LongText id={entry.key} text={text} />
        </article>
      )
    default:
      return kind satisfies never
  }
}
