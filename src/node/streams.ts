import { findRule } from '../base/policy.ts'
import type { Log } from '../base/log.ts'
import type { Rule, Subject } from '../base/policy.ts'
import type { Stream } from '../connection/contract.ts'
import type { PeerEntry } from '../connection/peer-entry.ts'

/** Serves the streams of one protocol. */
export interface StreamServer {
  /** Who may open them. */
  readonly allow: readonly Rule[]
  /** Takes the stream over. */
  readonly handle: (stream: Stream, subject: Subject) => void
}

/** What a stream is let in by. */
export interface Gate {
  readonly node: {
    subject(entry: PeerEntry): Subject
  }
  readonly entry: PeerEntry
  readonly servers: ReadonlyMap<string, StreamServer>
  readonly log: Log
}

/** Gives a stream that a peer opened to whoever serves its protocol; false when nobody does. */
export function acceptStream(stream: Stream, { node, entry, servers, log }: Gate): boolean {
  const subject = node.subject(entry)
  const server = servers.get(stream.protocol)
  if (server === undefined) return false
  if (findRule(server.allow, subject) === undefined) {
    const { protocol } = stream
    log.warn({ scope: 'node', peer: subject.name, protocol }, 'refused a stream')
    const rules = server.allow.length === 0 ? 'nobody' : server.allow.join(', ')
    stream.reset('DENIED', `${protocol} is for ${rules}; ask the owner to change that`)
    return true
  }
  server.handle(stream, subject)
  return true
}
