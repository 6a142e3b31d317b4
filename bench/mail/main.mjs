/**
 * Stored messages a second: `npm run bench -- mail`.
 *
 *   database   transactions of one message each, so many at once, fsynced in groups
 *   nodes      two nodes of one process over TLS: signed, sealed, stored and acknowledged on both sides
 *   nats       NATS JetStream (Debian's nats-server), one stream of files, so many publishes at once;
 *              it answers when the message is written, and syncs every two minutes by default
 *
 * Theirs is plain text on loopback, unsigned and not sealed. Where nats-server is missing it is left out:
 * `apt-get install nats-server`.
 */
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { openDatabase } from '../../dist/base/database.node.js'
import { mailSchema } from '../../dist/mail/schema.js'
import { Node, openFolder } from '../../dist/index.js'

const folder = mkdtempSync(path.join(os.tmpdir(), 'skein-bench-mail-'))
const body = 'x'.repeat(256)
const windows = [1, 64, 512]
const forMs = 3_000
const load = os.loadavg()[0].toFixed(1)

try {
  console.log(`load ${load}; ${windows.join(', ')} at once; messages a second\n`)
  report('database', await benchDatabase())
  report('nodes', await benchNodes())
  report('nats', await benchNats())
} finally {
  rmSync(folder, { recursive: true, force: true })
}

function report(name, rates) {
  console.log(
    `${name.padEnd(10)} ${rates === undefined ? 'not here' : rates.map((rate) => String(Math.round(rate)).padStart(8)).join('')}`,
  )
}

/** Keeps so many calls under way for a while; how many ended a second. */
async function pace(atOnce, call) {
  let done = 0
  const startMs = performance.now()
  const run = async () => {
    while (performance.now() - startMs < forMs) {
      await call()
      done++
    }
  }
  await Promise.all(Array.from({ length: atOnce }, run))
  return done / ((performance.now() - startMs) / 1_000)
}

async function benchDatabase() {
  const database = await openDatabase(path.join(folder, 'database.db'), mailSchema)
  let counter = 0
  const sql = `INSERT INTO inbox (author, epoch, counter, time_ms, received_ms, type, size, wants_read, body)
    VALUES ('a', 1, ?, 0, 0, 'text/plain', 256, 0, ?)`
  const rates = []
  for (const atOnce of windows) {
    rates.push(await pace(atOnce, () => database.write([{ sql, values: [++counter, body] }])))
  }
  await database.close()
  return rates
}

async function benchNodes() {
  const options = { authorBurst: 1e9, authorRate: 1e9, unreadPerAuthor: 1e9 }
  const start = async (label, more) => {
    const storage = await openFolder(path.join(folder, label))
    return Node.start({ label, storage, mail: { options }, ...more })
  }
  const bob = await start('bob', { listen: ['127.0.0.1:0'] })
  const alice = await start('alice', { peers: [bob.address] })
  await alice.ready()
  await alice.send('bob', 'the first one opens everything')
  const rates = []
  for (const atOnce of windows) rates.push(await pace(atOnce, () => alice.send('bob', body)))
  await alice.close()
  await bob.close()
  return rates
}

async function benchNats() {
  if (spawnSync('nats-server', ['--version']).status !== 0) return undefined
  const port = 24_222
  const args = ['-a', '127.0.0.1', '-p', String(port), '-js', '-sd', path.join(folder, 'nats')]
  const server = spawn('nats-server', args, { stdio: 'ignore' })
  try {
    const client = await connectNats(port)
    const config = { name: 'BENCH', subjects: ['bench.>'], storage: 'file', retention: 'limits' }
    await client.request(
      '$JS.API.STREAM.CREATE.BENCH',
      JSON.stringify({ ...config, num_replicas: 1 }),
    )
    const rates = []
    for (const atOnce of windows)
      rates.push(await pace(atOnce, () => client.request('bench.a', body)))
    client.end()
    return rates
  } finally {
    server.kill('SIGKILL')
  }
}

/** As much of the NATS protocol as a request takes. */
async function connectNats(port) {
  let socket
  for (let tries = 0; socket === undefined; tries++) {
    socket = await new Promise((resolve) => {
      const trying = net.connect(port, '127.0.0.1', () => resolve(trying))
      trying.once('error', () => setTimeout(resolve, 100))
    })
    if (tries > 100) throw new Error('nats-server does not listen')
  }
  const waiting = new Map()
  let number = 0
  let text = ''
  socket.setNoDelay(true).setEncoding('latin1')
  socket.on('data', (chunk) => {
    text += chunk
    for (;;) {
      const end = text.indexOf('\r\n')
      if (end < 0) return
      const words = text.slice(0, end).split(' ')
      if (words[0] === 'PING') socket.write('PONG\r\n')
      if (words[0] !== 'MSG') {
        text = text.slice(end + 2)
        continue
      }
      const length = Number(words.at(-1))
      if (text.length < end + 4 + length) return
      const answer = text.slice(end + 2, end + 2 + length)
      text = text.slice(end + 4 + length)
      waiting.get(words[1])?.(answer)
      waiting.delete(words[1])
    }
  })
  socket.write('CONNECT {"verbose":false,"pedantic":false}\r\nSUB _INBOX.b.* 1\r\n')
  return {
    request(subject, payload) {
      const inbox = `_INBOX.b.${++number}`
      return new Promise((resolve, reject) => {
        waiting.set(inbox, (answer) => {
          if (answer.includes('"error"')) reject(new Error(answer))
          else resolve(answer)
        })
        socket.write(`PUB ${subject} ${inbox} ${Buffer.byteLength(payload)}\r\n${payload}\r\n`)
      })
    },
    end: () => socket.destroy(),
  }
}
