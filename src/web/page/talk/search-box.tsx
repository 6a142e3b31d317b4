import { useEffect, useState } from 'preact/hooks'

const restMs = 250 // Guess: a pause in typing.

/** A field to search with, which waits until the typing rests. */
export function SearchBox({
  label,
  value,
  onSearch,
}: {
  readonly label: string
  readonly value: string
  readonly onSearch: (text: string) => void
}): preact.JSX.Element {
  const [text, setText] = useState(value)
  useEffect(() => {
    const wanted = text.trim()
    if (wanted === value) return undefined
    const timer = setTimeout(() => onSearch(wanted), restMs)
    return () => clearTimeout(timer)
  }, [text])
  return (
    <label class="find">
      <span class="unseen">{label}</span>
      <input
        type="search"
        placeholder={label}
        autocomplete="off"
        maxLength={200}
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
      />
    </label>
  )
}
