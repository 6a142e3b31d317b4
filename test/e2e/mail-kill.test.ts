/**
 * Real nodes that are killed (SIGKILL) at random moments while one writes to the other. A few times here,
 * a hundred times in `npm run kills`.
 */
import { expect, test } from 'vitest'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { openBeside } from '../../src/base/database.test-kit.ts'
import { Machine, freePort } from './machine.ts'
import type { RunningNode } from './machine.ts'

const kills = Number(process.env['MAIL_KILLS'] ?? 6)
const msEach = 60_000 // Guess: forty times what a start takes, for a machine under load.

interface Written {
  readonly text: string
  isAcknowledged: boolean
}

test(
  `[B14] after ${kills} kills everything that was acknowledged is there, once and in order`,
  async () => {
    await using machine = new Machine()
    const [port, webPort] = [await freePort(), await freePort()]
    const web = `[web]\nenabled = true\nport = ${webPort}\n`
    const listen = `[network.listen]\nport = ${port}\n`
    const nodes = {
      alice: await machine.node('alice', `${listen}${web}`),
      bob: await machine.node('bob', `[network]\npeers = ["127.0.0.1:${port}"]\n`),
    }
    await machine.connected('alice', 1)
    const token = readFileSync(path.join(machine.dataFolder('alice'), 'web-token'), 'utf8').trim()
    const written: Written[] = []
    let isOver = false
    const write = async (): Promise<void> => {
      for (let number = 0; !isOver; number++) {
        const entry = { text: `message ${number}`, isAcknowledged: false }
        written.push(entry)
        const response = await fetch(`http://127.0.0.1:${webPort}/messages`, {
          method: 'POST',
          headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${token}` },
          body: JSON.stringify({ to: nodes.bob.id, text: entry.text }),
          signal: AbortSignal.timeout(30_000),
        }).catch(() => undefined) // Its node was killed: whether it was stored nobody knows.
        entry.isAcknowledged = response?.status === 201
        if (!entry.isAcknowledged) await delay(20)
      }
    }
    const writing = write()
    const restart = async (name: 'alice' | 'bob'): Promise<RunningNode> => {
      nodes[name].process.signal('SIGKILL')
      await nodes[name].process.ended
      const process = machine.launch(['up', '--no-prompt', '-p', name])
      await patiently(() => process.printed('"the node runs"'))
      return { ...nodes[name], process }
    }
    for (let kill = 0; kill < kills; kill++) {
      await delay(Math.random() * 400)
      const name = kill % 3 === 2 ? 'alice' : 'bob'
      nodes[name] = await restart(name)
    }
    isOver = true
    await writing
    const acknowledged = written.filter((each) => each.isAcknowledged).map(({ text }) => text)
    expect(acknowledged.length).toBeGreaterThan(0)
    const inbox = (): readonly string[] => readInbox(machine.dataFolder('bob'))
    const isThere = (texts: readonly string[]): boolean => {
      const all = new Set(texts)
      return acknowledged.every((text) => all.has(text))
    }
    let texts = inbox()
    for (const endMs = Date.now() + 90_000; !isThere(texts) && Date.now() < endMs;) {
      await delay(500)
      texts = inbox()
    }
    const inOrder = written.map(({ text }) => text).filter((text) => texts.includes(text))
    expect(texts).toEqual(inOrder) // Once each, and in the order of their author.
    expect(acknowledged.filter((text) => !texts.includes(text))).toEqual([])
  },
  120_000 + kills * msEach,
)

/** Tries a wait some times: a machine under load takes longer than most tests allow. */
async function patiently(wait: () => Promise<unknown>): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      await wait()
      return
    } catch (thrown) {
      if (tries >= 5) throw thrown
    }
  }
}

/** An inbox from its file, all of it, as any program could read it while the node runs. */
function readInbox(dataFolder: string): readonly string[] {
  const file = openBeside(path.join(dataFolder, 'mail.db'))
  try {
    const rows = file.prepare('SELECT body FROM inbox ORDER BY id').all()
    return rows.map((row) => String((row as { readonly body: unknown }).body))
  } finally {
    file.close()
  }
}
