/** The rows of the web server in the table of settings. */
import { isOrigin } from '../../web/guard.ts'
import { listOf, oneOf, textWhere, wholeNumber, yesNo } from './kinds.ts'
import { hostKind } from './network-kinds.ts'
import { setting } from './setting.ts'

const originKind = textWhere(
  'an origin, such as "https://skein.example.org" (scheme, host and perhaps a port; no path)',
  isOrigin,
)

/** Keys that begin with `web.`. */
export const webSettings = {
  'web.enabled': setting(yesNo, {
    fallback: false,
    doc: 'Whether this node serves the live page, its socket and its metrics; `skein map --open` opens it',
  }),
  'web.host': setting(hostKind, {
    fallback: '127.0.0.1',
    doc: 'The address to serve them on; anything wider than this machine is plain HTTP for all on the way',
  }),
  'web.port': setting(wholeNumber(0, 65_535), {
    fallback: 14_580,
    doc: 'The TCP port to serve them on; 0 takes a free one',
  }),
  'web.origins': setting(listOf(originKind), {
    fallback: [],
    doc: 'Where else the page is reached, such as through a proxy: `["https://skein.example.org"]`',
  }),
  'web.metrics': setting(oneOf(['token', 'open'] as const), {
    fallback: 'token' as const,
    doc: 'Who may read `/metrics`: whoever shows the token, or everybody who reaches the port (`open`)',
  }),
}
