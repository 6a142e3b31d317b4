/**
 * What runs between two peers while their path breaks, and the count of what became of it.
 *
 *   calls  every 100 ms a request of 8 bytes with its number; the answer repeats the number
 *   bulk   random bytes, 1 MiB a second, one way
 *
 * Both travel on *lines*, two-way exchanges of bytes that each system makes in its own way:
 * `write(bytes)` returns false when one had better wait for `onDrain`, and throws or loses the bytes
 * when the line is gone. A line that is lost is replaced when the system reports the next; what was
 * on it is lost then, unless the system saves it. Who has no line cannot ask: that call is lost too.
 */
import { createHash, randomFillSync } from 'node:crypto'

export const lineNames = ['calls', 'bulk']
const callPeriodMs = 100
const callBytes = 8
const chunkBytes = 16 * 1_024
const chunkPeriodMs = 16

/** Milliseconds since 1970, finer than `Date.now`, and the same in all processes of a machine. */
export const nowMs = () => performance.timeOrigin + performance.now()

/** Takes messages of a fixed length out of a stream of bytes. */
function messages(onMessage) {
  let rest = Buffer.alloc(0)
  return (bytes) => {
    rest = Buffer.concat([rest, bytes])
    while (rest.length >= callBytes) {
      onMessage(rest.subarray(0, callBytes))
      rest = rest.subarray(callBytes)
    }
  }
}

/** The side that asks and sends. */
export class Asker {
  /** By number: when it was asked, the first answer, and how many came. */
  #calls = []
  #lines = {}
  #timers = []
  #isHeld = false
  #sent = { bytes: 0, hash: createHash('sha256') }
  #healedMs = Infinity
  #tell

  constructor(tell) {
    this.#tell = tell
  }

  /** The system has a line of this name. */
  up(name, line) {
    this.#lines[name] = line
    if (name === 'calls') {
      line.onData = messages((message) => this.answered(message.readUInt32BE(0)))
    } else this.#isHeld = false
    line.onDrain = () => {
      if (name === 'bulk' && this.#lines.bulk === line) this.#isHeld = false
    }
    line.onClose = () => {
      if (this.#lines[name] === line) delete this.#lines[name]
    }
  }

  has(name) {
    return this.#lines[name] !== undefined
  }

  /** @param call - How the system asks, if it does so without lines. */
  start(call) {
    this.#timers.push(setInterval(() => this.#ask(call), callPeriodMs))
    this.#timers.push(setInterval(() => this.#send(), chunkPeriodMs))
  }

  stop() {
    for (const timer of this.#timers) clearInterval(timer)
  }

  healed(atMs) {
    this.#healedMs = atMs
  }

  answered(number) {
    const call = this.#calls[number]
    if (call === undefined) return
    call.answers++
    call.answeredMs ??= nowMs()
    this.#tell(call.answeredMs >= this.#healedMs ? 'recovered' : 'answered')
  }

  report(cutMs) {
    const calls = this.#calls
    const answered = calls.filter(({ answers }) => answers > 0)
    const afterHeal = answered.filter(({ answeredMs }) => answeredMs >= this.#healedMs)
    const lost = calls.filter(({ answers }) => answers === 0)
    const wasInFlight = ({ askedMs }) => askedMs < cutMs
    const firstMs = Math.min(...afterHeal.map(({ answeredMs }) => answeredMs))
    return {
      recoveryMs: Number.isFinite(firstMs) ? firstMs - this.#healedMs : null,
      asked: calls.length,
      lost: lost.length,
      lostInFlight: lost.filter(wasInFlight).length,
      answeredTwice: calls.filter(({ answers }) => answers > 1).length,
      failure: calls.find(({ failure }) => failure !== undefined)?.failure,
      sentBytes: this.#sent.bytes,
      sentHash: this.#sent.hash.copy().digest('hex'),
    }
  }

  #ask(call) {
    const number = this.#calls.length
    const entry = { askedMs: nowMs(), answers: 0 }
    this.#calls.push(entry)
    if (call !== undefined) {
      call(number).then(
        (text) => this.answered(Number(text)),
        (error) => (entry.failure = `${error.code ?? ''} ${error.message}`),
      )
      return
    }
    const message = Buffer.alloc(callBytes)
    message.writeUInt32BE(number)
    try {
      this.#lines.calls?.write(message)
    } catch {
      // The line is gone: this call is lost.
    }
  }

  #send() {
    if (this.#isHeld || this.#lines.bulk === undefined) return
    const chunk = randomFillSync(Buffer.allocUnsafeSlow(chunkBytes))
    try {
      this.#isHeld = this.#lines.bulk.write(chunk) === false
    } catch {
      return // The line is gone, and says so: nothing was sent.
    }
    this.#sent.bytes += chunk.length
    this.#sent.hash.update(chunk)
  }
}

/** The side that answers and takes. */
export class Answerer {
  #runs = new Map()
  #taken = { bytes: 0, hash: createHash('sha256') }

  up(name, line) {
    if (name === 'bulk') {
      line.onData = (bytes) => {
        this.#taken.bytes += bytes.length
        this.#taken.hash.update(bytes)
      }
      return
    }
    line.onData = messages((message) => {
      this.run(message.readUInt32BE(0))
      try {
        line.write(Buffer.from(message))
      } catch {
        // The line is gone, and the answer with it.
      }
    })
  }

  /** What a call does here: it is counted. */
  run(number) {
    this.#runs.set(number, (this.#runs.get(number) ?? 0) + 1)
  }

  report() {
    return {
      runTwice: [...this.#runs.values()].filter((runs) => runs > 1).length,
      takenBytes: this.#taken.bytes,
      takenHash: this.#taken.hash.copy().digest('hex'),
    }
  }
}
