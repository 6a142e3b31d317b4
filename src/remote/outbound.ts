/**
 * Writes the messages of one session, and sends long ones another way; `inbound.ts` is its twin.
 *
 * What a value holds may call us while it is being written: what it wants to send waits until the
 * message at hand is whole. What nobody waits for leaves with whatever leaves next.
 *
 * **Invariant**: a message is written whole or not at all; what cannot travel fails the call, or is told
 * as text.
 */
import type { PendingCall } from './calls.ts'
import { describeAsText, describeFailure } from './failure.ts'
import { FrameWriter } from './frame-writer.ts'
import { messageType, referenceType } from './messages.ts'
import type { Entry } from './object-table.ts'
import { largeMessageBytes, pieceBytes } from './options.ts'
import { congested } from './over.ts'
import type { Reference, WireTarget } from './reference.ts'
import type { Asking, SessionSetup } from './session-setup.ts'
import type { SessionValues } from './session-values.ts'

/** What is asked of the session. */
export interface OutboundOwner {
  readonly values: SessionValues
  /** Counts what the peer is given. */
  readonly marshal: { giveEntry(entry: Entry): unknown }
  /** The arguments of a call cannot travel; nothing was sent. */
  onUnsent(pending: PendingCall, reason: unknown): void
}

/** Where messages go. */
type OutboundSetup = Pick<SessionSetup, 'send' | 'sendLarge' | 'isWritable' | 'isCongested'>

/** See the file's head. */
export class Outbound {
  readonly #owner: OutboundOwner
  readonly #setup: OutboundSetup
  readonly #writer: FrameWriter
  #nextLargeKey = 1
  #isClosed = false

  constructor(owner: OutboundOwner, setup: OutboundSetup) {
    this.#owner = owner
    this.#setup = setup
    this.#writer = new FrameWriter({ send: (bytes) => setup.send(bytes) })
  }

  /** Whether the path takes more items now. */
  get mayPump(): boolean {
    return this.#setup.isWritable()
  }

  /** Sends what was written so far, without waiting for the end of this turn. */
  flush(): void {
    if (!this.#isClosed && !this.#writer.isBusy) this.#writer.flush()
  }

  /** Sends what was written so far, if anybody waits for it. */
  flushUrgent(): void {
    if (!this.#isClosed && !this.#writer.isBusy) this.#writer.flushUrgent()
  }

  /** The session is over: nothing leaves any more. */
  close(): void {
    this.#isClosed = true
  }

  sendCall(pending: PendingCall, asking: Asking): void {
    if (this.#writer.isBusy) this.#writer.defer(() => this.#writeCall(pending, asking))
    else this.#writeCall(pending, asking)
  }

  sendRead(pending: PendingCall, target: WireTarget, path: readonly string[]): void {
    this.#whenFree(() => {
      this.#writeHead(messageType.get, pending, { target, path })
      this.#writer.end()
    })
  }

  /** @param asking - With `args`: over what a call with them gives, in one message. */
  sendIterate(
    pending: PendingCall,
    { target, path, args }: Omit<Asking, 'args'> & Partial<Pick<Asking, 'args'>>,
    windowBytes: number,
  ): void {
    this.#whenFree(() => {
      this.#writeHead(args ? messageType.stream : messageType.iterate, pending, { target, path })
      this.#writer.number(windowBytes)
      if (args === undefined) this.#writer.end()
      else this.#endWith(pending, { type: messageType.stream, target, args })
    })
  }

  sendList({ question }: PendingCall): void {
    this.#send(messageType.list, question)
  }

  /** Asks for an object: by its token where it has one, else by its name. */
  sendAsk({ question }: PendingCall, { number, token, name = '' }: Reference): void {
    this.#whenFree(() => {
      const isByToken = number !== undefined && token !== undefined
      this.#writer.begin(isByToken ? messageType.restore : messageType.find)
      this.#writer.number(question)
      if (isByToken) {
        this.#writer.number(number)
        this.#writer.raw(token)
      }
      this.#writer.text(name)
      this.#writer.end()
    })
  }

  /** @throws {SkeinError} It cannot travel, or the peer does not read: nothing was sent. */
  sendAnswer(
    question: number,
    value: unknown,
    { isKept, giver }: { readonly isKept: boolean; readonly giver: Entry | undefined },
  ): void {
    if (this.#setup.isCongested()) throw congested()
    this.#writer.begin(isKept ? messageType.keptAnswer : messageType.answer)
    this.#writer.number(question)
    this.#owner.values.write(this.#writer, value, giver)
    this.#end({ type: messageType.keptAnswer, question })
  }

  sendFail(question: number, reason: unknown, giver: Entry | undefined): void {
    this.#whenFree(() => {
      for (const failure of [describeFailure(reason), describeAsText(reason)]) {
        this.#writer.begin(messageType.fail)
        this.#writer.number(question)
        try {
          this.#owner.values.write(this.#writer, failure, giver)
          return this.#end({ type: messageType.fail, question })
        } catch (thrown) {
          ignore(thrown) // A reason that cannot travel: its text can.
        }
      }
    })
  }

  /** Returns its bytes. @throws {SkeinError} It cannot travel. */
  sendItem(question: number, value: unknown, giver: Entry | undefined): number {
    this.#writer.begin(messageType.item)
    this.#writer.number(question)
    const before = this.#writer.messageBytes
    this.#owner.values.write(this.#writer, value, giver)
    const bytes = this.#writer.messageBytes - before
    this.#end({ type: messageType.item, question }, 'stream')
    if (this.#writer.waitingBytes >= pieceBytes) this.flush() // So that `mayPump` is so.
    return bytes
  }

  sendCredit(question: number, offset: number): void {
    this.#send(messageType.credit, question, offset)
  }

  sendCancel(question: number): void {
    this.#send(messageType.cancel, question)
  }

  sendRelease(number: number, count: number): void {
    this.#sendIdly(messageType.release, number, count)
  }

  /** Asks the owner of an object to keep it for a while, whoever holds it. */
  sendLease(number: number, leaseMs: number): void {
    this.#send(messageType.lease, number, leaseMs)
  }

  sendForget(number: number): void {
    this.#sendIdly(messageType.forget, number)
  }

  sendSettle(number: number, value: unknown, isError: boolean): void {
    if (this.#isClosed) return
    this.#whenFree(() => {
      for (const [failed, each] of [
        [isError, isError ? describeFailure(value) : value],
        [true, describeAsText(value)],
      ] as const) {
        this.#writer.begin(messageType.settle)
        this.#writer.number(number)
        this.#writer.number(failed ? 1 : 0)
        try {
          this.#owner.values.write(this.#writer, each, undefined)
          return this.#end({ type: messageType.settle, question: number })
        } catch (thrown) {
          ignore(thrown) // As above.
        }
      }
    })
  }

  /** Gives the peer an object that it asked for by name or token. */
  sendFound(question: number, entry: Entry): void {
    this.#owner.marshal.giveEntry(entry)
    const { number, token, kind } = entry
    this.#whenFree(() => {
      this.#writer.begin(messageType.keptAnswer)
      this.#writer.number(question)
      this.#writer.number(referenceType[kind])
      this.#writer.number(number)
      this.#writer.raw(token)
      this.#writer.end()
    })
  }

  sendFinish(question: number): void {
    this.#sendIdly(messageType.finish, question)
  }

  #writeCall(pending: PendingCall, { target, path, args }: Asking): void {
    this.#writeHead(messageType.call, pending, { target, path })
    this.#endWith(pending, { type: messageType.call, target, args })
  }

  /** Writes the arguments, and ends the message. */
  #endWith(
    pending: PendingCall,
    { type, target, args }: Omit<Asking, 'path'> & { readonly type: number },
  ): void {
    const { question } = pending
    try {
      this.#owner.values.write(this.#writer, args, undefined)
    } catch (thrown) {
      return this.#owner.onUnsent(pending, thrown)
    }
    this.#end({ type, question, wire: target.wire })
  }

  #writeHead(
    type: number,
    pending: PendingCall,
    { target, path }: { readonly target: WireTarget; readonly path: readonly string[] },
  ): void {
    const writer = this.#writer
    writer.begin(type)
    writer.number(pending.question)
    writer.number(target.wire)
    writer.number(Math.ceil(target.options?.timeoutMs ?? 0))
    writer.number(path.length)
    for (const name of path) writer.text(name)
  }

  /** Ends a message, or sends it another way where it is long. */
  #end(
    about: { readonly type: number; readonly question: number; readonly wire?: number },
    haste: 'now' | 'stream' = 'now',
  ): void {
    const byteLength = this.#writer.messageBytes
    if (byteLength <= largeMessageBytes) return this.#writer.end(haste)
    const parts = this.#writer.takeOut()
    const key = this.#nextLargeKey++
    const { type, question, wire } = about
    this.#writer.begin(messageType.large)
    this.#writer.number(key)
    this.#writer.number(byteLength)
    this.#writer.number(type)
    this.#writer.number(wire ?? question)
    this.#writer.number(question)
    this.#writer.end()
    this.flush()
    this.#setup.sendLarge(key, parts)
  }

  /** Sends what nobody waits for. */
  #sendIdly(type: number, first: number, second?: number): void {
    this.#whenFree(() => {
      this.#writeNumbers(type, first, second)
      this.#writer.end('idle')
    })
  }

  #send(type: number, first: number, second?: number): void {
    this.#whenFree(() => {
      this.#writeNumbers(type, first, second)
      this.#writer.end()
    })
  }

  #writeNumbers(type: number, first: number, second: number | undefined): void {
    this.#writer.begin(type)
    this.#writer.number(first)
    if (second !== undefined) this.#writer.number(second)
  }

  #whenFree(write: () => void): void {
    if (this.#isClosed) return
    if (this.#writer.isBusy) this.#writer.defer(() => (this.#isClosed ? undefined : write()))
    else write()
  }
}

function ignore(_what: unknown): void {
  // Said where it is used.
}
