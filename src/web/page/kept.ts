/** Choices that this browser keeps for the page. One that keeps nothing forgets them with the page. */
const prefix = 'skein.'

/** What was kept under a name; `undefined` where nothing was. */
export function readKept(name: string): string | undefined {
  try {
    return localStorage.getItem(prefix + name) ?? undefined
  } catch {
    return undefined
  }
}

/** Keeps a text; false where the browser does not, closed to pages or full. */
export function keep(name: string, text: string): boolean {
  try {
    localStorage.setItem(prefix + name, text)
    return true
  } catch {
    return false
  }
}
