/** `skein @PEER COMMAND`: one peer's bare output, or a line a peer. */
import type { SkeinError } from '../base/errors.ts'
import { messageOf, toSkeinError } from '../base/errors.ts'
import { sanitizeText } from '../base/text.ts'
import { Collector } from './collector.ts'
import { ControlClient } from './control-client.node.ts'
import { fetchList } from './fetch-list.ts'
import { findNode } from './find-node.node.ts'
import { noticeOutages } from './outage-notice.ts'
import { isOnePeer, peerRequest } from './request.ts'
import type { Invocation } from './arguments.ts'
import type { Context, ExitCode } from './context.ts'
import type { Handed } from './control-client.node.ts'

interface Target {
  readonly id: string
  readonly name: string
}

interface Outcome {
  readonly out: string
  readonly err: string
  readonly exit?: number
  readonly error?: SkeinError
}

/** Runs the command on each peer that is meant. */
export async function on(
  invocation: Invocation,
  context: Context,
  handed?: Handed,
): Promise<ExitCode> {
  const { to = '', flags } = invocation
  const node = handed
    ? ControlClient.takeOver(handed)
    : await ControlClient.connect(findNode(flags.profile), flags.timeoutMs)
  try {
    if (isOnePeer(to) && !flags.isJson) return await runOnOne(node, invocation, context)
    const targets = await fetchList<Target>(node, ['resolve', to])
    if (targets.length === 0) {
      context.err(`skein: @${to} means nobody at the moment; see: skein peers\n`)
      return 1
    }
    return await runOnAll(node, targets, { invocation, context })
  } finally {
    node.close()
  }
}

async function runOnOne(
  node: ControlClient,
  invocation: Invocation,
  context: Context,
): Promise<ExitCode> {
  const { to = '' } = invocation
  const stopNotices = noticeOutages(node, to, context)
  const running = node.run(peerRequest(invocation, to), {
    signal: context.signal,
    stdin: context.stdin,
    onOut: (chunk) => context.outBytes(chunk),
    onErr: (chunk) => context.errBytes(chunk),
  })
  return running.finally(stopNotices)
}

async function runOnAll(
  node: ControlClient,
  targets: readonly Target[],
  { invocation, context }: { readonly invocation: Invocation; readonly context: Context },
): Promise<ExitCode> {
  const outcomes = targets.map(async (target) => {
    const outcome = await collect(node, target, { invocation, context })
    const format = invocation.flags.isJson ? formatJson : formatLines
    const { out, err } = format(target, outcome)
    context.out(out)
    context.err(err)
    return outcome.exit === 0
  })
  return (await Promise.all(outcomes)).every(Boolean) ? 0 : 1
}

async function collect(
  node: ControlClient,
  target: Target,
  { invocation, context }: { readonly invocation: Invocation; readonly context: Context },
): Promise<Outcome> {
  const [out, err] = [new Collector(), new Collector()]
  try {
    const exit = await node.run(peerRequest(invocation, target.id), {
      signal: context.signal,
      onOut: (chunk) => out.add(chunk),
      onErr: (chunk) => err.add(chunk),
    })
    return { out: out.text, err: err.text, exit }
  } catch (thrown) {
    return { out: out.text, err: err.text, error: toSkeinError(thrown) }
  }
}

function formatLines({ name }: Target, outcome: Outcome): { out: string; err: string } {
  const lines = (text: string): string =>
    sanitizeText(text)
      .split('\n')
      .map((line) => `${name}: ${line}\n`)
      .join('')
  const { out, err, exit, error } = outcome
  const failure = error === undefined ? `exit code ${exit}` : messageOf(error)
  const isFailed = error !== undefined || (exit !== 0 && err === '')
  const isSilent = out === '' && err === ''
  return {
    out: out === '' && !(isSilent && !isFailed) ? '' : lines(out),
    err: (err === '' ? '' : lines(err)) + (isFailed ? lines(failure) : ''),
  }
}

function formatJson({ id, name }: Target, outcome: Outcome): { out: string; err: string } {
  const { out, err, exit, error } = outcome
  const ending = error === undefined ? { exit } : { error: error.code, message: error.message }
  return { out: `${JSON.stringify({ peer: name, id, ...ending, out, err })}\n`, err: '' }
}
