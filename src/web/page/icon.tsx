/** A sign on a button, drawn with one pen on a square of 20; what it does stands in the button's label. */
export function Icon({
  path,
  widthPx = 18,
}: {
  readonly path: string
  /** Of its square, CSS pixels. */
  readonly widthPx?: number
}): preact.JSX.Element {
  return (
    <svg
      viewBox="0 0 20 20"
      width={widthPx}
      height={widthPx}
      aria-hidden="true"
      fill="none"
      stroke="currentColor"
      stroke-width="1.7"
      stroke-linecap="round"
      stroke-linejoin="round"
    >
      <path d={path} />
    </svg>
  )
}

/** What closes something. */
export const crossPath = 'm5 5 10 10M15 5 5 15'
