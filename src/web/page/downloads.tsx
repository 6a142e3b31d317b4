/** Saves the network as a file: a picture, D2 text, or lines of JSON. What writes them is loaded then. */
import { useEffect, useRef } from 'preact/hooks'
import { Icon } from './icon.tsx'
import { network } from './state.ts'
import type { Format } from './write-file.ts'

const formats: readonly (readonly [Format, string])[] = [
  ['svg', 'Picture (SVG)'],
  ['d2', 'Diagram text (D2)'],
  ['json', 'Data (JSON lines)'],
]

/** A menu of files. */
export function Downloads(): preact.JSX.Element {
  const menu = useRef<HTMLDetailsElement>(null)
  useEffect(() => {
    const close = ({ target }: Event): void => {
      const { current } = menu
      if (current !== null && target instanceof Node && !current.contains(target))
        current.open = false
    }
    document.addEventListener('pointerdown', close)
    return () => document.removeEventListener('pointerdown', close)
  }, [])
  const save = async (format: Format): Promise<void> => {
    if (menu.current !== null) menu.current.open = false
    const { writeFile } = await import('./write-file.ts')
    const { text, type } = writeFile(network.model.toNetwork(), format)
    const url = URL.createObjectURL(new Blob([text], { type }))
    const link = document.createElement('a')
    link.href = url
    link.download = `network.${format}`
    link.click()
    setTimeout(() => URL.revokeObjectURL(url), 10_000) // The browser reads it after this turn.
  }
  return (
    <details
      class="menu"
      ref={menu}
      onKeyDown={(event) => {
        if (event.key === 'Escape' && menu.current !== null) menu.current.open = false
      }}
    >
      <summary class="icon" aria-label="Download the map" title="Download the map">
        <Icon path="M10 3v9m-3.5-3.5L10 12l3.5-3.5M4 16h12" />
      </summary>
      <div class="menu-list">
        {formats.map(([format, title]) => (
          <button key={format} type="button" onClick={() => void save(format)}>
            {title}
          </button>
        ))}
      </div>
    </details>
  )
}
