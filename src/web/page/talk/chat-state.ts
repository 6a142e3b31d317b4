/** The rooms that this page is in. Which they are is kept in this browser; what was said is not. */
import { signal } from '@preact/signals'
import { readChatLine } from '../../../node/chat-line.ts'
import { keep, readKept } from '../kept.ts'
import { addNews } from '../tabs.ts'
import { ChatRoom } from './chat-room.ts'
import { give, session } from './commands.ts'
import type { Chatter } from '../../../node/chat-news.ts'

const keptNames = 'rooms'
const firstRoom = 'chat' // As skein chat.
const maxRooms = 16 // Guess: each is a command that runs.

export const rooms = signal<readonly ChatRoom[]>([])
export const currentRoom = signal<ChatRoom | undefined>(undefined)
/** Whom the next line is for; all where `undefined`. */
export const whisperTo = signal<Chatter | undefined>(undefined)

/** Enters the rooms of last time, or the one that everybody is in. */
export function enterFirst(): void {
  if (rooms.value.length > 0) return
  for (const topic of keptRooms()) enter(topic)
  currentRoom.value = rooms.value[0]
}

/** Enters a room, or goes to it. */
export function enter(topic: string): void {
  const known = rooms.value.find((room) => room.topic === topic)
  const room = known ?? new ChatRoom(session(), topic, () => addNews('chat', 1))
  if (known === undefined) {
    const all = [...rooms.value, room]
    for (const first of all.slice(0, Math.max(0, all.length - maxRooms))) first.leave()
    rooms.value = all.slice(-maxRooms)
    keepRooms()
  }
  goTo(room)
}

/** Shows a room. */
export function goTo(room: ChatRoom): void {
  currentRoom.value = room
  whisperTo.value = undefined
}

/** Leaves a room; those who are in it are told. */
export function leave(room: ChatRoom): void {
  room.leave()
  rooms.value = rooms.value.filter((each) => each !== room)
  if (currentRoom.value === room) currentRoom.value = rooms.value[0]
  keepRooms()
}

/** Does what a line means, as `skein chat` does; returns what to say about it. */
export async function doLine(room: ChatRoom, text: string): Promise<string> {
  const to = whisperTo.value
  const order = readChatLine(text)
  if (order.kind === 'say')
    room.order(to === undefined ? { say: order.text } : { msg: [to.id, order.text] })
  else if (order.kind === 'tell') room.order(order.order)
  else if (order.kind === 'show') room.note(order.lines.join('\n'))
  else if (order.kind === 'refuse') room.note(order.lines.join('\n'), 'problem')
  else if (order.kind === 'quit') leave(room)
  else if (order.kind === 'run') room.note((await give(order.argv)).trim())
  return ''
}

function keptRooms(): readonly string[] {
  try {
    const names: unknown = JSON.parse(readKept(keptNames) ?? '[]')
    const texts = Array.isArray(names) ? names.filter((each) => typeof each === 'string') : []
    return texts.length > 0 ? texts.slice(0, maxRooms) : [firstRoom]
  } catch {
    return [firstRoom] // Somebody else's text.
  }
}

function keepRooms(): void {
  keep(keptNames, JSON.stringify(rooms.value.map(({ topic }) => topic)))
}
