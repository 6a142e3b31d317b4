/**
 * Encoding and decoding of five kinds of values, against the codecs that programs use.
 *
 * A figure is CPU time of the process, so that other programs on the machine count little; all codecs
 * take turns. Ours tracks shared objects and cycles throughout. The rivals do not for plain data, and
 * carry no records from one message to the next, which would be state of a connection; for maps, sets
 * and dates they get the settings that keep these, and their native parts are installed.
 *
 * Each kind has a process of its own, and each codec a second before the first block: the engine
 * compiles in that time. Without it the first kind took twice as long in the first blocks as in the
 * last, each codec for another while: that is how ratios from 0.35 to 1.27 came about. `mixed`
 * is several kinds in turn, as in a program that sends more than one.
 */
import { fork } from 'node:child_process'
import { createRequire } from 'node:module'
import v8 from 'node:v8'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { row, spread } from './figures.mjs'
import { dist } from './product.mjs'

const { ValueCodec } = await import(pathToFileURL(path.join(dist, 'codec', 'index.js')).href)
const require = createRequire(import.meta.url)
const msgpackr = require('msgpackr')
const cborx = require('cbor-x')

const blocks = Number(process.env.BENCH_BLOCKS ?? 25)
const blockMs = 40
const warmUpMs = 1_000

/** Each kind several times with other contents: one value for ever would flatter caches. */
const kinds = [
  { name: 'call', target: '≥ 1.30', make: makeCall, isTyped: false },
  { name: 'call of 40 objects', target: '', make: makeWideCall, isTyped: false },
  { name: 'nested tree', target: '', make: makeTree, isTyped: false },
  { name: 'array of records', target: '', make: makeRecords, isTyped: false },
  { name: 'maps, sets, dates', target: '', make: makeMix, isTyped: true },
  { name: '1 MB of floats', target: '', make: makeFloats, isTyped: true },
  { name: 'mixed', target: '', make: makeAny, isTyped: true },
]

/** Measures; see the file's head. */
export async function run() {
  const wanted = process.env.BENCH_KIND
  const rows = []
  for (const { name } of kinds) {
    if (wanted === undefined || wanted === name) rows.push(...(await measureAlone(name)))
  }
  return rows
}

/** The rows of one kind, from a process of its own. */
function measureAlone(name) {
  const child = fork(fileURLToPath(import.meta.url), [name])
  return new Promise((resolve, reject) => {
    child.once('message', resolve)
    child.once('exit', (code) => reject(new Error(`${name} ended with code ${code}`)))
  })
}

function measureKind({ name, target, make, isTyped }) {
  const values = Array.from({ length: 32 }, (_, index) => make(index))
  const ways = waysFor(isTyped)
  for (const way of ways) warmUp(way, values)
  const counts = new Map(ways.map((way) => [way.name, calibrate(way, values)]))
  const times = new Map(ways.map((way) => [way.name, []]))
  for (let block = 0; block < blocks; block++) {
    for (const way of block % 2 === 0 ? ways : ways.toReversed()) {
      const count = counts.get(way.name)
      times.get(way.name).push(microsPerValue(way, values, count))
    }
  }
  const rates = (way) => times.get(way).map((micros) => 1_000 / micros)
  const rivals = ways.slice(1).map((way) => way.name)
  const best = rivals
    .filter((rival) => rival !== 'structuredClone')
    .reduce((a, b) => (spread(times.get(b)).median < spread(times.get(a)).median ? b : a))
  return rivals.map((rival) => {
    const isBest = rival === best
    return row({
      name: `${name} / ${rival}${isBest ? ', the best' : ''}`,
      unit: 'k/s',
      ours: rates('skein'),
      theirs: rates(rival),
      target: isBest ? target : '',
    })
  })
}

function waysFor(isTyped) {
  const codec = new ValueCodec()
  const settings = isTyped ? { structuredClone: true } : { useRecords: false }
  const packr = new msgpackr.Packr(settings)
  const cbor = new cborx.Encoder(settings)
  return [
    { name: 'skein', turn: (value) => codec.decode(codec.encode(value)).value },
    { name: 'msgpackr', turn: (value) => packr.unpack(packr.pack(value)) },
    { name: 'cbor-x', turn: (value) => cbor.decode(cbor.encode(value)) },
    { name: 'v8.serialize', turn: (value) => v8.deserialize(v8.serialize(value)) },
    { name: 'structuredClone', turn: (value) => structuredClone(value) },
  ]
}

/** Until the engine has compiled what is measured. */
function warmUp(way, values) {
  const endMs = performance.now() + warmUpMs
  while (performance.now() < endMs) microsPerValue(way, values, 32)
}

/** How many values take about a block. */
function calibrate(way, values) {
  let count = 32
  for (;;) {
    const micros = microsPerValue(way, values, count) * count
    if (micros >= blockMs * 1_000) return count
    count = Math.ceil(count * Math.max(2, Math.min(8, (blockMs * 1_000) / micros)))
  }
}

let kept

function microsPerValue({ turn }, values, count) {
  const before = process.cpuUsage()
  for (let index = 0; index < count; index++) kept = turn(values[index & 31])
  const { user, system } = process.cpuUsage(before)
  if (kept === undefined) throw new Error('nothing came back')
  return (user + system) / count
}

function makeCall(index) {
  return {
    id: 1_000 + index,
    target: 'counter',
    method: index % 2 ? 'add' : 'read',
    args: [index * 7, `item ${index}`, { by: index / 4, dry: index % 3 === 0 }],
    deadlineMs: 10_000,
    trace: null,
  }
}

/** More objects than the encoder looks through one by one. */
function makeWideCall(index) {
  const rows = Array.from({ length: 38 }, (_, each) => ({
    id: index + each,
    isOpen: each % 2 === 0,
  }))
  return { method: 'put', rows }
}

function makeTree(index, depth = 0) {
  const children = depth === 4 ? [] : [0, 1, 2].map((each) => makeTree(index + each, depth + 1))
  return { name: `node ${index}`, size: index * 1_024, isOpen: depth % 2 === 0, children }
}

function makeRecords(index) {
  return Array.from({ length: 100 }, (_, each) => ({
    id: index * 100 + each,
    label: `member-${each}`,
    address: `tls://10.0.${index}.${each}:14570`,
    rttMs: each * 1.37,
    isAlive: each % 7 !== 0,
    roles: ['member', 'ops'],
  }))
}

function makeMix(index) {
  return {
    seen: new Date(1_763_740_000_000 + index * 1_001),
    byName: new Map(
      Array.from({ length: 10 }, (_, each) => [`peer-${each}`, { rank: each + index }]),
    ),
    tags: new Set(['alive', 'fast', `zone-${index}`]),
    at: [new Date(0), new Date(index)],
  }
}

function makeFloats(index) {
  return { samples: Float64Array.from({ length: 131_072 }, (_, each) => each * 0.5 + index) }
}

/** In turn: a program that talks sends calls more than anything else. */
function makeAny(index) {
  const makers = [makeCall, makeCall, makeCall, makeWideCall, makeMix, makeCall, makeRecords]
  return makers[index % makers.length](index)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const rows = measureKind(kinds.find(({ name }) => name === process.argv[2]))
  process.send(rows, () => process.exit(0))
}
