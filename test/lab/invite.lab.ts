/** Two machines of a laboratory become one network by a ticket. */
import { describe, expect, test } from 'vitest'
import { Machine } from '../e2e/machine.ts'
import { LabNetwork, labProblem } from './network.ts'
import type { Launched } from '../e2e/processes.ts'
import type { Place } from './network.ts'

const problem = labProblem()
if (problem !== undefined) console.warn(`the laboratory is closed: ${problem}`)

describe.skipIf(problem !== undefined)('in the laboratory', () => {
  test('[P2] a ticket joins two machines that knew nothing of each other', async () => {
    const network = new LabNetwork()
    await using machine = new Machine()
    const launch = (place: Place): Launched => {
      machine.write(
        `config/network/${place}.toml`,
        'network.listen = { host = "::", port = 14590 }\n',
      )
      const namespace = network.namespace(place)
      return machine.shell(
        `exec ip netns exec ${namespace} "$NODE" "$SKEIN" up --no-prompt -p ${place}`,
      )
    }
    try {
      await Promise.all(
        [launch('alice'), launch('bob')].map((each) => each.printed('the node runs')),
      )
      const { stdout: ticket } = await machine.skein(['-p', 'alice', 'invite', 'bob'])
      const joined = await machine.skein(['-p', 'bob', 'join', ticket.trim()])
      expect(joined).toMatchObject({ code: 0, stderr: '' })
      expect(joined.stdout).toMatch(/^Joined network \w{8} as bob/)
      const answer = await machine.skein(['-p', 'alice', '@bob', 'calc', '6*7'])
      expect(answer).toMatchObject({ code: 0, stdout: '42\n' })
      const back = await machine.skein(['-p', 'bob', '@alice', 'echo', 'hello'])
      expect(back).toMatchObject({ code: 0, stdout: 'hello\n' })
    } finally {
      network.close()
    }
  })
})
