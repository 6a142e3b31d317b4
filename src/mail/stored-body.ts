/** Bodies as the tables have them. */
import { isTextType } from './content-type.ts'
import { textOf } from './envelope.ts'

/** A body as it is kept: text as text, so that it can be searched and read with sqlite3. */
export function bodyOf(type: string, body: Uint8Array): string | Uint8Array {
  return (isTextType(type) ? textOf(body) : undefined) ?? body
}
