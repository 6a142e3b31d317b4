/**
 * What makes a node a member of a network with a key: a pass, signed by that key, and the withdrawal
 * that takes it back. Whoever knows the network's ID can check both; nobody is asked.
 *
 *   pass         [body, signature]   body: network, holder, label, roles, issued, expires
 *   withdrawal   [body, signature]   body: network, holder, time: passes issued until then are void
 */
import { labelProblem } from '../base/label.ts'
import { keyFromPeerId, peerIdFromKey } from '../base/peer-id.ts'
import { maxPassRoles, roleProblem } from '../base/role.ts'
import { isKey } from '../codec/signed.ts'
import { isCount, open, seal } from './signed.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { Verify } from './signed.ts'

/** A network's ID: its Ed25519 public key, written as a peer ID is. */
export type NetworkId = PeerId

/** The right to be a member. */
export interface Pass {
  readonly network: NetworkId
  readonly holder: PeerId
  /** What the holder is called, in the whole network. */
  readonly label: string
  /** Roles that it has at every member, beside `member`. */
  readonly roles: readonly string[]
  /** Unix time by the clock of who signed it, ms. */
  readonly issuedMs: number
  /** Unix time, ms; 0 for never. */
  readonly expiresMs: number
}

/** Takes back all passes of a holder that were issued until a moment. */
export interface Withdrawal {
  readonly network: NetworkId
  readonly holder: PeerId
  /** Unix time by the clock of who signed it, ms. */
  readonly untilMs: number
}

/** Signs with a network's key. */
export interface NetworkSigner {
  readonly network: NetworkId
  sign(bytes: Uint8Array): Uint8Array
}

/** Signs a pass. */
export function signPass(pass: Omit<Pass, 'network'>, signer: NetworkSigner): Uint8Array {
  const { holder, label, roles, issuedMs, expiresMs } = pass
  const body = { label, roles, issuedMs, expiresMs, holder: keyFromPeerId(holder) }
  return seal({ ...body, kind: 'pass', key: keyFromPeerId(signer.network) }, (bytes) =>
    signer.sign(bytes),
  )
}

/** Reads a pass and checks its form and signature, not its time; a string says what is wrong. */
export function readPass(bytes: Uint8Array, verify: Verify): Pass | string {
  const opened = open(bytes, 'pass', verify)
  if (typeof opened === 'string') return opened
  const { holder, label, roles, issuedMs, expiresMs } = opened.fields
  if (!isKey(holder)) return 'a pass for nobody'
  if (typeof label !== 'string' || labelProblem(label) !== undefined)
    return 'a pass without a label'
  if (!Array.isArray(roles) || roles.length > maxPassRoles || !roles.every(isRole)) {
    return 'a pass with roles that are none'
  }
  if (!isCount(issuedMs) || !isCount(expiresMs)) return 'a pass without its times'
  const network = opened.signer
  return { network, holder: peerIdFromKey(holder), label, roles, issuedMs, expiresMs }
}

/** Signs a withdrawal. */
export function signWithdrawal(
  { holder, untilMs }: Omit<Withdrawal, 'network'>,
  signer: NetworkSigner,
): Uint8Array {
  const body = { holder: keyFromPeerId(holder), untilMs }
  return seal({ ...body, kind: 'withdrawal', key: keyFromPeerId(signer.network) }, (bytes) =>
    signer.sign(bytes),
  )
}

/** Reads a withdrawal and checks its form and signature; a string says what is wrong. */
export function readWithdrawal(bytes: Uint8Array, verify: Verify): Withdrawal | string {
  const opened = open(bytes, 'withdrawal', verify)
  if (typeof opened === 'string') return opened
  const { holder, untilMs } = opened.fields
  if (!isKey(holder) || !isCount(untilMs)) return 'a malformed withdrawal'
  return { network: opened.signer, holder: peerIdFromKey(holder), untilMs }
}

function isRole(role: unknown): role is string {
  return typeof role === 'string' && roleProblem(role) === undefined
}
