/** What the mesh looks at, and what it says is to be done. */
import type { PeerId } from '../base/peer-id.ts'

/** A member that may be dialled. */
export interface MeshMember {
  readonly id: PeerId
  readonly state: 'alive' | 'suspect' | 'gone'
  /** Changes when it is worth another try: its start, its addresses. */
  readonly news: string
}

/** A connection, open or suspended. */
export interface MeshLink {
  readonly id: PeerId
  /** Absent before the first measurement. */
  readonly rttMicros?: number | undefined
  /** Whether the mesh may end it: this side made it, and nobody else wants it. */
  readonly isOurs: boolean
}

/** All that a step looks at. */
export interface MeshWorld {
  /** Without this node, and without those whom it shut out. */
  readonly members: readonly MeshMember[]
  readonly links: readonly MeshLink[]
  /** Whom a member says it is connected to. */
  readonly neighboursOf: (id: PeerId) => readonly PeerId[]
  readonly nowMs: number
}

/** What is to be done now. */
export interface MeshOrders {
  /** Whom to dial, once; `Mesh.failed` tells what came of it, or a link in the next world. */
  readonly dial: readonly PeerId[]
  /** Whose links are wanted for as long as it is said. */
  readonly keep: ReadonlySet<PeerId>
  /** Whose links to close. */
  readonly release: readonly PeerId[]
  /** When to look again if nothing changes before, ms of the clock; Infinity for never. */
  readonly nextMs: number
}
