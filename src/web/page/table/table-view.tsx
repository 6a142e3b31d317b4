/** The same network to read: nodes or links, sorted as one likes. Only the rows in sight exist. */
import { signal, useComputed } from '@preact/signals'
import { matches, network } from '../state.ts'
import { linkRows, nodeRows } from './table-rows.ts'
import { VirtualTable } from './virtual-table.tsx'

const shown = signal<'nodes' | 'links'>('nodes')

/** See the file's head. */
export function TableView(): preact.JSX.Element {
  const table = useComputed(() => {
    void network.tick.value
    const wanted = matches.value
    return shown.value === 'nodes'
      ? nodeRows(network.model, wanted)
      : linkRows(network.model, wanted)
  })
  return (
    <>
      <div class="choice" role="group" aria-label="What the table lists">
        {(['nodes', 'links'] as const).map((name) => (
          <button
            key={name}
            type="button"
            aria-pressed={shown.value === name}
            onClick={() => (shown.value = name)}
          >
            {name === 'nodes' ? 'Nodes' : 'Links'}
          </button>
        ))}
      </div>
      <VirtualTable key={shown.value} table={table.value} />
    </>
  )
}
