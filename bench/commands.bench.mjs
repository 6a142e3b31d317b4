/**
 * Commands between two nodes of this build, beside two of another: `BENCH_BEFORE=/path/to/dist npm run
 * bench -- commands`. Both pairs are up all the time and take turns.
 */
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { quantile, row } from './figures.mjs'

const rounds = Number(process.env.BENCH_ROUNDS ?? 5)

/** Measures; see the file's head. */
export async function run() {
  const before = process.env.BENCH_BEFORE
  if (before === undefined)
    throw new Error('commands: set BENCH_BEFORE to the dist of another build')
  const pairs = {
    ours: await start(process.env),
    theirs: await start({ ...process.env, BENCH_DIST: before }),
  }
  const figures = {}
  const take = async (name, amount) => {
    for (const side of ['ours', 'theirs']) {
      const result = await pairs[side].ask({ name, amount })
      ;((figures[name] ??= { ours: [], theirs: [] })[side] ??= []).push(result)
    }
  }
  await take('sequential', 2_000)
  await take('parallel', 4_000)
  await take('output')
  for (const name of Object.keys(figures)) delete figures[name]
  for (let round = 0; round < rounds; round++) {
    await take('sequential', 2_000)
    await take('parallel', 6_000)
    await take('output')
    await take('input')
    for (const name of ['idleCalls', 'busyCalls', 'slowCalls', 'idleCommands', 'busyCommands']) {
      await take(name)
    }
  }
  for (const { child } of Object.values(pairs)) child.disconnect()
  const make = (name, unit, key, pick = (result) => result) => {
    const { ours, theirs } = figures[key]
    return row({ name, unit, digits: 0, ours: ours.map(pick), theirs: theirs.map(pick) })
  }
  const timesOf = (result) => result.times ?? result
  const p = (share) => (result) => quantile(Float64Array.from(timesOf(result)), share)
  return [
    make('commands one after the other', 'µs', 'sequential'),
    make('commands, 64 under way', '/s', 'parallel'),
    make('output of a program', 'MB/s', 'output'),
    make('input of a program', 'MB/s', 'input'),
    make('a call, idle, p50', 'µs', 'idleCalls', p(0.5)),
    make('a call beside output, p50', 'µs', 'busyCalls', p(0.5)),
    make('a call beside output, p99', 'µs', 'busyCalls', p(0.99)),
    make('that output', 'MB/s', 'busyCalls', ({ rate }) => rate),
    make('a call beside output taken slowly, p99', 'µs', 'slowCalls', p(0.99)),
    make('a command, idle, p50', 'µs', 'idleCommands', p(0.5)),
    make('a command beside output, p50', 'µs', 'busyCommands', p(0.5)),
    make('a command beside output, p99', 'µs', 'busyCommands', p(0.99)),
    make('that output ', 'MB/s', 'busyCommands', ({ rate }) => rate),
  ]
}

async function start(env) {
  const file = fileURLToPath(new URL('commands-host.mjs', import.meta.url))
  const child = fork(file, ['near'], { env })
  const next = () =>
    new Promise((resolve, reject) => {
      child.once('exit', (code) => reject(new Error(`a pair ended with code ${code}`)))
      child.once('message', (message) => {
        child.removeAllListeners('exit')
        resolve(message)
      })
    })
  await next()
  return {
    child,
    ask: (task) => {
      child.send(task)
      return next()
    },
  }
}
