/** Resident memory of an idle connection, on the accepting and on the dialling side. */
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { row } from './figures.mjs'

const rounds = 3
const before = 100 // Connections that come first: tables, code and heap pages are there then.
const count = 1_000

/** Measures; see the file's head. Each figure comes from two fresh processes. */
export async function run() {
  const figures = { accepted: [], bareAccepted: [], dialled: [], bareDialled: [] }
  for (let round = 0; round < rounds; round++) {
    const bare = await measureBare()
    figures.bareAccepted.push(bare.accepted)
    figures.bareDialled.push(bare.dialled)
    figures.accepted.push(await measureAccepted())
    figures.dialled.push(await measureDialled())
  }
  const { accepted, bareAccepted, dialled, bareDialled } = figures
  const shared = { unit: 'KB' }
  return [
    row({
      ...shared,
      name: 'memory of an idle connection, accepted',
      ours: accepted,
      theirs: bareAccepted,
      target: '≤ 1.15',
    }),
    row({
      ...shared,
      name: 'memory of an idle connection, dialled',
      ours: dialled,
      theirs: bareDialled,
      target: '≤ 0.80',
    }),
  ]
}

async function measureBare() {
  const [here, there] = [startHost(), startHost()]
  const where = await there('bareListen')
  await here('bareDial', where, before)
  const starts = [await here('rss'), await there('rss')]
  await here('bareDial', where, count)
  const ends = [await here('rss'), await there('rss')]
  here.end()
  there.end()
  const [dialled, accepted] = ends.map((bytes, index) => (bytes - starts[index]) / count / 1_000)
  return { dialled, accepted }
}

async function measureAccepted() {
  const [here, there] = [startHost(), startHost()]
  const where = await here('listen', [], 1)
  await there('dialOne', where, before)
  const startBytes = await here('rss')
  await there('dialOne', where, count)
  const endBytes = await here('rss')
  here.end()
  there.end()
  return (endBytes - startBytes) / count / 1_000
}

async function measureDialled() {
  const [here, there] = [startHost(), startHost()]
  const where = await there('listen', [], before + count)
  await here('dialAll', where.slice(0, before))
  const startBytes = await here('rss')
  await here('dialAll', where.slice(before))
  const endBytes = await here('rss')
  here.end()
  there.end()
  return (endBytes - startBytes) / count / 1_000
}

function startHost() {
  const file = fileURLToPath(new URL('memory-host.mjs', import.meta.url))
  // The young generation grows with what is under way, not with what is held: kept small and equal.
  const child = fork(file, { execArgv: ['--max-semi-space-size=1'] })
  const ask = (task, where, times) =>
    new Promise((resolve, reject) => {
      child.once('exit', (code) => reject(new Error(`a process ended with code ${code}`)))
      child.once('message', ({ result }) => {
        child.removeAllListeners('exit')
        resolve(result)
      })
      child.send({ task, where, count: times })
    })
  ask.end = () => child.disconnect()
  return ask
}
