/** Who wrote something: a disc in a colour of the key, and the name, which leads to the node on the map. */
import { visibleText } from '../../../map/caption.ts'
import { selectNode } from '../state.ts'
import { openTab } from '../tabs.ts'

interface AuthorProps {
  readonly id: string
  readonly name: string
}

const colours = 8 // .disc-0 … in talk.css

/** The disc: of one key always the same colour. */
export function Disc({ id, name }: AuthorProps): preact.JSX.Element {
  let sum = 0
  for (let at = 0; at < id.length; at++) sum = (sum * 31 + id.charCodeAt(at)) % 65_521
  return (
    <span class={`disc disc-${sum % colours}`} aria-hidden="true">
      {visibleText(name.slice(0, 1), 1).toUpperCase()}
    </span>
  )
}

/** The name; pressed, it shows the node on the map. */
export function Author({ id, name }: AuthorProps): preact.JSX.Element {
  return (
    <button
      type="button"
      class="text author"
      title={id}
      onClick={() => {
        selectNode(id)
        openTab('network')
      }}
    >
      {visibleText(name, 40)}
    </button>
  )
}
