/**
 * Arithmetic of a benchmark: figures of blocks that were measured in turn, and the ratio of each pair.
 *
 * A machine that other programs use is slower now and faster then. Two figures from neighbouring
 * blocks share that, so their ratio is steadier than either: ratios are what is compared.
 */

/** The value below which `share` of the sorted values lie. */
export function quantile(sorted, share) {
  if (sorted.length === 0) return NaN
  const at = (sorted.length - 1) * share
  const low = Math.floor(at)
  const high = Math.ceil(at)
  return sorted[low] + (sorted[high] - sorted[low]) * (at - low)
}

/** Median and quartiles of some values. */
export function spread(values) {
  const sorted = Float64Array.from(values).toSorted()
  return {
    median: quantile(sorted, 0.5),
    low: quantile(sorted, 0.25),
    high: quantile(sorted, 0.75),
  }
}

/** The ratios of pairs: `ours[i] / theirs[i]`. */
export function ratios(ours, theirs) {
  return ours.map((value, index) => value / theirs[index])
}

/**
 * A row of the table.
 *
 * @param what - `{ name, unit, ours, theirs, target }`: figures of the same block stand at the same
 * index; `target` is a text such as `≤ 1.15`.
 */
export function row({ name, unit, ours, theirs, target, digits = 1 }) {
  return {
    name,
    unit,
    digits,
    ours: spread(ours).median,
    theirs: spread(theirs).median,
    ratio: spread(ratios(ours, theirs)),
    target,
    pairs: ours.length,
  }
}

/** The table as text, a line a row. */
export function formatTable(rows) {
  const cells = [
    ['', 'skein', 'other', 'ratio', 'quartiles', 'target'],
    ...rows.map((each) => [
      each.name,
      `${round(each.ours, each.digits)} ${each.unit}`,
      `${round(each.theirs, each.digits)} ${each.unit}`,
      round(each.ratio.median, 2),
      `${round(each.ratio.low, 2)}–${round(each.ratio.high, 2)}`,
      each.target ?? '',
    ]),
  ]
  const widths = cells[0].map((_, column) => Math.max(...cells.map((line) => line[column].length)))
  return cells
    .map((line) =>
      line
        .map((text, column) =>
          column === 0 ? text.padEnd(widths[column]) : text.padStart(widths[column]),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

function round(value, digits) {
  return Number.isFinite(value) ? value.toFixed(digits) : '–'
}
