import { Resolver } from 'node:dns/promises'
import { SkeinError, messageOf } from '../../base/errors.ts'
import type { DnsResolver } from './machine.ts'

const timeoutMs = 2_000 // Guess: one lost packet, and the answer still comes before a person gives up.
const tries = 3

/** That there is nothing of the kind is an answer. */
const none = new Set(['ENOTFOUND', 'ENODATA'])

/**
 * Asks DNS servers.
 *
 * @param addresses - Which, as `address` or `address:port`; those of this machine where empty.
 * @throws {SkeinError} `CONFIG_INVALID` one of them is no address.
 */
export function dnsResolver(addresses: readonly string[]): DnsResolver {
  const resolver = new Resolver({ timeout: timeoutMs, tries })
  try {
    if (addresses.length > 0) resolver.setServers(addresses)
  } catch (thrown) {
    const text = `discovery.dns.servers: ${addresses.join(', ')}: ${messageOf(thrown)}`
    throw new SkeinError('CONFIG_INVALID', text, { cause: thrown })
  }
  return {
    async servers(name) {
      const records = await ask(resolver.resolveSrv(name), `SRV ${name}`)
      return records.map(({ name: host, port, priority, weight }) => {
        return { host, port, priority, weight }
      })
    },
    async texts(name) {
      const records = await ask(resolver.resolveTxt(name), `TXT ${name}`)
      return records.map((parts) => parts.join(''))
    },
    cancel: () => resolver.cancel(),
  }
}

async function ask<T>(answer: Promise<T[]>, what: string): Promise<readonly T[]> {
  try {
    return await answer
  } catch (thrown) {
    const { code = '' } = thrown as { readonly code?: string }
    if (none.has(code)) return []
    throw new SkeinError('DIAL_FAILED', `${what}: ${messageOf(thrown)}`, { cause: thrown })
  }
}
