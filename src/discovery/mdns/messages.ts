/**
 * DNS messages (RFC 1035 §4), as far as multicast DNS needs them (RFC 6762 §18): names with compression,
 * and the records PTR, SRV, TXT, A and AAAA. What else a message holds is skipped.
 *
 * A name is a list of labels; a label may hold any text, dots too (RFC 6763 §4.1).
 *
 * **Invariant**: reading ends, whatever the bytes are: a pointer leads only backwards, and names, questions
 * and records are counted.
 */

/** A name: its labels, without the root. */
export type Name = readonly string[]

/** What is asked. */
export interface Question {
  readonly name: Name
  readonly type: number
  /** Whether an answer to the asker alone would do (RFC 6762 §5.4). */
  readonly isUnicast: boolean
}

/** What a record says. */
export type RecordData =
  | { readonly kind: 'ptr'; readonly name: Name }
  | { readonly kind: 'srv'; readonly port: number; readonly target: Name }
  | { readonly kind: 'txt'; readonly texts: readonly string[] }
  | { readonly kind: 'address'; readonly bytes: Uint8Array }

/** A record. */
export interface DnsRecord {
  readonly name: Name
  readonly ttlSeconds: number
  /** Whether it replaces what was known under its name (RFC 6762 §10.2). */
  readonly isUnique: boolean
  readonly data: RecordData
}

/** A message. */
export interface DnsMessage {
  readonly isResponse: boolean
  readonly questions: readonly Question[]
  /** Answers of a response; in a query what the asker knows already. */
  readonly answers: readonly DnsRecord[]
  readonly additionals: readonly DnsRecord[]
}

/** Types of records (RFC 1035 §3.2.2, RFC 3596, RFC 2782). */
export const recordTypes = { a: 1, ptr: 12, txt: 16, aaaa: 28, srv: 33, any: 255 } as const

const classIn = 1
const topBit = 0x8000 // In questions: unicast will do; in records: replaces what was known.
const responseFlags = 0x8400 // A response, and authoritative.
const headBytes = 12
const maxMessageBytes = 9_000 // RFC 6762 §17
const maxNameBytes = 255 // RFC 1035 §2.3.4
const maxLabelBytes = 63
const maxQuestions = 64 // Guess: a query of a whole house fits.
const maxRecords = 256 // Guess: as above.
const maxLabels = 512 // Guess: as above; each costs time, and pointers make many of few bytes.

/** Reads a message; `undefined` when it is none. Never throws. */
export function readDnsMessage(bytes: Uint8Array): DnsMessage | undefined {
  if (bytes.length < headBytes || bytes.length > maxMessageBytes) return undefined
  try {
    return new Reader(bytes).readMessage()
  } catch (thrown) {
    if (thrown instanceof Malformed) return undefined
    throw thrown
  }
}

/** Writes a message. */
export function writeDnsMessage(message: DnsMessage): Uint8Array {
  return new Writer().writeMessage(message)
}

/** Whether two names are one: capitals do not matter (RFC 6762 §16). */
export function isSameName(a: Name, b: Name): boolean {
  return a.length === b.length && a.every((label, at) => lower(label) === lower(b[at] ?? ''))
}

function lower(label: string): string {
  return label.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase())
}

const utf8 = new TextDecoder()

function isAscii(byte: number): boolean {
  return byte < 0x80
}

/** Ends the reading of a message that is none. */
class Malformed extends Error {}

class Reader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  #at = 0
  #labels = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  }

  readMessage(): DnsMessage {
    this.#uint16() // The ID means nothing here (RFC 6762 §18.1).
    const flags = this.#uint16()
    const [questionCount, answerCount, authorityCount, additionalCount] = [
      this.#uint16(),
      this.#uint16(),
      this.#uint16(),
      this.#uint16(),
    ]
    const isForUs = (flags & 0x7800) === 0 // Any opcode but a query's is ignored (RFC 6762 §18.3).
    const recordCount = answerCount + authorityCount + additionalCount
    if (!isForUs || questionCount > maxQuestions || recordCount > maxRecords) throw new Malformed()
    const questions = Array.from({ length: questionCount }, () => this.#question())
    const answers = this.#records(answerCount)
    this.#records(authorityCount)
    const additionals = this.#records(additionalCount)
    return { isResponse: (flags & topBit) !== 0, questions, answers, additionals }
  }

  #question(): Question {
    const name = this.#name()
    const type = this.#uint16()
    return { name, type, isUnicast: (this.#uint16() & topBit) !== 0 }
  }

  #records(count: number): readonly DnsRecord[] {
    const records: DnsRecord[] = []
    for (let read = 0; read < count; read++) {
      const record = this.#record()
      if (record !== undefined) records.push(record)
    }
    return records
  }

  #record(): DnsRecord | undefined {
    const name = this.#name()
    const type = this.#uint16()
    const classBits = this.#uint16()
    const ttlSeconds = this.#uint32()
    const length = this.#uint16()
    const end = this.#at + length
    if (end > this.#bytes.length) throw new Malformed()
    const data = (classBits & ~topBit) === classIn ? this.#data(type, end) : undefined
    if (this.#at > end) throw new Malformed()
    this.#at = end
    return data && { name, ttlSeconds, isUnique: (classBits & topBit) !== 0, data }
  }

  #data(type: number, end: number): RecordData | undefined {
    switch (type) {
      case recordTypes.ptr:
        return { kind: 'ptr', name: this.#name() }
      case recordTypes.srv: {
        this.#uint32() // Priority and weight: there is one of each on a link.
        const port = this.#uint16()
        return { kind: 'srv', port, target: this.#name() }
      }
      case recordTypes.txt: {
        const texts: string[] = []
        while (this.#at < end) texts.push(this.#text(this.#uint8()))
        return { kind: 'txt', texts }
      }
      case recordTypes.a:
      case recordTypes.aaaa: {
        if (end - this.#at !== (type === recordTypes.a ? 4 : 16)) throw new Malformed()
        return { kind: 'address', bytes: this.#bytes.slice(this.#at, end) }
      }
      default:
        return undefined
    }
  }

  #name(): Name {
    const labels: string[] = []
    let nameBytes = 1
    let at = this.#at
    let end: number | undefined // Behind the first pointer, where reading goes on.
    for (;;) {
      const length = this.#byteAt(at)
      if (length === 0) break
      if (length >= 0xc0) {
        const target = ((length & 0x3f) << 8) | this.#byteAt(at + 1)
        end ??= at + 2
        if (target >= at) throw new Malformed() // Only backwards: so it ends.
        at = target
        // Chains of pointers without a label in between are bounded like labels.
        nameBytes++
      } else if (length > maxLabelBytes) throw new Malformed()
      else {
        labels.push(this.#textAt(at + 1, length))
        if (++this.#labels > maxLabels) throw new Malformed()
        at += 1 + length
        nameBytes += 1 + length
      }
      if (nameBytes > maxNameBytes) throw new Malformed()
    }
    this.#at = end ?? at + 1
    return labels
  }

  #text(length: number): string {
    const text = this.#textAt(this.#at, length)
    this.#at += length
    return text
  }

  #textAt(at: number, length: number): string {
    if (at + length > this.#bytes.length) throw new Malformed()
    const bytes = this.#bytes.subarray(at, at + length)
    return bytes.every(isAscii) ? String.fromCharCode(...bytes) : utf8.decode(bytes)
  }

  #byteAt(at: number): number {
    const byte = this.#bytes[at]
    if (byte === undefined) throw new Malformed()
    return byte
  }

  #uint8(): number {
    return this.#byteAt(this.#at++)
  }

  #uint16(): number {
    return (this.#uint8() << 8) | this.#uint8()
  }

  #uint32(): number {
    this.#byteAt(this.#at + 3)
    const value = this.#view.getUint32(this.#at)
    this.#at += 4
    return value
  }
}

class Writer {
  readonly #bytes: number[] = []
  /** Where names that were written stand, each by its labels in lower case. */
  readonly #names = new Map<string, number>()

  writeMessage({ isResponse, questions, answers, additionals }: DnsMessage): Uint8Array {
    this.#uint16(0)
    this.#uint16(isResponse ? responseFlags : 0)
    this.#uint16(questions.length)
    this.#uint16(answers.length)
    this.#uint16(0)
    this.#uint16(additionals.length)
    for (const { name, type, isUnicast } of questions) {
      this.#name(name)
      this.#uint16(type)
      this.#uint16(classIn | (isUnicast ? topBit : 0))
    }
    for (const record of [...answers, ...additionals]) this.#record(record)
    return Uint8Array.from(this.#bytes)
  }

  #record({ name, ttlSeconds, isUnique, data }: DnsRecord): void {
    this.#name(name)
    this.#uint16(typeOf(data))
    this.#uint16(classIn | (isUnique ? topBit : 0))
    this.#uint16(ttlSeconds >>> 16)
    this.#uint16(ttlSeconds & 0xffff)
    const lengthAt = this.#bytes.length
    this.#uint16(0)
    this.#data(data)
    const length = this.#bytes.length - lengthAt - 2
    this.#bytes[lengthAt] = length >>> 8
    this.#bytes[lengthAt + 1] = length & 0xff
  }

  #data(data: RecordData): void {
    switch (data.kind) {
      case 'ptr':
        return this.#name(data.name)
      case 'srv':
        this.#uint16(0)
        this.#uint16(0)
        this.#uint16(data.port)
        return this.#name(data.target)
      case 'txt':
        for (const text of data.texts) this.#text(text, 255)
        return
      case 'address':
        this.#bytes.push(...data.bytes)
        return
      default:
        data satisfies never
    }
  }

  #name(name: Name): void {
    for (let at = 0; at < name.length; at++) {
      const key = name.slice(at).map(lower).join('\0')
      const known = this.#names.get(key)
      if (known !== undefined) return this.#uint16(0xc000 | known)
      if (this.#bytes.length < 0x4000) this.#names.set(key, this.#bytes.length)
      this.#text(name[at] ?? '', maxLabelBytes)
    }
    this.#bytes.push(0)
  }

  #text(text: string, maxBytes: number): void {
    const bytes = new TextEncoder().encode(text).subarray(0, maxBytes)
    this.#bytes.push(bytes.length, ...bytes)
  }

  #uint16(value: number): void {
    this.#bytes.push(value >>> 8, value & 0xff)
  }
}

/** The type of a record with this data. */
export function typeOf(data: RecordData): number {
  return data.kind === 'address'
    ? recordTypes[data.bytes.length === 4 ? 'a' : 'aaaa']
    : recordTypes[data.kind]
}
