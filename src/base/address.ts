/**
 * Addresses: where a peer can be dialled, as URLs: `tls://host:port`, `memory://name`,
 * `local:///path`. An IPv6 host stands in brackets.
 */

/** A host and a TCP or UDP port. */
export interface HostPort {
  /** A name, an IPv4 or an IPv6 address, without brackets. */
  readonly host: string
  readonly port: number
}

/** Writes `host:port`, with brackets round an IPv6 host. */
export function formatHostPort({ host, port }: HostPort): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

/** Writes a `tls://` address. */
export function tlsAddress(target: HostPort): string {
  return `tls://${formatHostPort(target)}`
}

/**
 * Reads `host:port`, `[v6]:port`, or either behind `tls://`.
 *
 * @param lowestPort - 0 where the system may choose the port: to listen, not to dial.
 * @returns `undefined` when it is neither, or the port is not in `lowestPort`–65535.
 */
export function parseHostPort(text: string, lowestPort = 1): HostPort | undefined {
  const bare = text.startsWith('tls://') ? text.slice('tls://'.length) : text
  const match = /^(?:\[([0-9a-fA-F:.]+(?:%[\w.-]+)?)\]|([^\s:/[\]]+)):(\d{1,5})$/.exec(bare)
  const host = match?.[1] ?? match?.[2]
  const port = Number(match?.[3])
  if (host === undefined || !(port >= lowestPort && port <= 65_535)) return undefined
  return { host, port }
}

/** Drops the scheme, for people: `tls://127.0.0.1:14590` is shown as `127.0.0.1:14590`. */
export function displayAddress(address: string): string {
  return address.replace(/^tls:\/\//, '')
}
