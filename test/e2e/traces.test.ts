/** Spans of two peers joined to one trace, with the SDK of OpenTelemetry as a program registers it. */
import { context, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { SpanKind, SpanStatusCode } from '@opentelemetry/api'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Node } from '../../src/index.ts'
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base'

let exporter: InMemorySpanExporter
beforeEach(() => {
  exporter = new InMemorySpanExporter()
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] })
  trace.setGlobalTracerProvider(provider)
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
})
afterEach(() => {
  trace.disable()
  context.disable()
})

/** The span of this kind and name. */
function spanOf(name: string, kind: SpanKind): ReadableSpan | undefined {
  return exporter.getFinishedSpans().find((span) => span.name === name && span.kind === kind)
}

const idOf = (span: ReadableSpan | undefined): string | undefined => span?.spanContext().spanId
const traceOf = (span: ReadableSpan | undefined): string | undefined => span?.spanContext().traceId

test('[D13] a command from alice on bob is one trace with a span at each', async () => {
  await using bob = await Node.start({ label: 'bob', listen: ['127.0.0.1:0'] })
  await using alice = await Node.start({ label: 'alice', peers: [bob.address] })
  await alice.ready()
  const tracer = trace.getTracer('a program')
  await tracer.startActiveSpan('the program', async (span) => {
    await alice.peer('bob').run(['echo', 'a secret'])
    span.end()
  })
  await expect.poll(() => exporter.getFinishedSpans().length).toBe(3)
  const program = exporter.getFinishedSpans().find(({ name }) => name === 'the program')
  const asked = spanOf('command echo', SpanKind.CLIENT)
  const answered = spanOf('command echo', SpanKind.SERVER)
  expect([traceOf(asked), traceOf(answered)]).toEqual([traceOf(program), traceOf(program)])
  expect(asked?.parentSpanContext?.spanId).toBe(idOf(program))
  expect(answered?.parentSpanContext?.spanId).toBe(idOf(asked))
  expect(answered?.parentSpanContext?.isRemote).toBe(true)
  expect(answered?.attributes).toMatchObject({
    'rpc.system': 'skein',
    'rpc.method': 'echo',
    'skein.exit': 0,
    'skein.peer.id': alice.id,
  })
  expect(asked?.attributes).toMatchObject({ 'skein.peer.name': 'bob', 'skein.peer.id': bob.id })
  expect(JSON.stringify([asked?.attributes, answered?.attributes])).not.toContain('secret')
})

test('[D13] what a command asks of a third peer belongs to the same trace', async () => {
  await using carol = await Node.start({ label: 'carol', listen: ['127.0.0.1:0'] })
  await using bob = await Node.start({
    ...{ label: 'bob', listen: ['127.0.0.1:0'], peers: [carol.address] },
  })
  bob.command('ask-carol', {
    summary: 'Ask carol',
    allow: ['role:local'],
    run: async () => (await bob.peer('carol').run(['echo', 'hi'])).text,
  })
  await using alice = await Node.start({ label: 'alice', peers: [bob.address] })
  await Promise.all([alice.ready(), bob.ready()])
  expect((await alice.peer('bob').run('ask-carol')).text).toBe('hi')
  await expect.poll(() => exporter.getFinishedSpans().length).toBe(4)
  const traces = new Set(exporter.getFinishedSpans().map(traceOf))
  expect(traces.size).toBe(1)
  const answered = spanOf('command ask-carol', SpanKind.SERVER)
  const asked = spanOf('command echo', SpanKind.CLIENT)
  expect(asked?.parentSpanContext?.spanId).toBe(idOf(answered))
  expect(spanOf('command echo', SpanKind.SERVER)?.parentSpanContext?.spanId).toBe(idOf(asked))
})

test('[D13] a command that fails is a span that says how', async () => {
  await using bob = await Node.start({ label: 'bob', listen: ['127.0.0.1:0'] })
  await using alice = await Node.start({ label: 'alice', peers: [bob.address] })
  await alice.ready()
  await expect(alice.peer('bob').run('nothing')).rejects.toMatchObject({ code: 'UNKNOWN_COMMAND' })
  await expect.poll(() => exporter.getFinishedSpans().length).toBe(2)
  for (const { status, attributes } of exporter.getFinishedSpans()) {
    expect(status.code).toBe(SpanStatusCode.ERROR)
    expect(attributes['error.type']).toBe('UNKNOWN_COMMAND')
  }
})

test('[D13] without an SDK nothing is loaded, and nothing travels', async () => {
  trace.disable()
  await using bob = await Node.start({ label: 'bob', listen: ['127.0.0.1:0'] })
  await using alice = await Node.start({ label: 'alice', peers: [bob.address] })
  await alice.ready()
  const requests: unknown[] = []
  bob.on('command:run', ({ request }) => requests.push(request))
  await alice.peer('bob').run(['echo', 'hi'])
  await expect.poll(() => requests).toEqual([{ argv: ['echo', 'hi'] }])
  expect(exporter.getFinishedSpans()).toEqual([])
})
