import { spawn } from 'node:child_process'
import { expect, onTestFinished, test, vi } from 'vitest'
import { afterAwake } from '../base/clock.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { isProcessAtWork, PatientClock, processState } from './patient-clock.node.ts'

test('time in which the node has work and no processor counts for no deadline, up to six times it', async () => {
  for (const [workMs, dueMs] of [
    [0, 5_000],
    [2_000, 7_000],
    [60_000, 30_000],
  ] as const) {
    const inner = new VirtualClock()
    const startMs = inner.nowMs()
    const clock = new PatientClock(() => inner.nowMs() - startMs <= workMs, inner)
    let firedMs = Infinity
    afterAwake(clock, 5_000, () => (firedMs = inner.nowMs() - startMs))
    await inner.advance(40_000)
    expect(Math.abs(firedMs - dueMs), `${workMs} ms at work`).toBeLessThan(100)
    clock.stop()
    expect(inner.pending).toBe(0)
  }
})

test.runIf(process.platform === 'linux')(
  'a process that is stopped is told from a busy one',
  async () => {
    const child = spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' })
    onTestFinished(() => void child.kill('SIGKILL'))
    const pid = child.pid ?? 0
    await vi.waitFor(() => expect(isProcessAtWork(pid)).toBe(true), 10_000)
    child.kill('SIGSTOP')
    await vi.waitFor(() => expect(processState(pid)).toBe('T'), 10_000)
    expect(isProcessAtWork(pid)).toBe(false)
    expect(processState(2 ** 30)).toBe(undefined)
  },
)
