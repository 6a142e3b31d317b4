/** The web server of a node that `skein up` runs, and how people find its page. */
import { join } from 'node:path'
import type { Storage } from '../base/storage.ts'
import type { Command } from '../command/command.ts'
import type { Node } from '../node/node.ts'
import type { WebServer } from '../web/server.node.ts'
import type { Config } from './config/config.ts'

/** The name of the owner's command that tells where the page is. */
export const pageCommand = 'page'

/** What `page --json` prints. */
export interface PageInfo {
  readonly url: string
  /** Opens the page for its owner, with the token. */
  readonly link: string
  /** Opens it once, within a minute: for a command line, which others can read. */
  readonly ticketLink: string
}

/**
 * Starts the web server, where the configuration asks for it.
 *
 * @throws {SkeinError} `ADDRESS_IN_USE`, `CONFIG_INVALID`, `STORAGE_FAILED`.
 */
export async function startWeb(
  node: Node,
  storage: Storage,
  { web }: Config,
): Promise<WebServer | undefined> {
  if (!web.enabled) return undefined
  node.feed.keepHistory() // A page that opens later shows the hour before.
  const { WebServer: Server } = await import('../web/server.node.ts')
  return Server.start(node, storage, { ...web, pageFolder: join(__dirname, '../web') })
}

/** Tells the owner where the page is. */
export function makePageCommand(server: WebServer | undefined): Command {
  return {
    summary: 'Print the link that opens the live page; it holds a secret',
    usage: 'page [--json]',
    allow: [],
    run({ args, err }) {
      if (server === undefined) {
        const start = 'start it so with: skein up -s web.enabled=true'
        err(`this node serves no page; ${start}\n`)
        return { exit: 1 }
      }
      const { url, link } = server
      if (!args.includes('--json')) return link
      return JSON.stringify({ url, link, ticketLink: server.makeTicketLink() } satisfies PageInfo)
    },
  }
}
