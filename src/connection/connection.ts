/**
 * The lasting relation to one peer: many streams over one path after another.
 *
 *   open ──last path lost──▶ suspended ──path attached──▶ open
 *     └──── close, GOODBYE, violation ────┴── window over ──▶ closed
 *
 * Counted frames are numbered from 0 in each direction, kept until acknowledged ({@link SendLog}) and
 * replayed on the next path, so a lost path loses, repeats and reorders nothing. Each side sends on
 * one path of its own choice and reads on all.
 *
 * Everything that one turn of reading leads to leaves in one write at its end; what happens outside
 * such a turn leaves in a microtask.
 *
 * **Invariant**: a frame is acted on exactly once: when its number is `receivedNumber`.
 */
import { SkeinError } from '../base/errors.ts'
import { frameType, isCounted, makeAckedFrame, makeNumberFrame, readUint53 } from './frames.ts'
import { ackBytes, ackDelayMs, littleBytes, littleFrames, maxPaths } from './options.ts'
import { isClearlyFaster, isSurplus } from './path-choice.ts'
import { PathLink } from './path-link.ts'
import { SendLog } from './send-log.ts'
import { StreamTable, readReason, writeReason } from './stream-table.ts'
import type { Clock, Timer } from '../base/clock.ts'
import type { ErrorCode } from '../base/errors.ts'
import type { Path } from '../transport/contract.ts'
import type { Priority, Stream } from './contract.ts'
import type {
  Attachment,
  ConnectionHandler,
  ConnectionSetup,
  ConnectionState,
} from './connection-setup.ts'
import type { DataPart, Frame, FrameReader } from './frame-reader.ts'
import type { ConnectionOptions } from './options.ts'
import type { Rest } from './handshake.ts'
import type { LinkOwner } from './path-link.ts'
import type { FrameOutlet } from './stream-table.ts'

/** See the file's head. */
export class Connection implements LinkOwner, FrameOutlet {
  readonly epoch: number
  readonly isLower: boolean
  readonly peerWindowBytes: number
  readonly clock: Clock
  readonly options: ConnectionOptions
  state: ConnectionState = 'suspended'
  /** Why the path in use was chosen, for people. */
  pathReason = 'no path yet'
  /** Whether the path that joined last ends on this machine. */
  isLocal = false
  /** Number of the next counted frame of the peer that is news. */
  receivedNumber = 0

  readonly #handler: ConnectionHandler
  readonly #log = new SendLog()
  readonly #streams: StreamTable
  #links: PathLink[] = []
  #sending: PathLink | undefined
  /** Payload bytes of frame `receivedNumber` that were already handed on. */
  #partBytes = 0
  #ackedNumber = 0
  /** Frames before this one left on another path than the one in use. */
  #switchNumber = 0
  #unackedBytes = 0
  #ackTimer: Timer | undefined
  #expiry: Timer | undefined
  #suspendedAtMs: number
  #isInTurn = false
  #isFlushDue = false
  /** How many paths joined so far. What was asked while suspended has not left before the next one. */
  attachedPaths = 0

  constructor(setup: ConnectionSetup) {
    this.epoch = setup.epoch
    this.isLower = setup.isLower
    this.peerWindowBytes = setup.peerWindowBytes
    this.clock = setup.clock
    this.options = setup.options
    this.#handler = setup.handler
    this.#streams = new StreamTable(this, this.#log)
    this.#suspendedAtMs = setup.clock.nowMs()
  }

  /** The path that we send on. */
  get path(): Path | undefined {
    return this.#sending?.path
  }

  /** All paths, the one in use first. */
  get links(): readonly PathLink[] {
    return this.#links.toSorted((a, b) => Number(b === this.#sending) - Number(a === this.#sending))
  }

  /** Smoothed round-trip time of the path in use, µs. */
  get rttMicros(): number | undefined {
    return this.#sending?.rttMicros
  }

  /** True while the path in use does not answer in time. */
  get isDoubtful(): boolean {
    return this.#sending?.isDoubtful === true
  }

  /** Streams that are open, without those in the background. */
  get streamCount(): number {
    return this.#streams.neededCount
  }

  get isNeeded(): boolean {
    return this.#streams.isNeeded
  }

  /** True before the first path joined. */
  get isUnused(): boolean {
    return this.state === 'suspended' && this.#expiry === undefined
  }

  /** Milliseconds since the last path was lost; 0 while open. */
  get suspendedMs(): number {
    return this.state === 'suspended' ? this.clock.nowMs() - this.#suspendedAtMs : 0
  }

  /** Bytes that streams gave and the peer has not acknowledged. */
  get heldBytes(): number {
    return this.#log.retainedBytes + this.#streams.queuedBytes
  }

  /** Number of the next counted frame to the peer: so many there were so far. */
  get sentNumber(): number {
    return this.#log.nextNumber
  }

  get canSend(): boolean {
    return this.#sending !== undefined
  }

  get inFlightBytes(): number {
    return this.#log.retainedBytes
  }

  /**
   * Opens a stream. While suspended it waits for the next path.
   *
   * @throws {SkeinError} `CONNECTION_CLOSED` the connection is over.
   */
  open(protocol: string, options: { readonly priority?: Priority } = {}): Stream {
    if (this.state === 'closed') {
      throw new SkeinError('CONNECTION_CLOSED', `cannot open ${protocol}: the connection is closed`)
    }
    return this.#streams.open(protocol, options.priority ?? 'call')
  }

  /**
   * Adds a path that went through the handshake. With no other path, or one in doubt, it is used at
   * once; else it stands by.
   *
   * @param rest - What came right behind the handshake.
   * @returns false when the peer claims to have received what was never sent, or the connection closed:
   *   the path is not used.
   */
  attach(path: Path, { peerReceived, toldReceived }: Attachment, rest?: Rest): boolean {
    if (this.state === 'closed') return false
    if (peerReceived !== undefined && !this.#log.acknowledge(peerReceived)) return false
    const link = new PathLink(this, path, toldReceived)
    this.#links.push(link)
    this.attachedPaths++
    this.isLocal = path.isLocal
    this.#expiry?.cancel()
    this.state = 'open'
    this.#handler.onPathAttached(path)
    if (this.#isOver()) return true
    const inUse = this.#sending
    if (inUse === undefined || inUse.isDoubtful) {
      // The handshake was an answer, and the path in use owes one: the first to answer carries on.
      this.#sendOn(link, peerReceived)
      this.pathReason = inUse === undefined ? 'the only path' : 'the path before is in doubt'
    } else inUse.probe()
    link.start()
    rest?.giveTo(link)
    this.#boundPaths()
    return true
  }

  /** Moves what we send to another living path, without loss, while the old one lives on. */
  switchTo(link: PathLink): void {
    if (link === this.#sending || link.isClosed || this.#sending === undefined) return
    this.#flush()
    this.#log.leaveSlab()
    this.#sending = link
    this.#switchNumber = this.#log.nextNumber
    link.path.write(makeNumberFrame(frameType.switch, this.#switchNumber))
  }

  /** Asks for a sign of life on every path: something about the network has changed. */
  probe(): void {
    for (const link of this.#links) link.probe()
  }

  /**
   * Says goodbye, sends what is under way, and closes. Streams end with this code.
   *
   * @param goodbye - What the peer is told, where that differs.
   */
  close(code: ErrorCode, message: string, goodbye: ErrorCode = code): void {
    if (this.state === 'closed') return
    this.#streams.pump()
    this.append(frameType.goodbye, 0, writeReason(goodbye, message))
    this.#log.flush(this.#sending?.path, this.#ackNumber())
    this.#end(new SkeinError(code, message))
  }

  onNeed(): void {
    if (this.state === 'suspended' && this.streamCount === 1) this.#handler.onWait()
  }

  append(type: number, streamId: number, payload: Uint8Array): void {
    this.#log.append({ type, streamId }, payload, this.#sending?.path)
  }

  appendNumber(type: number, streamId: number, value: number): void {
    this.#log.appendNumber({ type, streamId, value }, this.#sending?.path)
  }

  wake(): void {
    if (this.#isInTurn || this.#isFlushDue) return
    this.#isFlushDue = true
    queueMicrotask(() => {
      this.#isFlushDue = false
      if (this.state !== 'closed') this.#flush()
    })
  }

  accept(stream: Stream): boolean {
    return this.#handler.onStream(stream)
  }

  onLinkData(link: PathLink, bytes: Uint8Array): void {
    this.#isInTurn = true
    const violation = link.reader.read(bytes) ?? this.#readHeld()
    this.#isInTurn = false
    if (this.state === 'closed') return
    if (violation !== undefined) this.#fail(violation)
    else this.#endTurn()
  }

  onLinkClose(link: PathLink, reason: string): void {
    this.#links = this.#links.filter((other) => other !== link)
    if (this.state === 'closed') return
    if (this.#sending === link) {
      this.#sending = undefined
      const next = this.#links[0]
      if (next !== undefined) {
        this.#sendOn(next, undefined)
        this.pathReason = 'the path before was lost'
      }
    } else if (this.#sending !== undefined && this.#log.ackedNumber < this.#switchNumber) {
      // Frames from before the last SWITCH went down with the path.
      this.#sendOn(this.#sending, undefined)
    }
    const isLast = this.#links.length === 0
    if (isLast) {
      this.state = 'suspended'
      this.#suspendedAtMs = this.clock.nowMs()
    }
    this.#handler.onPathLost(link.path, reason)
    if (this.#isOver()) return
    if (isLast && this.#links.length === 0) this.#awaitPath()
  }

  onLinkDoubt(link: PathLink): void {
    if (link !== this.#sending) return
    const other = this.#links.find((each) => each !== link && !each.isDoubtful)
    if (other === undefined) this.#handler.onDoubt()
    else {
      this.#sendOn(other, undefined)
      this.pathReason = 'the path before is in doubt'
    }
  }

  onLinkRtt(link: PathLink): void {
    const inUse = this.#sending
    if (link === inUse && link.rttMicros !== undefined) this.#handler.onRtt(link.rttMicros)
    else if (inUse !== undefined && isClearlyFaster(link, inUse, this.clock.nowMs())) {
      this.switchTo(link)
      this.pathReason = 'faster than the path before'
    }
  }

  onLinkTick(link: PathLink): void {
    this.#log.rest()
    const inUse = this.#sending
    if (link === inUse || inUse === undefined || inUse.isDoubtful || !this.isLower) return
    if (!isSurplus(link, this.clock.nowMs())) return
    link.close()
    this.onLinkClose(link, 'another path is better')
  }

  onDataPart(part: DataPart): string | undefined {
    if (part.number < this.receivedNumber) return undefined
    const { length } = part.bytes
    const skip = Math.min(Math.max(this.#partBytes - part.offset, 0), length)
    const end = part.offset + length
    this.#unackedBytes += length
    if (end === part.payloadBytes) {
      this.receivedNumber++
      this.#partBytes = 0
    } else this.#partBytes = Math.max(this.#partBytes, end)
    return skip < length ? this.#streams.onData(part, skip) : undefined
  }

  onFrame(frame: Frame, reader: FrameReader): string | undefined {
    if (!isCounted(frame.type)) return this.#onPathFrame(frame, reader)
    if (frame.number < this.receivedNumber || this.state === 'closed') return undefined
    this.receivedNumber++
    this.#unackedBytes += frame.payload.length
    if (frame.type === frameType.goodbye) return this.#onGoodbye(frame.payload)
    return this.#streams.onFrame(frame)
  }

  #onPathFrame({ type, payload }: Frame, reader: FrameReader): string | undefined {
    const value = readUint53(payload, 0)
    if (payload.length !== 8 || value === undefined) return 'C4: a malformed number'
    const link = this.#links.find((each) => each.reader === reader)
    if (link === undefined) return undefined
    switch (type) {
      case frameType.ping:
        link.answerPing(value, this.#links.length === 1)
        return undefined
      case frameType.pong:
        link.receivePong(value)
        return undefined
      case frameType.ack:
        return this.#onAck(value)
      default:
        reader.renumber(value)
        return undefined
    }
  }

  #onAck(number: number): string | undefined {
    const isNews = number > this.#log.ackedNumber
    if (!this.#log.acknowledge(number)) return 'C6: an ACK of what was never sent'
    if (isNews) this.#sending?.prove()
    return undefined
  }

  #onGoodbye(payload: Uint8Array): string | undefined {
    const reason = readReason(payload)
    if (reason === undefined) return 'C13: a malformed GOODBYE'
    this.#end(new SkeinError(reason.code, reason.message, { cause: 'peer' }))
    return undefined
  }

  /** Hands on what paths held back for frames that have come now. */
  #readHeld(): string | undefined {
    for (const { reader } of this.#links) {
      const violation = reader.isHolding ? reader.readHeld() : undefined
      if (violation !== undefined) return violation
    }
    return undefined
  }

  /**
   * Sends on `link` from now on, where no other path is in use.
   *
   * @param peerReceived - Told in the handshake of this path: the peer counts from there. `undefined`
   *   when it is not known, or not fresh: then SWITCH says where we start.
   */
  #sendOn(link: PathLink, peerReceived: number | undefined): void {
    this.#log.flush(undefined, -1)
    this.#sending = link
    const { ackedNumber } = this.#log
    this.#switchNumber = ackedNumber
    if (peerReceived !== ackedNumber) {
      link.path.write(makeNumberFrame(frameType.switch, ackedNumber))
    }
    // Whatever was acknowledged may have gone down with the path before.
    this.#ackedNumber = 0
    this.#ackNow()
    this.#log.replay(link.path, ackedNumber)
    this.wake()
  }

  /** A path too many takes the place of one that we do not send on: one in doubt, or else the oldest. */
  #boundPaths(): void {
    if (this.#links.length <= maxPaths) return
    const idle = this.#links.filter((link) => link !== this.#sending)
    const surplus = idle.find(({ isDoubtful }) => isDoubtful) ?? idle[0]
    if (surplus === undefined) return
    surplus.close()
    this.onLinkClose(surplus, `C21: more than ${maxPaths} paths`)
  }

  #endTurn(): void {
    this.#streams.pump()
    if (this.#log.hasPending) this.#flushLog()
    else if (this.receivedNumber > this.#ackedNumber) this.#ackSoon()
  }

  #flush(): void {
    this.#streams.pump()
    if (this.#log.hasPending) this.#flushLog()
  }

  #flushLog(): void {
    this.#log.flush(this.#sending?.path, this.#ackNumber())
  }

  /** The number to acknowledge with what leaves now; below zero where none is due. */
  #ackNumber(): number {
    if (this.#sending === undefined || this.receivedNumber === this.#ackedNumber) return -1
    this.#ackedNumber = this.receivedNumber
    this.#unackedBytes = 0
    return this.receivedNumber
  }

  writeProbe(link: PathLink, type: number, value: number): void {
    const acked = link === this.#sending ? this.#ackNumber() : -1
    link.path.write(acked < 0 ? makeNumberFrame(type, value) : makeAckedFrame(type, value, acked))
  }

  /** A little waits for the next PING or PONG: it costs the peer some memory, and us no record. */
  #ackSoon(): void {
    if (this.#unackedBytes >= ackBytes) return this.#ackNow()
    const frames = this.receivedNumber - this.#ackedNumber
    if (this.#unackedBytes <= littleBytes && frames <= littleFrames) return
    this.#ackTimer ??= this.clock.after(ackDelayMs, () => {
      this.#ackTimer = undefined
      this.#ackNow()
    })
  }

  #ackNow(): void {
    const number = this.#ackNumber()
    if (number >= 0) this.#sending?.path.write(makeNumberFrame(frameType.ack, number))
  }

  #awaitPath(): void {
    const { resumeWindowMs } = this.options
    if (resumeWindowMs === 0) {
      this.close('CONNECTION_CLOSED', 'the other side went away')
      return
    }
    this.#expiry = this.clock.after(resumeWindowMs, () => {
      const text = `no path to the peer for ${Math.round(resumeWindowMs / 1_000)} s`
      this.close('CONNECTION_EXPIRED', `${text} (resumeWindowMs)`)
    })
  }

  /** State as it is now, after a handler may have changed it. */
  #isOver(): boolean {
    return this.state === 'closed'
  }

  #fail(rule: string): void {
    this.#handler.onViolation(rule)
    this.close('VIOLATION', rule)
  }

  #end(error: SkeinError): void {
    this.state = 'closed'
    this.#expiry?.cancel()
    this.#ackTimer?.cancel()
    const links = this.#links
    this.#links = []
    this.#sending = undefined
    for (const link of links) link.close()
    this.#streams.closeAll(error)
    this.#log.clear()
    this.#handler.onClose(error)
  }
}
