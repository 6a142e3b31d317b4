/** Bodies as the tables have them. */
import { isTextType } from './content-type.ts'
import { textOf } from './envelope.ts'
import type { SqlRow } from '../base/database.ts'

/** A body as it is kept: text as text, so that it can be searched and read with sqlite3. */
export function bodyOf(type: string, body: Uint8Array): string | Uint8Array {
  return (isTextType(type) ? textOf(body) : undefined) ?? body
}

/** The body of a row. */
export function bodyIn(row: SqlRow): string | Uint8Array {
  const body = row['body']
  return body instanceof Uint8Array ? body : String(body ?? '')
}
