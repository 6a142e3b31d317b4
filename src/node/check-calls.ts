/** Whether what plain JavaScript gives to the methods of a node and a peer has the shape that it must have. */
import { nodeEventNames } from './events.ts'
import { list, oneOf, optional, refuse, showValue, where, withMethods } from './shape.ts'

const text = where('a text', (value) => typeof value === 'string')
const isFunction = where('a function', (value) => typeof value === 'function')
const eventName = oneOf(nodeEventNames)
const body = where(
  'a text or a Uint8Array',
  (value) => typeof value === 'string' || value instanceof Uint8Array,
)
const command = withMethods(['run'], {
  summary: text,
  usage: optional(text),
  allow: optional(list(text, "['role:known']")),
})

/** @throws {SkeinError} `INVALID` there is no such event, or nothing to call. */
export function checkListener(name: unknown, listener: unknown): void {
  refuse('node.on', [...eventName(name, 'name'), ...isFunction(listener, 'listener')])
}

/** @throws {SkeinError} `INVALID` the type is no text, or there is nothing to call. */
export function checkHandler(type: unknown, handler: unknown): void {
  refuse('node.handle', [...text(type, 'type'), ...isFunction(handler, 'handler')])
}

/** @throws {SkeinError} `INVALID` the name is no text, or the command none. */
export function checkCommand(name: unknown, given: unknown): void {
  refuse('node.command', [...text(name, 'name'), ...command(given, 'command')])
}

/** @throws {SkeinError} `INVALID` it is no text. */
export function checkPeerName(name: unknown): void {
  if (typeof name === 'string') return
  const advice = typeof name === 'number' ? `; write '${name}'` : ''
  refuse('node.peer', [`name must be a text, not ${showValue(name)}${advice}`])
}

/** @throws {SkeinError} `INVALID` the peer is no text, the body neither text nor bytes, or the options none. */
export function checkLetter(peer: unknown, given: unknown, options: unknown): void {
  const isObject = where('an object', (value) => typeof value === 'object' && value !== null)
  refuse('node.send', [
    ...text(peer, 'peer'),
    ...body(given, 'body'),
    ...isObject(options, 'options'),
  ])
}
