/**
 * Requests and responses on one byte stream: 64 bytes each, matched by an ID.
 *
 *   length 32 │ id 32 │ payload 56 bytes
 *
 * Over Skein each message is one `stream.write`. Over bare TLS it is the sketch that everybody would
 * write: messages of a turn are collected in a slab and leave in one write from a microtask.
 */
const messageBytes = 64
const slabBytes = 65_536

/** Takes a byte stream apart into messages. */
export class Parser {
  #onMessage
  #rest

  constructor(onMessage) {
    this.#onMessage = onMessage
  }

  read(chunk) {
    let bytes = chunk
    if (this.#rest !== undefined) {
      bytes = Buffer.concat([this.#rest, chunk])
      this.#rest = undefined
    }
    let at = 0
    while (at + 4 <= bytes.length) {
      const end = at + 4 + readLength(bytes, at)
      if (end > bytes.length) break
      this.#onMessage(bytes, at, end)
      at = end
    }
    if (at < bytes.length) this.#rest = bytes.subarray(at)
  }
}

function readLength(bytes, at) {
  return (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]
}

/** The calling side: `send(bytes)` takes one message. */
export class Caller {
  #send
  #settlers = []
  #free = []
  #parser = new Parser((bytes, at) => this.#settle(bytes, at))

  constructor(send) {
    this.#send = send
  }

  call() {
    return new Promise((resolve) => {
      const id = this.#free.pop() ?? this.#settlers.length
      this.#settlers[id] = resolve
      const message = new Uint8Array(messageBytes)
      message[3] = messageBytes - 4
      message[4] = id >>> 24
      message[5] = id >>> 16
      message[6] = id >>> 8
      message[7] = id
      this.#send(message)
    })
  }

  receive(chunk) {
    this.#parser.read(chunk)
  }

  #settle(bytes, at) {
    const id = readLength(bytes, at + 4)
    const resolve = this.#settlers[id]
    if (resolve === undefined) throw new Error(`an answer to call ${id}, which was never made`)
    this.#settlers[id] = undefined
    this.#free.push(id)
    resolve()
  }
}

/** Collects messages for a socket and sends those of a turn in one write. */
export class TurnWriter {
  #socket
  #slab = Buffer.allocUnsafeSlow(slabBytes)
  #start = 0
  #end = 0
  #isDue = false

  constructor(socket) {
    this.#socket = socket
  }

  send(message) {
    if (this.#end + message.length > slabBytes) {
      this.#flush()
      this.#slab = Buffer.allocUnsafeSlow(slabBytes)
      this.#start = this.#end = 0
    }
    this.#slab.set(message, this.#end)
    this.#end += message.length
    if (this.#isDue) return
    this.#isDue = true
    queueMicrotask(() => {
      this.#isDue = false
      this.#flush()
    })
  }

  #flush() {
    if (this.#end === this.#start) return
    this.#socket.write(this.#slab.subarray(this.#start, this.#end))
    this.#start = this.#end
  }
}
