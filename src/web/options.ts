/** What the web server is started with, and what bounds it. */

/** Bounds of the web server. Each is a number whose unit ends its name. */
export interface WebLimits {
  /** TCP connections; for one more the oldest goes that has not shown the token. */
  readonly maxConnections: number
  /** Sockets of pages that have shown the token; one more is refused. */
  readonly maxSessions: number
  /** From the first byte, or the connection, to the last of the headers. */
  readonly headersTimeoutMs: number
  /** From there to the last byte of the body. */
  readonly requestTimeoutMs: number
  /** A connection on which nothing moves for so long, either way, is ended. */
  readonly idleTimeoutMs: number
  /** From the upgrade to a HELLO with the token. */
  readonly handshakeTimeoutMs: number
  /** All headers of a request. */
  readonly maxHeaderBytes: number
  /** The target of a request. */
  readonly maxUrlLength: number
  /** One message on a WebSocket. */
  readonly maxMessageBytes: number
  /** Wrong tokens that are answered within `wrongTokenWindowMs`; more are cut off. */
  readonly maxWrongTokens: number
  readonly wrongTokenWindowMs: number
  /** Requests a second, of all together, that routes answer; a burst may have as many. */
  readonly requestsPerSecond: number
}

/** What holds where nothing else was said. */
export const defaultWebLimits: WebLimits = {
  maxConnections: 256, // Guess: some browsers with six connections each, and a scraper.
  maxSessions: 64, // Guess: tabs that somebody has open at a time.
  headersTimeoutMs: 5_000, // Guess: five round trips at 600 ms with two losses, as for a handshake.
  requestTimeoutMs: 15_000, // Guess: a body of 1 MiB at 0.6 Mbit/s.
  idleTimeoutMs: 20_000, // Guess: a browser that loads the page keeps its connections for so long.
  handshakeTimeoutMs: 5_000, // As between peers.
  maxHeaderBytes: 8_192, // Guess: half of Node's; browsers send one.
  maxUrlLength: 2_048, // Guess: what every browser takes.
  maxMessageBytes: 2 ** 20, // A connection writes 64 KiB at a time.
  maxWrongTokens: 10, // Guess: more than a person pastes wrongly.
  wrongTokenWindowMs: 60_000, // Guess.
  requestsPerSecond: 100, // Guess: far more than scrapers and scripts ask.
}

/** How to serve the page. */
export interface WebOptions {
  /** Where to listen: an IP address or a name of this machine. */
  readonly host: string
  /** The TCP port; 0 takes a free one. */
  readonly port: number
  /** Other origins under which the page is reached: `https://skein.example.org`. */
  readonly origins: readonly string[]
  /** Who may read `/metrics`: whoever has the token, or everybody who gets here. */
  readonly metrics: 'token' | 'open'
  /** The folder of the built page; none where it is missing. */
  readonly pageFolder: string
  readonly limits?: Partial<WebLimits>
}
