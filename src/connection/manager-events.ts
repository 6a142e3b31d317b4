import type { SkeinError } from '../base/errors.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { Path } from '../transport/contract.ts'
import type { Refusal } from './messages.ts'
import type { PeerEntry } from './peer-entry.ts'

/** What happens to connections. */
export type ManagerEvents = {
  'peer:connect': { readonly peer: PeerEntry; readonly address: string; readonly isLocal: boolean }
  'peer:disconnect': { readonly peer: PeerEntry; readonly error: SkeinError }
  'peer:violation': { readonly peer: PeerEntry; readonly rule: string }
  'peer:refuse': {
    readonly id: PeerId | undefined
    readonly address: string
    readonly refusal: Refusal
  }
  /** A peer that is away was forgotten, because too many are known. */
  'peer:forget': { readonly peer: PeerEntry }
  'path:attached': { readonly peer: PeerEntry; readonly path: Path }
  'path:lost': { readonly peer: PeerEntry; readonly path: Path; readonly reason: string }
  'path:doubt': { readonly peer: PeerEntry }
  'link:rtt': { readonly peer: PeerEntry; readonly rttMicros: number }
  'dial:fail': { readonly address: string; readonly error: SkeinError }
  /** A newer process runs with this node's key: this one dials no more. */
  'node:superseded': Record<string, never>
}
