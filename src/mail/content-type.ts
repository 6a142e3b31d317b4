const maxTypeLength = 100
const typePattern = /^[a-z0-9][a-z0-9.+-]*\/[a-z0-9][a-z0-9.+-]*$/

/** Whether this is a content type, without parameters: `text/plain`. */
export function isContentType(type: unknown): type is string {
  return typeof type === 'string' && type.length <= maxTypeLength && typePattern.test(type)
}

/** Whether bodies of this type are text in UTF-8. */
export function isTextType(type: string): boolean {
  return type.startsWith('text/') || type === 'application/json'
}
