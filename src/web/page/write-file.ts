import { formatD2 } from '../../map/d2.ts'
import { formatJson } from '../../map/json.ts'
import { formatSvg } from '../../map/svg.ts'
import type { Network } from '../../map/graph.ts'

/** The kinds of files that the page can save. */
export type Format = 'svg' | 'd2' | 'json'

/** The network as the text of a file, just as `skein map` prints it. */
export function writeFile(
  network: Network,
  format: Format,
): { readonly text: string; readonly type: string } {
  switch (format) {
    case 'svg':
      return { text: formatSvg(network), type: 'image/svg+xml' }
    case 'd2':
      return { text: formatD2(network), type: 'text/plain' }
    case 'json':
      return { text: `${formatJson(network).join('\n')}\n`, type: 'application/x-ndjson' }
    default:
      return format satisfies never
  }
}
