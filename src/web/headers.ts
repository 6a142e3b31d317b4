/** The headers that every answer has: what a browser may do with it. */

const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "font-src 'self'",
  "worker-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
]

/** Headers of everything that is sent. */
export const commonHeaders: Readonly<Record<string, string>> = {
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY', // For browsers that do not know frame-ancestors.
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Permissions-Policy': 'camera=(), microphone=(), geolocation=(), payment=(), usb=()',
  'Cache-Control': 'no-store', // Files of the page say otherwise.
}

/**
 * The content security policy (CSP Level 3) for a page that was asked for under this host.
 *
 * @param host - The `Host` of a request that has passed the guard. Its socket is named, as older
 *   browsers do not count WebSockets as `'self'`.
 */
export function contentSecurityPolicy(host: string): string {
  return [...policy, `connect-src 'self' ws://${host} wss://${host}`].join('; ')
}
