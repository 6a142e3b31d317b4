/** What a line means that somebody typed into a chat. */
import { nearestWord } from '../base/text.ts'
import { maxChatHistory } from './chat-news.ts'

/** What is to be done. */
export type ChatOrder =
  | { readonly kind: 'say'; readonly text: string }
  /** Goes to the node's chat as it is. */
  | { readonly kind: 'tell'; readonly order: object }
  | { readonly kind: 'run'; readonly argv: readonly string[] }
  | { readonly kind: 'show'; readonly lines: readonly string[] }
  /** It means nothing; the lines say why. */
  | { readonly kind: 'refuse'; readonly lines: readonly string[] }
  | { readonly kind: 'quit' }
  | { readonly kind: 'nothing' }

const commands = [
  ['/who', 'Who is here'],
  ['/msg PEER TEXT', 'Tell one peer, who has to be in a chat'],
  ['/join HOST PORT', 'Connect this node to another one'],
  ['/peers', 'Which peers this node is connected to'],
  ['/history [COUNT]', 'The last lines'],
  ['/quit', 'Leave'],
  ['//TEXT', 'Say something that begins with a slash'],
] as const

const defaultHistory = 20

/** The commands, for completion. */
export const chatCommands = [...commands.map(([form]) => form.split(' ')[0] ?? ''), '/help'].filter(
  (name) => !name.startsWith('//'),
)

/** Reads a line. */
export function readChatLine(line: string): ChatOrder {
  const text = line.trim()
  if (text === '') return { kind: 'nothing' }
  if (!text.startsWith('/')) return say(line)
  if (text.startsWith('//')) return say(text.slice(1))
  const [command = '', ...words] = text.split(/\s+/)
  switch (command) {
    case '/who':
      return { kind: 'tell', order: { who: true } }
    case '/history':
      return readHistory(words[0])
    case '/msg':
      return readMessage(text)
    case '/join':
      return words.length === 0
        ? usage('/join HOST PORT')
        : { kind: 'run', argv: ['connect', ...words] }
    case '/peers':
      return { kind: 'run', argv: ['peers'] }
    case '/help':
      return { kind: 'show', lines: commands.map(([name, what]) => `${name.padEnd(18)} ${what}`) }
    case '/quit':
    case '/exit':
      return { kind: 'quit' }
    default: {
      const nearest = nearestWord(command, chatCommands)
      const hint = nearest === undefined ? '/help lists the commands' : `did you mean ${nearest}?`
      return { kind: 'refuse', lines: [`There is no ${command}; ${hint} (//… says it)`] }
    }
  }
}

function say(text: string): ChatOrder {
  return { kind: 'say', text: text.trimEnd() }
}

function readHistory(word: string | undefined): ChatOrder {
  const count = word === undefined ? defaultHistory : Number(word)
  const isCount = Number.isInteger(count) && count > 0 && count <= maxChatHistory
  return isCount
    ? { kind: 'tell', order: { history: count } }
    : usage(`/history 1 to ${maxChatHistory}`)
}

function readMessage(text: string): ChatOrder {
  const [, peer, told] = /^\/msg\s+(\S+)\s+(.*)$/s.exec(text) ?? []
  if (peer === undefined || told === undefined) return usage('/msg PEER TEXT')
  return { kind: 'tell', order: { msg: [peer, told] } }
}

function usage(text: string): ChatOrder {
  return { kind: 'refuse', lines: [`Write ${text}`] }
}
