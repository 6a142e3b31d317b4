/** The built package, as a program uses it that embeds Skein. */
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Machine, root } from './machine.ts'
import { Launched } from './processes.ts'

let machine: Machine

beforeAll(() => {
  machine = new Machine()
})

afterAll(() => machine.close())

/** Runs a module that imports the built package as its users do. */
async function run(source: string) {
  const built = JSON.stringify(path.join(root, 'dist/index.js'))
  const file = machine.write('program.mjs', source.replace("'skein'", built))
  const env = { ...process.env, NODE_OPTIONS: '' }
  return new Launched([process.execPath, file], { cwd: machine.folder, env }).ended
}

describe('a program that embeds it', () => {
  test('starts two nodes, runs a command, and ends by itself once they are closed', async () => {
    const program = `
      import { Node } from 'skein'

      const alice = await Node.start({ label: 'alice', listen: ['127.0.0.1:0'] })
      alice.command('greet', {
        summary: 'Greet whoever asks',
        run: ({ args, subject }) => 'Hello ' + subject.name + ', ' + args.join(' '),
      })
      const bob = await Node.start({ label: 'bob', peers: [alice.address] })
      await bob.ready()
      const { text } = await bob.peer('alice').run(['greet', 'nice to meet you'])
      console.log(text)
      const sum = await bob.peer('alice').run('calc 1+2')
      console.log(sum.text)
      await bob.close()
      await alice.close()`
    expect(await run(program)).toEqual({
      code: 0,
      stdout: 'Hello bob, nice to meet you\n3\n',
      stderr: '',
    })
  })

  test('gets a SkeinError with a code when something fails', async () => {
    const program = `
      import { Node, SkeinError } from 'skein'

      const alice = await Node.start({ label: 'alice', listen: ['127.0.0.1:0'] })
      const bob = await Node.start({ label: 'bob', peers: [alice.address] })
      await bob.ready()
      const codeOf = (work) => work.then(() => 'none', (error) => error instanceof SkeinError && error.code)
      console.log(await codeOf(bob.peer('alice').run('nope')))
      console.log(await codeOf(bob.peer('carol').run('calc 1')))
      console.log(await codeOf(bob.connect('127.0.0.1:1')))
      console.log(await codeOf(Node.start({ listen: [alice.address] })))
      console.log(await codeOf(Node.start({ label: 'Not A Label' })))
      await Promise.all([alice.close(), bob.close()])
      console.log(await codeOf(bob.peer('alice').run('calc 1')))`
    const { code, stdout, stderr } = await run(program)
    expect(stdout.trim().split('\n')).toEqual([
      'UNKNOWN_COMMAND',
      'PEER_UNKNOWN',
      'DIAL_FAILED',
      'ADDRESS_IN_USE',
      'CONFIG_INVALID',
      expect.stringMatching(/^(NODE_CLOSED|DIAL_FAILED|PEER_UNKNOWN)$/),
    ])
    expect([code, stderr]).toEqual([0, ''])
  })
})
