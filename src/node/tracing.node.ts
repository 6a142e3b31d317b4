/**
 * Spans for commands, through the API of OpenTelemetry: a client span where one is asked for, a server
 * span where it runs, one the parent of the other across peers.
 *
 * The API keeps what a program registered under a symbol of its own on `globalThis`. Where there is
 * nothing, nothing is loaded and nothing is done: a look at one property is all that it costs.
 */
import { createRequire } from 'node:module'
import type * as OpenTelemetry from '@opentelemetry/api'
import type { CommandTracer, Trace } from '../command/tracing.ts'
import { version } from '../base/version.ts'

type Api = typeof OpenTelemetry

/** Where `@opentelemetry/api` 1.x keeps what is registered: its internal/global-utils.ts. */
const registry = Symbol.for('opentelemetry.js.api.1')
const maxNameLength = 64 // Guess: names of commands have as much at most.
const invalidTrace = '0'.repeat(32)
const load = createRequire(import.meta.url)

/** Traces the commands of a node, if the program registered a tracer provider. */
export const commandTracer: CommandTracer = {
  asks(argv, peer) {
    const api = findApi()
    if (api === undefined) return undefined
    return start(api, argv, { kind: api.SpanKind.CLIENT, peer, parent: api.context.active() })
  },
  answers({ argv, traceparent }, subject) {
    const api = findApi()
    if (api === undefined) return undefined
    const peer = { id: subject.peerId ?? '', name: subject.name }
    const parent = traceparent === undefined ? api.context.active() : remote(api, traceparent)
    return start(api, argv, { kind: api.SpanKind.SERVER, peer, parent })
  },
}

/** The API, once something is registered with it. */
function findApi(): Api | undefined {
  const found = (globalThis as Record<symbol, { readonly trace?: unknown } | undefined>)[registry]
  // Node keeps what was loaded: this is a look into a map from the second time on.
  return found?.trace === undefined ? undefined : (load('@opentelemetry/api') as Api)
}

interface SpanStart {
  readonly kind: OpenTelemetry.SpanKind
  readonly peer: { readonly id: string; readonly name: string }
  readonly parent: OpenTelemetry.Context
}

function start(
  api: Api,
  argv: readonly string[],
  { kind, peer, parent }: SpanStart,
): Trace | undefined {
  const name = (argv[0] ?? '').slice(0, maxNameLength)
  // The name alone: arguments may be secrets.
  const attributes = {
    'rpc.system': 'skein',
    'rpc.service': 'commands',
    'rpc.method': name,
    'skein.peer.name': peer.name,
    ...(peer.id === '' ? {} : { 'skein.peer.id': peer.id }),
  }
  const tracer = api.trace.getTracer('skein', version)
  const span = tracer.startSpan(`command ${name}`, { kind, attributes }, parent)
  const { traceId, spanId, traceFlags } = span.spanContext()
  if (traceId === invalidTrace) return undefined // A provider that does nothing.
  const flags = traceFlags.toString(16).padStart(2, '0')
  return {
    traceparent: `00-${traceId}-${spanId}-${flags}`,
    within: (work) => api.context.with(api.trace.setSpan(parent, span), work),
    end(ending) {
      if ('exit' in ending) span.setAttribute('skein.exit', ending.exit)
      else {
        span.setAttribute('error.type', ending.error)
        span.setStatus({ code: api.SpanStatusCode.ERROR, message: ending.message })
      }
      span.end()
    },
  }
}

/** The caller's span; whether it is recorded is the sampler's business, which knows that it is remote. */
function remote(api: Api, traceparent: string): OpenTelemetry.Context {
  const [, traceId = '', spanId = '', flags = ''] = traceparent.split('-')
  const parent = { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true }
  return api.trace.setSpanContext(api.context.active(), parent)
}
