/**
 * Whom the web server answers: the checks that keep other sites out of a page on loopback.
 *
 *   Host      a name that another site points at this machine (DNS rebinding) is refused: what is let
 *             through is a loopback name or address, the very address that the request came to, and
 *             what `web.origins` names; each with the port
 *   Origin    whatever changes something, and every WebSocket, comes from one of these, too. Programs
 *             send none, and need the token all the same
 *   Sec-Fetch a cross-site request that is no visit (Fetch Metadata, W3C 2021) is refused
 *
 * An address as a host is no way in for rebinding: a page has that host only if we served it.
 */

/** Where the page may be reached. */
export interface Places {
  /** The port that is listened on. */
  readonly port: number
  /** Of `web.origins`: `https://skein.example.org`. */
  readonly origins: readonly string[]
}

/** What of a request is judged. */
export interface Asked {
  readonly method: string
  readonly host: string | undefined
  readonly origin: string | undefined
  /** `Sec-Fetch-Site` and `Sec-Fetch-Mode`, where the browser sends them. */
  readonly site: string | undefined
  readonly mode: string | undefined
  /** The address of this machine that the request came to. */
  readonly localAddress: string | undefined
  /** Asks for a WebSocket. */
  readonly isUpgrade: boolean
}

/** Why a request is refused. */
export interface Rejection {
  /** The rule of docs/spec/web.md. */
  readonly rule: 'W2' | 'W3' | 'W4'
  readonly status: 403 | 421
  /** For people: what to do. */
  readonly message: string
}

const loopbackNames = new Set(['localhost', '127.0.0.1', '[::1]'])
const defaultPorts: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' }
const unchanging = new Set(['GET', 'HEAD', 'OPTIONS'])

/** Judges a request; `undefined` where nothing is wrong with where it comes from. */
export function judge(asked: Asked, places: Places): Rejection | undefined {
  const { host, origin, site, mode, isUpgrade, method } = asked
  if (host === undefined || !isOurHost(host, asked.localAddress, places)) {
    const text = `this node is not called '${(host ?? '').slice(0, 100)}' here`
    const message = `${text}; use 127.0.0.1:${places.port}, or name its origin in web.origins`
    return { rule: 'W2', status: 421, message }
  }
  const isChange = isUpgrade || !unchanging.has(method)
  if (isChange && origin !== undefined && !isOurOrigin(origin, asked.localAddress, places)) {
    const text = `a page of '${origin.slice(0, 100)}' may not talk to this node`
    return { rule: 'W3', status: 403, message: `${text}; if it is yours, add it to web.origins` }
  }
  if (site === 'cross-site' && mode !== 'navigate' && !isChange) {
    return { rule: 'W4', status: 403, message: 'another site may not load from this node' }
  }
  return undefined
}

/** Tells whether `web.origins` may hold this: a scheme, a host and perhaps a port, nothing else. */
export function isOrigin(text: string): boolean {
  try {
    const { protocol, origin } = new URL(text)
    return defaultPorts[protocol] !== undefined && origin === text
  } catch {
    return false // No URL at all.
  }
}

/** Tells whether an address is of this machine alone. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host)
}

function isOurHost(host: string, localAddress: string | undefined, places: Places): boolean {
  const given = host.toLowerCase()
  const port = String(places.port)
  const [, name = given, givenPort = '80'] = /^(.*?)(?::(\d+))?$/.exec(given) ?? []
  if (givenPort === port && (loopbackNames.has(name) || name === asHost(localAddress))) return true
  return places.origins.some((origin) => {
    const { protocol, hostname, port: named } = new URL(origin)
    const wanted = named === '' ? (defaultPorts[protocol] ?? '') : named
    const isDefault = !/:\d+$/.test(given)
    return name === hostname && (isDefault ? named === '' : givenPort === wanted)
  })
}

function isOurOrigin(origin: string, localAddress: string | undefined, places: Places): boolean {
  if (places.origins.includes(origin)) return true
  const prefix = 'http://'
  if (!origin.startsWith(prefix)) return false
  // Without `web.origins`: those are compared whole, with their scheme.
  return isOurHost(origin.slice(prefix.length), localAddress, { port: places.port, origins: [] })
}

/** An address as it stands in a URL; an IPv4 one that came through an IPv6 socket is IPv4. */
function asHost(address: string | undefined): string | undefined {
  if (address === undefined) return undefined
  const bare = address.replace(/^::ffff:(?=\d+\.)/, '')
  return bare.includes(':') ? `[${bare}]` : bare
}
