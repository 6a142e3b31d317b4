/**
 * Stored messages a second: `npm run bench -- mail [database] [nodes] [nats] [nats-sync]`.
 *
 *   database   transactions of one message each, so many at once, fsynced in groups
 *   nodes      from a node to one in another process, over TLS: signed, sealed, stored and fsynced on both
 *              sides, and `delivered`
 *   nats       NATS JetStream (Debian's nats-server), one stream of files, so many publishes at once;
 *              it answers when the message is written, and syncs every two minutes
 *   nats-sync  the same on a file system that is mounted with `sync`, where a write is over when the disk
 *              has it: this version has no `sync_interval`. As root:
 *              truncate -s 1G sync.img; mkfs.ext4 sync.img; mount -o loop,sync sync.img /mnt
 *              NATS_SYNC_FOLDER=/mnt npm run bench -- mail nats-sync
 *
 * Theirs is plain text on loopback, unsigned and not sealed. Where nats-server is missing it is left out:
 * `apt-get install nats-server`.
 */
import { fork, spawn, spawnSync } from 'node:child_process'
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

const benches = {
  database: benchDatabase,
  nodes: benchNodes,
  nats: () => benchNats(path.join(folder, 'nats')),
  'nats-sync': () => {
    const place = process.env.NATS_SYNC_FOLDER
    return place === undefined ? undefined : benchNats(path.join(place, 'bench-nats'))
  },
}
const wanted = process.argv.slice(2)
try {
  console.log(`load ${load}; ${windows.join(', ')} at once; messages a second\n`)
  for (const [name, bench] of Object.entries(benches)) {
    if (wanted.length === 0 || wanted.includes(name)) report(name, await bench())
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}

function report(name, rates) {
  const row = rates?.map((rate) => String(Math.round(rate)).padStart(8)).join('')
  console.log(`${name.padEnd(10)} ${row ?? 'not here'}`)
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
  const bob = fork(new URL('receiver.mjs', import.meta.url), [path.join(folder, 'bob')])
  try {
    const address = await new Promise((resolve, reject) => {
      bob.once('message', resolve)
      bob.once('exit', (code) => reject(new Error(`the receiver ended with code ${code}`)))
    })
    const storage = await openFolder(path.join(folder, 'alice'))
    const alice = await Node.start({ label: 'alice', storage, peers: [address] })
    await alice.ready()
    await alice.send('bob', 'the first one opens everything')
    const send = async () => {
      const { state } = await alice.send('bob', body)
      if (state !== 'delivered') throw new Error(`a message is ${state}`)
    }
    const rates = []
    for (const atOnce of windows) rates.push(await pace(atOnce, send))
    await alice.close()
    return rates
  } finally {
    bob.kill()
  }
}

async function benchNats(place) {
  if (spawnSync('nats-server', ['--version']).status !== 0) return undefined
  const port = 24_222
  const args = ['-a', '127.0.0.1', '-p', String(port), '-js', '-sd', place]
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
    rmSync(place, { recursive: true, force: true })
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
