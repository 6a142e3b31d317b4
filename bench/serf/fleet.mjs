/** The processes of one system, and whom each of them thinks alive. */
import { spawn } from 'node:child_process'
import os from 'node:os'

/** See the file's head. */
export class Fleet {
  members = []
  #system

  constructor(system) {
    this.#system = system
  }

  start(at, uid) {
    const [file, ...args] = this.#system.command(at)
    const child = spawn(file, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      cwd: os.tmpdir(),
      ...(uid === undefined ? {} : { uid }),
    })
    const member = { child, name: undefined, listeningMs: undefined, alive: new Set() }
    this.members.push(member)
    let rest = ''
    let errors = ''
    child.stderr.on('data', (chunk) => (errors = `${errors}${chunk}`.slice(-500)))
    child.on('exit', (code) => {
      if (member.name === undefined) console.error(`process ${at} ended with ${code}: ${errors}`)
    })
    child.stdout.on('data', (chunk) => {
      const lines = `${rest}${chunk}`.split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) this.#hear(member, this.#system.read(line, at))
    })
  }

  #hear(member, event) {
    if (event === undefined) return
    if (event.what === 'listening') {
      member.name = event.name
      member.listeningMs = performance.now()
    }
    if (event.name === member.name) return
    if (event.what === 'join') member.alive.add(event.name)
    if (event.what === 'gone' || event.what === 'left') member.alive.delete(event.name)
  }

  end() {
    for (const { child } of this.members) child.kill('SIGKILL')
  }
}
