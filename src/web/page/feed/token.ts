/**
 * The token that lets this page talk to its node. It comes in the link, behind `#`, which browsers send
 * to no server; it leaves the address bar at once, and lives in this tab alone.
 */
const key = 'skein.token'

/** What a page has of its window. */
export interface TokenPlace {
  readonly location: { readonly hash: string; readonly pathname: string; readonly search: string }
  readonly history: { replaceState(data: unknown, unused: string, url: string): void }
  readonly sessionStorage: {
    getItem(name: string): string | null
    setItem(name: string, value: string): void
    removeItem(name: string): void
  }
}

/** Takes the token out of the address, or the one that this tab has; `undefined` where there is none. */
export function takeToken({ location, history, sessionStorage }: TokenPlace): string | undefined {
  const token = new URLSearchParams(location.hash.slice(1)).get('token')
  if (token !== null && token !== '') {
    history.replaceState(null, '', location.pathname + location.search)
    sessionStorage.setItem(key, token)
    return token
  }
  return sessionStorage.getItem(key) ?? undefined
}

/** The link was good for one time: this token is for the next. */
export function keepToken(
  { sessionStorage }: Pick<TokenPlace, 'sessionStorage'>,
  token: string,
): void {
  sessionStorage.setItem(key, token)
}

/** The node knows another token now. */
export function forgetToken({ sessionStorage }: Pick<TokenPlace, 'sessionStorage'>): void {
  sessionStorage.removeItem(key)
}
