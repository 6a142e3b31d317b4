/** Two peers from single JSON files. `readme.test.ts` runs the shipped ones, with their fixed ports. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { freePort, linesOf, Machine, root } from './machine.ts'
import type { Launched } from './processes.ts'
import { answersFrom, typed } from './transcript.ts'

let machine: Machine

beforeEach(() => {
  machine = new Machine()
})

afterEach(() => machine.close())

/** Waits until a node with a prompt answers it. */
async function ready(node: Launched): Promise<void> {
  node.type('echo I am ready\n')
  await node.printed('Result: I am ready')
}

describe('from copies of the examples, with ports that are free', () => {
  let ports: readonly [number, number]

  beforeEach(async () => {
    ports = [await freePort(), await freePort()]
    const [one, two] = ports
    for (const name of ['peer1.json', 'peer2.json']) {
      const text = readFileSync(path.join(root, 'examples', name), 'utf8')
      machine.write(name, text.replaceAll('14595', `${one}`).replaceAll('14596', `${two}`))
    }
  })

  test('the second runs commands on the first, and prints what the guide says', async () => {
    const peer1 = machine.launch(['up', 'peer1.json'])
    await ready(peer1)
    const { code, stdout, stderr } = await machine.skein(['up', 'peer2.json'], {
      stdin: typed,
    })
    expect(linesOf(stdout)).toEqual(answersFrom(ports[0]))
    expect(stderr).toBe('')
    expect(code).toBe(0)
  })

  test('the first shows each command that it ran, and for whom', async () => {
    const peer1 = machine.launch(['up', 'peer1.json'])
    await ready(peer1)
    await machine.skein(['up', 'peer2.json'], { stdin: typed })
    for (const command of ['add', 'hello', 'calc 2*(3+4)^2', 'nope']) {
      const line = linesOf(peer1.stderr).find((each) => each.includes(`"command":"${command}"`))
      expect(line).toContain('"peer":"peer2"')
    }
  })

  test('the first commands the second just as well, by label, index and start of the ID', async () => {
    const peer1 = machine.launch(['up', 'peer1.json'])
    const peer2 = machine.launch(['up', 'peer2.json'])
    await Promise.all([ready(peer1), ready(peer2)])
    await machine.connected('peer1', 1)
    const { stdout } = await machine.skein(['-p', 'peer2', 'id'])
    for (const name of ['peer2', '0', stdout.slice(0, 8)]) peer1.type(`@${name} hello\n`)
    peer1.endInput()
    const { code, stdout: answers } = await peer1.ended
    const answer = `Result from 127.0.0.1:${ports[1]} for command 'hello': Hello from peer2`
    expect(linesOf(answers).slice(1)).toEqual([answer, answer, answer])
    expect(code).toBe(0)
  })

  test('an index stays with its peer when another one leaves', async () => {
    const peer1 = machine.launch(['up', 'peer1.json', '0'])
    await ready(peer1)
    const [first, second] = [await guest('first'), await guest('second')]
    await first.stop()
    await machine.connected('peer1', 1)
    peer1.type('peers\n@1 hello\n@0 hello\n')
    peer1.endInput()
    const { stdout } = await peer1.ended
    expect(stdout).toMatch(/^ {2}1: .* second /m)
    expect(stdout).not.toMatch(/^ {2}0: /m)
    expect(stdout).toContain("for command 'hello': Hello from second")
    expect(stdout).toContain("Error from first for command 'hello': no address")
    await second.stop()

    /** A peer that dials peer1 and does not listen. */
    async function guest(name: string): Promise<Launched> {
      const { stdout: text } = await machine.skein(['-p', 'peer1', 'status'])
      const port = /listens\s+\S+:(\d+)/.exec(text)?.[1]
      const node = await machine.node(
        name,
        `network.peers = ["127.0.0.1:${port}"]\ncommands.hello = "echo Hello from ${name}"\n`,
        ['-s', 'network.listen.enabled=false'],
      )
      await node.process.printed('"msg":"connected"')
      return node.process
    }
  })
})
