/** The parts of the picture that a feed keeps of the network. */
import type { LinkLine, NodeLine } from '../map/feed.ts'

/** A node in the picture. */
export interface SeenNode {
  line: NodeLine
  version: number
  isRemoved: boolean
}

/** A link in the picture. */
export interface SeenLink {
  line: LinkLine
  version: number
  isRemoved: boolean
  /** The look that last found it. */
  look: number
}
