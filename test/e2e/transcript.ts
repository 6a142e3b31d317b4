/** What is typed at the prompt of `examples/peer2.json`, and what it answers when peer1 runs. */
import { expect } from 'vitest'

/** The lines that are piped in. */
export const typed = 'peers\n@0 add\n@0 hello\n@0 calc 2*(3+4)^2\n@0 nope\n@9 add\nexit\n'

/** The lines that come out, for peer1 at this port. */
export function answersFrom(port: number): readonly unknown[] {
  const at = `127.0.0.1:${port}`
  return [
    'Connected peers:',
    expect.stringMatching(new RegExp(`^ {2}0: ${at} .*peer1`)),
    `Result from ${at} for command 'add': 3`,
    `Result from ${at} for command 'hello': Hello from peer1`,
    `Result from ${at} for command 'calc 2*(3+4)^2': 98`,
    `Error from ${at} for command 'nope': Unknown command: nope`,
    "No peer found matching '9'",
  ]
}
