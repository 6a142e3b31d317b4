/** When something was written: the time today, the day before that; all of it where one points. */
import { signal } from '@preact/signals'

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' })
const day = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' })
const year = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' })
const full = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'medium' })

/** The day that it is, for what was written on another one. */
const today = signal(new Date().toDateString())
setInterval(() => (today.value = new Date().toDateString()), 60_000)

/** See the file's head. */
export function When({ timeMs }: { readonly timeMs: number }): preact.JSX.Element {
  const date = new Date(timeMs)
  if (Number.isNaN(date.getTime())) return <span class="when">some day</span>
  return (
    <time class="when" dateTime={date.toISOString()} title={full.format(date)}>
      {brief(date)}
    </time>
  )
}

function brief(date: Date): string {
  const now = new Date(today.value)
  if (date.toDateString() === today.value) return clock.format(date)
  if (date.getFullYear() !== now.getFullYear()) return year.format(date)
  return `${day.format(date)}, ${clock.format(date)}`
}
