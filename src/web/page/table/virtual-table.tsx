/** A table of any length: only the rows in sight are in the document, and it says how many there are. */
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { selection } from '../state.ts'
import { sortRows } from './table-rows.ts'
import type { Row, TableContent } from './table-rows.ts'

const rowHeight = 36
const beyond = 8 // Rows above and below what is seen.

/** See the file's head. */
export function VirtualTable({ table }: { readonly table: TableContent }): preact.JSX.Element {
  const box = useRef<HTMLDivElement>(null)
  const [order, setOrder] = useState({ column: 0, isDescending: false })
  const [seen, setSeen] = useState({ top: 0, height: 600 })
  useLayoutEffect(() => {
    const element = box.current
    if (element === null) return
    const observer = new ResizeObserver(() =>
      setSeen({ top: element.scrollTop, height: element.clientHeight }),
    )
    observer.observe(element)
    return () => observer.disconnect()
  }, [])
  const rows = sortRows(table.rows, order.column, order.isDescending)
  const first = Math.max(0, Math.min(Math.floor(seen.top / rowHeight), rows.length) - beyond)
  const last = Math.min(rows.length, Math.ceil((seen.top + seen.height) / rowHeight) + beyond)
  const columns = table.columns.length
  return (
    <div
      class="rows"
      ref={box}
      tabIndex={0}
      role="region"
      aria-label={table.caption}
      onScroll={(event) => {
        const { scrollTop: top, clientHeight: height } = event.currentTarget
        setSeen({ top, height })
      }}
    >
      <table aria-rowcount={rows.length + 1}>
        <caption>{table.caption}</caption>
        <thead>
          <tr aria-rowindex={1}>
            {table.columns.map(({ title, isNumber }, column) => (
              <th
                key={title}
                scope="col"
                class={isNumber === true ? 'number' : ''}
                aria-sort={sortOf(column, order)}
              >
                <button
                  type="button"
                  onClick={() =>
                    setOrder({
                      column,
                      isDescending: order.column === column && !order.isDescending,
                    })
                  }
                >
                  {title}
                </button>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          <Space rows={first} columns={columns} />
          {rows.slice(first, last).map((row, at) => (
            <TableRow key={row.key} row={row} index={first + at + 2} columns={table.columns} />
          ))}
          <Space rows={rows.length - last} columns={columns} />
        </tbody>
      </table>
    </div>
  )
}

function TableRow({
  row,
  index,
  columns,
}: {
  readonly row: Row
  readonly index: number
  readonly columns: TableContent['columns']
}): preact.JSX.Element {
  const chosen = selection.value
  const isChosen =
    chosen !== undefined &&
    (chosen.kind === 'node' ? row.key === chosen.id : isSameLink(row, chosen))
  const element = useRef<HTMLTableRowElement>(null)
  useEffect(() => {
    if (isChosen) element.current?.scrollIntoView({ block: 'nearest' })
  }, [isChosen])
  return (
    <tr
      ref={element}
      class={`${row.tone} ${isChosen ? 'chosen' : ''}`}
      aria-rowindex={index}
      onClick={() => (selection.value = row.selects)}
    >
      {row.cells.map((cell, at) =>
        at === 0 ? (
          <th key={at} scope="row">
            <button type="button" class="text" aria-pressed={isChosen}>
              {cell}
            </button>
          </th>
        ) : (
          <td key={at} class={columns[at]?.isNumber === true ? 'number' : ''}>
            {cell}
          </td>
        ),
      )}
    </tr>
  )
}

/** Stands for rows that are not in sight. */
function Space({
  rows,
  columns,
}: {
  readonly rows: number
  readonly columns: number
}): preact.JSX.Element | null {
  if (rows <= 0) return null
  return (
    <tr aria-hidden="true" class="space" style={{ height: `${rows * rowHeight}px` }}>
      <td colSpan={columns} />
    </tr>
  )
}

function isSameLink(
  { selects }: Row,
  chosen: { readonly kind: 'link'; readonly a: string; readonly b: string },
): boolean {
  if (selects.kind !== 'link') return false
  const { a, b } = chosen
  return (selects.a === a && selects.b === b) || (selects.a === b && selects.b === a)
}

function sortOf(
  column: number,
  order: { readonly column: number; readonly isDescending: boolean },
): 'ascending' | 'descending' | 'none' {
  if (column !== order.column) return 'none'
  return order.isDescending ? 'descending' : 'ascending'
}
