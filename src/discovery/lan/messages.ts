/**
 * What the discovery `lan` sends, version 1. Big-endian.
 *
 *    0  "SKND"            4
 *    4  version           1   1
 *    5  kind              1   1 ping, 2 pong
 *    6  length of label   1   0 to 32; 255: the sender is not open
 *    7  0                 1
 *    8  TCP port          2   where the sender listens; 0: nowhere
 *   10  echo             16   in a pong the nonce of the ping, else 0
 *   26  beacon          184   see beacon.ts
 *  210  ID, label            only of a sender that is open
 *
 * A ping is filled up with zeros to 280 bytes: no pong is longer than the ping that it answers.
 */
import { labelProblem } from '../../base/label.ts'
import { keyFromPeerId, peerIdFromKey } from '../../base/peer-id.ts'
import { beaconBytes } from '../beacon.ts'
import type { OpenSelf } from '../contract.ts'

/** A message, read. */
export interface LanMessage {
  readonly kind: 'ping' | 'pong'
  readonly port: number
  /** 16 bytes. */
  readonly echo: Uint8Array
  readonly beacon: Uint8Array
  readonly open?: OpenSelf
}

/** The length of every ping. */
export const pingBytes = 280

const magic = [0x53, 0x4b, 0x4e, 0x44] // SKND
const version = 1
const notOpen = 255
const echoAt = 10
const echoBytes = 16
const beaconAt = echoAt + echoBytes
const openAt = beaconAt + beaconBytes
const idBytes = 32
const maxLabelBytes = 32

/** Writes a message. */
export function writeLanMessage({ kind, port, echo, beacon, open }: LanMessage): Uint8Array {
  const label = new TextEncoder().encode(open?.label ?? '')
  const ownBytes = openAt + (open === undefined ? 0 : idBytes + label.length)
  const bytes = new Uint8Array(kind === 'ping' ? pingBytes : ownBytes)
  bytes.set(magic)
  bytes[4] = version
  bytes[5] = kind === 'ping' ? 1 : 2
  bytes[6] = open === undefined ? notOpen : label.length
  new DataView(bytes.buffer).setUint16(8, port)
  bytes.set(echo, echoAt)
  bytes.set(beacon, beaconAt)
  if (open === undefined) return bytes
  bytes.set(keyFromPeerId(open.id), openAt)
  bytes.set(label, openAt + idBytes)
  return bytes
}

/** Reads a message; a word says what is wrong with it. Never throws. */
export function readLanMessage(
  bytes: Uint8Array,
): LanMessage | 'foreign' | 'version' | 'malformed' {
  if (magic.some((byte, at) => bytes[at] !== byte)) return 'foreign'
  if (bytes[4] !== version) return 'version'
  const kind = bytes[5] === 1 ? 'ping' : bytes[5] === 2 ? 'pong' : undefined
  const labelBytes = bytes[6] ?? 0
  const isOpen = labelBytes !== notOpen
  const ownBytes = openAt + (isOpen ? idBytes + labelBytes : 0)
  if (kind === undefined || labelBytes > (isOpen ? maxLabelBytes : notOpen)) return 'malformed'
  if (bytes.length !== (kind === 'ping' ? pingBytes : ownBytes)) return 'malformed'
  const message = {
    kind,
    port: ((bytes[8] ?? 0) << 8) | (bytes[9] ?? 0),
    echo: bytes.slice(echoAt, beaconAt),
    beacon: bytes.slice(beaconAt, openAt),
  } as const
  if (!isOpen) return message
  const id = peerIdFromKey(bytes.slice(openAt, openAt + idBytes))
  const label = new TextDecoder().decode(bytes.subarray(openAt + idBytes, ownBytes))
  return labelProblem(label) === undefined ? { ...message, open: { id, label } } : 'malformed'
}
