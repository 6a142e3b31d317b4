/**
 * The page's token: whoever shows it is the owner.
 *
 * It is not the control channel's. That one is made anew at each start and never leaves this machine;
 * this one goes into a browser and into the files of a scraper, and stays the same until its file is
 * removed, so that an open page comes back when its node does.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { SkeinError } from '../base/errors.ts'
import { placeOf } from '../base/storage.ts'
import type { Clock } from '../base/clock.ts'
import type { Storage } from '../base/storage.ts'

/** The name of its file in the data folder. */
export const webTokenFile = 'web-token'

const tokenBytes = 24 // 192 bits; more would not fit on a line of a terminal with its link.
const tokenForm = /^[\w-]{32}$/ // As base64url.
const ticketLifeMs = 60_000 // Guess: a browser that has to start first takes some seconds.
const maxTickets = 16 // Guess: nobody opens more pages a minute.

/**
 * Reads the token, or makes one where there is none.
 *
 * @throws {SkeinError} `STORAGE_FAILED` others may read the file, or it holds something else.
 */
export async function loadWebToken(storage: Storage): Promise<string> {
  const kept = await storage.readSecret(webTokenFile)
  if (kept === undefined) {
    const token = newToken()
    await storage.create(webTokenFile, new TextEncoder().encode(`${token}\n`))
    return (await readToken(storage)) ?? token
  }
  const token = await readToken(storage)
  if (token !== undefined) return token
  const place = placeOf(storage, webTokenFile)
  throw new SkeinError('STORAGE_FAILED', `${place} holds no token; remove it to get a new one`)
}

async function readToken(storage: Storage): Promise<string | undefined> {
  const text = new TextDecoder().decode(await storage.readSecret(webTokenFile)).trim()
  return tokenForm.test(text) ? text : undefined
}

function newToken(): string {
  return randomBytes(tokenBytes).toString('base64url')
}

/** Judges what callers show: the token, or a ticket that stands for it once. */
export class Keys {
  readonly token: string
  readonly #clock: Clock
  readonly #tokenHash: Buffer
  /** When each ends, by the hash of a ticket. */
  readonly #tickets = new Map<string, number>()

  constructor(token: string, clock: Clock) {
    this.token = token
    this.#clock = clock
    this.#tokenHash = hash(token)
  }

  /**
   * Makes a ticket: it opens the page once, within a minute. For links that others may see, such as one
   * on the command line of a browser.
   */
  makeTicket(): string {
    const ticket = newToken()
    this.#sweep()
    const [oldest] = this.#tickets.keys()
    if (this.#tickets.size >= maxTickets && oldest !== undefined) this.#tickets.delete(oldest)
    this.#tickets.set(hash(ticket).toString('hex'), this.#clock.nowMs() + ticketLifeMs)
    return ticket
  }

  /** Tells whether this is the token, in a time that does not depend on how much of it is right. */
  isToken(given: string | Uint8Array): boolean {
    return timingSafeEqual(hash(given), this.#tokenHash)
  }

  /** Tells whether this is a ticket, and makes it worthless. */
  takeTicket(given: string | Uint8Array): boolean {
    this.#sweep()
    // By its hash: how long the look-up takes says nothing of the ticket.
    return this.#tickets.delete(hash(given).toString('hex'))
  }

  #sweep(): void {
    const nowMs = this.#clock.nowMs()
    for (const [ticket, endMs] of this.#tickets) if (endMs <= nowMs) this.#tickets.delete(ticket)
  }
}

function hash(secret: string | Uint8Array): Buffer {
  return createHash('sha256').update(secret).digest()
}
