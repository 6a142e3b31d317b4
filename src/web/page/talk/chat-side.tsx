/** Beside what is said: the rooms, and who is in the one that is shown. */
import { useState } from 'preact/hooks'
import { visibleText } from '../../../map/caption.ts'
import { Disc } from './author.tsx'
import { currentRoom, enter, goTo, leave, rooms, whisperTo } from './chat-state.ts'
import type { ChatRoom } from './chat-room.ts'

const maxShown = 300 // Guess: more people than that nobody looks through.

/** The rooms, and a field to enter another one. */
export function ChatRooms(): preact.JSX.Element {
  const [name, setName] = useState('')
  const current = currentRoom.value
  return (
    <nav class="rooms" aria-label="Rooms">
      <ul>
        {rooms.value.map((room) => (
          <li key={room.topic} class={room === current ? 'is-current' : ''}>
            <button
              type="button"
              class="room"
              aria-current={room === current ? 'true' : undefined}
              onClick={() => goTo(room)}
            >
              # {visibleText(room.topic, 64)}
              {room.unseen.value > 0 && room !== current && (
                <span class="badge">
                  {room.unseen.value}
                  <span class="unseen"> new</span>
                </span>
              )}
            </button>
            {room === current && (
              <button
                type="button"
                class="icon leave"
                aria-label={`Leave ${room.topic}`}
                title="Leave this room"
                onClick={() => leave(room)}
              >
                ×
              </button>
            )}
          </li>
        ))}
      </ul>
      <form
        class="enter"
        onSubmit={(event) => {
          event.preventDefault()
          const topic = name.trim()
          if (topic === '') return
          enter(topic)
          setName('')
        }}
      >
        <input
          type="text"
          aria-label="Another room"
          placeholder="room …"
          maxLength={64}
          pattern="[A-Za-z0-9_][A-Za-z0-9_.\/\-]*"
          title="Letters, digits and _ . / - ; it begins with a letter, a digit or _"
          autocomplete="off"
          autocapitalize="none"
          spellcheck={false}
          value={name}
          onInput={(event) => setName(event.currentTarget.value)}
        />
        <button type="submit" class="plain">
          Enter
        </button>
      </form>
    </nav>
  )
}

/** Who is here; pressed, the next line is for that one alone. */
export function ChatPeople({ room }: { readonly room: ChatRoom }): preact.JSX.Element {
  const people = room.people.value
  return (
    <aside class="people" aria-label="Who is here">
      <h2>
        {people.length} {people.length === 1 ? 'person' : 'people'} here
      </h2>
      <ul tabIndex={0} role="list" aria-label="People">
        {people.slice(0, maxShown).map((each) => (
          <li key={each.id}>
            <Disc id={each.id} name={each.name} />
            {each.isSelf ? (
              <span>
                {visibleText(each.name, 40)} <span class="muted">(you)</span>
              </span>
            ) : (
              <button
                type="button"
                class="text"
                title={`Tell ${visibleText(each.name, 40)} something alone`}
                aria-pressed={whisperTo.value?.id === each.id}
                onClick={() => (whisperTo.value = each)}
              >
                {visibleText(each.name, 40)}
              </button>
            )}
          </li>
        ))}
        {people.length > maxShown && <li class="muted">and {people.length - maxShown} more</li>}
      </ul>
    </aside>
  )
}
