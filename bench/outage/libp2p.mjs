/**
 * js-libp2p over TCP, Noise and Yamux, as its guide sets it up, with its defaults.
 *
 *   plain    streams are opened again at each `peer:connect`
 *   keep     the same, and the peer has the tag that makes libp2p dial again by itself
 *   redial   beside `keep`, a loop of our own dials each second while there is no stream
 */
import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import { identify } from '@libp2p/identify'
import { ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import { lineNames } from './traffic.mjs'

const keepAliveTag = 'keep-alive' // KEEP_ALIVE of @libp2p/interface.
const redialMs = 1_000

function create(addresses) {
  return createLibp2p({
    addresses,
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    services: { identify: identify(), ping: ping() },
  })
}

export async function far({ host, port, announced }, answerer) {
  const announce = announced === undefined ? [] : [`/ip4/127.0.0.1/tcp/${announced}`]
  const node = await create({ listen: [`/ip4/${host}/tcp/${port}`], announce })
  for (const name of lineNames) {
    await node.handle(`/outage-${name}/1`, (stream) => answerer.up(name, lineOf(stream)))
  }
  return node.peerId.toString()
}

export async function near({ address, way, contact }, asker) {
  const [host, port] = address.split(':')
  const target = multiaddr(`/ip4/${host}/tcp/${port}/p2p/${contact}`)
  const node = await create({ listen: [] })
  let isOpening = false
  const open = async () => {
    if (isOpening) return
    isOpening = true
    try {
      for (const name of lineNames) {
        if (asker.has(name)) continue
        asker.up(name, lineOf(await node.dialProtocol(target, `/outage-${name}/1`)))
      }
    } catch {
      // Not now: the next `peer:connect`, or the loop, tries again.
    } finally {
      isOpening = false
    }
  }
  const connection = await node.dial(target)
  if (way !== 'plain') {
    await node.peerStore.merge(connection.remotePeer, {
      multiaddrs: [target],
      tags: { [keepAliveTag]: {} },
    })
  }
  await open()
  node.addEventListener('peer:connect', () => void open())
  if (way === 'redial') {
    setInterval(() => {
      if (!lineNames.every((name) => asker.has(name))) void open()
    }, redialMs)
  }
}

function lineOf(stream) {
  const line = { write: (bytes) => stream.send(bytes), onData() {}, onDrain() {}, onClose() {} }
  stream.addEventListener('message', ({ data }) => line.onData(data.subarray()))
  stream.addEventListener('drain', () => line.onDrain())
  stream.addEventListener('close', () => line.onClose())
  return line
}
