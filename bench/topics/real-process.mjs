/** One system of `real.mjs`: starts its nodes, connects them, publishes, and says how it went. */
const [name, settings] = process.argv.slice(2)
const { nodes: count, degree, messages, everyMs, seed } = JSON.parse(settings)
const bodyBytes = 100
const settleMs = 10_000
const starters = { skein: startSkein, gossipsub: startGossipsub }

const latencies = []
const system = await starters[name]()
const sentMs = new Map()
await pause(settleMs)
// The first messages find their ways; they are not measured.
for (let number = 0; number < count; number++) await say(number, false)
await pause(2_000)
latencies.length = 0
const before = process.cpuUsage()
for (let number = 0; number < messages; number++) await say(number, true)
await pause(3_000)
const { user, system: kernel } = process.cpuUsage(before)
const sorted = latencies.toSorted((a, b) => a - b)
const at = (share) => sorted[Math.ceil(share * sorted.length) - 1]
process.send({
  p50Ms: at(0.5),
  p99Ms: at(0.99),
  delivered: sorted.length / (messages * (count - 1)),
  cpuMs: (user + kernel) / 1_000 / messages,
  rssMb: process.memoryUsage().rss / 1e6,
})

async function say(number, isMeasured) {
  const label = `${isMeasured ? 'm' : 'w'}${number}`
  sentMs.set(label, performance.now())
  await system.publish(number % count, label.padEnd(bodyBytes))
  await pause(everyMs)
}

function heard(text) {
  const label = text.trim()
  const atMs = sentMs.get(label)
  if (atMs !== undefined) latencies.push(performance.now() - atMs)
}

/** Whom each node dials: two others, so that each has about four. The same for every system. */
function graph() {
  let state = seed * 7_919 + 1
  const random = () => {
    state = (state * 48_271) % 2_147_483_647
    return state / 2_147_483_647
  }
  return Array.from({ length: count }, (_, from) => {
    const others = new Set([(from + 1) % count]) // A ring, so that all are connected.
    while (others.size < degree / 2) {
      const other = Math.floor(random() * count)
      if (other !== from) others.add(other)
    }
    return [...others]
  })
}

async function startSkein() {
  const { Node } = await import('../product.mjs')
  const nodes = []
  for (let each = 0; each < count; each++) {
    nodes.push(await Node.start({ label: `n${each}`, listen: ['127.0.0.1:0'], mesh: false }))
  }
  for (const [from, others] of graph().entries()) {
    for (const to of others) await nodes[from].connect(nodes[to].address)
  }
  for (const node of nodes) {
    node.topic('bench').subscribe(({ value, isOwn }) => {
      if (!isOwn) heard(value)
    })
  }
  return { publish: (from, text) => nodes[from].topic('bench').publish(text) }
}

async function startGossipsub() {
  const { noise } = await import('@chainsafe/libp2p-noise')
  const { yamux } = await import('@chainsafe/libp2p-yamux')
  const { gossipsub } = await import('@libp2p/gossipsub')
  const { identify } = await import('@libp2p/identify')
  const { tcp } = await import('@libp2p/tcp')
  const { createLibp2p } = await import('libp2p')
  const nodes = []
  for (let each = 0; each < count; each++) {
    nodes.push(
      await createLibp2p({
        addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
        transports: [tcp()],
        connectionEncrypters: [noise()],
        streamMuxers: [yamux()],
        services: { identify: identify(), pubsub: gossipsub() },
      }),
    )
  }
  for (const [from, others] of graph().entries()) {
    for (const to of others) await nodes[from].dial(nodes[to].getMultiaddrs()[0])
  }
  const decoder = new TextDecoder()
  for (const { services } of nodes) {
    services.pubsub.addEventListener('message', ({ detail }) => heard(decoder.decode(detail.data)))
    services.pubsub.subscribe('bench')
  }
  return {
    publish: (from, text) =>
      nodes[from].services.pubsub.publish('bench', new TextEncoder().encode(text)),
  }
}

function pause(durationMs) {
  return new Promise((resolve) => setTimeout(resolve, durationMs))
}
