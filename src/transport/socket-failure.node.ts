/** What a socket's failures mean to people and to programs: one table for all socket transports. */
import { SkeinError, messageOf } from '../base/errors.ts'
import type { ErrorCode } from '../base/errors.ts'

type SystemError = Error & { readonly code?: string | undefined }

/** System errors and TLS alerts that have a plain meaning, whichever side of a path sees them. */
const meanings: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nobody listens there',
  ECONNRESET: 'reset by peer',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
  ENOENT: 'nobody listens there',
  ENOTFOUND: 'the host name is not known',
  EAI_AGAIN: 'the host name could not be looked up',
  EPIPE: 'reset by peer',
  ETIMEDOUT: 'no sign of life',
  ERR_SSL_HTTP_REQUEST: 'plain HTTP instead of TLS',
  ERR_SSL_WRONG_VERSION_NUMBER: 'not TLS: plain text, or another protocol',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'not TLS: plain text, or another protocol',
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'an old TLS version; Skein speaks TLS 1.3 only',
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: 'an old TLS version; Skein speaks TLS 1.3 only',
  ERR_SSL_NO_APPLICATION_PROTOCOL: 'another protocol inside TLS; Skein speaks skein/1',
  ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL: 'another protocol inside TLS; Skein speaks skein/1',
  ERR_SSL_NO_SHARED_CIPHER: 'no cipher in common',
}

/** Why a path or a handshake ended, for people. */
export function closeReason(error: SystemError): string {
  const meaning = meanings[error.code ?? '']
  if (meaning !== undefined) return meaning
  // OpenSSL's messages are dumps: "80E2…:error:0A000410:SSL routines:…:the reason:…".
  const dumped = /:error:[0-9A-F]+:[^:]*:[^:]*:([^:]+):/.exec(error.message)?.[1]
  return dumped === undefined ? error.message : `TLS failed: ${dumped}`
}

/** The error of a dial that did not reach anybody. */
export function dialFailure(address: string, error: SystemError): SkeinError {
  // Several tries at one name fail together (Node's AggregateError): the first tells enough.
  const first: unknown = error instanceof AggregateError ? error.errors[0] : undefined
  const cause = first instanceof Error ? first : error
  return new SkeinError('DIAL_FAILED', `dialling ${address}: ${closeReason(cause)}`, { cause })
}

/** The error of a dial that took longer than it may. */
export function dialTimeout(address: string, timeoutMs: number): SkeinError {
  return new SkeinError('TIMED_OUT', `dialling ${address}: no answer within ${timeoutMs} ms`)
}

const listenProblems: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  EADDRINUSE: ['ADDRESS_IN_USE', 'another program listens there; choose another port or stop it'],
  EACCES: ['CONFIG_INVALID', 'not permitted; choose a port from 1024 up, or a folder of your own'],
  EPERM: ['CONFIG_INVALID', 'not permitted; choose a port from 1024 up, or a folder of your own'],
  EADDRNOTAVAIL: ['CONFIG_INVALID', 'this machine has no such address; "::" listens on all'],
  EAFNOSUPPORT: ['CONFIG_INVALID', 'this machine does not speak that kind of address'],
  EINVAL: ['CONFIG_INVALID', 'the address cannot be listened on'],
  ENOENT: ['CONFIG_INVALID', 'its folder does not exist'],
  ENOTFOUND: ['CONFIG_INVALID', 'the host name is not known; "::" listens on all addresses'],
  EAI_AGAIN: ['CONFIG_INVALID', 'the host name could not be looked up; give an IP address'],
}

/** The error of an address that cannot be listened on; says what to do. */
export function listenFailure(address: string, error: SystemError): SkeinError {
  const [code, advice] = listenProblems[error.code ?? ''] ?? ['CONFIG_INVALID', messageOf(error)]
  return new SkeinError(code, `cannot listen on ${address}: ${advice}`, { cause: error })
}
