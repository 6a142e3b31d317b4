/** How a chat looks: a line an event, whatever a peer put into it. */
import { sanitizeText, shortenText } from '../base/text.ts'
import { missedText, moveTexts } from '../node/chat-news.ts'
import type { ChatNews, Chatter } from '../node/chat-news.ts'

/** How a view is made. */
export interface ChatViewOptions {
  readonly isColoured: boolean
  /** Unix ms. */
  readonly now: () => number
}

const nameColours = [36, 33, 35, 32, 34, 96, 93, 95] // ANSI; red is for what went wrong.
const dim = 2
const dayMs = 86_400_000

/** See the file's head. */
export class ChatView {
  readonly #options: ChatViewOptions

  constructor(options: ChatViewOptions) {
    this.#options = options
  }

  /** The lines of an event; none where there is nothing to say. */
  format(news: ChatNews): readonly string[] {
    switch (news.event) {
      case 'ready': {
        const { label, topic } = news
        return [this.#note(`${label} is in ${topic} now. /help lists the commands, /quit leaves.`)]
      }
      case 'line': {
        const { id, name, text, time, missed } = news
        const line = `${this.#time(time)} ${this.#name(id, name)}: ${flatten(text)}`
        return missed === 0 ? [line] : [this.#note(missedText(missed)), line]
      }
      case 'direct': {
        const { id, name, text, time } = news
        return [`${this.#time(time)} ${this.#name(id, name)} -> you: ${flatten(text)}`]
      }
      case 'sent':
        return [
          `${this.#time(this.#options.now())} you -> ${flatten(news.name)}: ${flatten(news.text)}`,
        ]
      case 'who':
        return [this.#note(formatWho(news.people))]
      case 'arrive':
      case 'leave':
      case 'lost':
      case 'back':
        return [this.#note(`${flatten(news.name)} ${moveTexts[news.event]}`)]
      case 'missed':
        return [this.#note(missedText(news.count))]
      case 'problem':
        return news.message.split('\n').map((line) => this.#paint(31, flatten(line)))
      case 'history':
        return []
      default:
        return news satisfies never
    }
  }

  #note(text: string): string {
    return this.#paint(dim, `-- ${text}`)
  }

  #name(id: string, name: string): string {
    let sum = 0
    for (let at = 0; at < id.length; at++) sum = (sum * 31 + id.charCodeAt(at)) % 65_521
    return this.#paint(nameColours[sum % nameColours.length] ?? dim, flatten(name))
  }

  /** `12:03`; of another day `20 Nov 23:59`. */
  #time(time: number): string {
    const date = new Date(time)
    const text = date.toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' })
    if (Math.abs(this.#options.now() - time) < dayMs / 2) return this.#paint(dim, text)
    const day = date.toLocaleDateString('en-GB', { day: 'numeric', month: 'short' })
    return this.#paint(dim, `${day} ${text}`)
  }

  #paint(code: number, text: string): string {
    return this.#options.isColoured ? `\u001b[${code}m${text}\u001b[0m` : text
  }
}

const maxShown = 70_000 // A whole message, and what makes its characters visible.

/** One line, whatever it was: a line break could begin a line that looks like another's. */
function flatten(text: string): string {
  return shortenText(sanitizeText(text).replaceAll(/[\n\u2028\u2029]/g, ' ⏎ '), maxShown)
}

function formatWho(people: readonly Chatter[]): string {
  const names = people.map(({ name, isSelf }) => (isSelf ? `${name} (you)` : name))
  return `${names.length} here: ${flatten(names.join(', '))}`
}
