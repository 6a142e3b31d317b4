import { signal } from '@preact/signals'

/** The time, once a second while somebody looks. */
const nowMs = signal(Date.now())
setInterval(() => {
  if (!document.hidden) nowMs.value = Date.now()
}, 1_000)

/** How long ago something was: `now`, `12 s`, `3 min`, `2 h`. */
export function Ago({ sinceMs }: { readonly sinceMs: number }): preact.JSX.Element {
  return <time class="ago">{formatAgo(nowMs.value - sinceMs)}</time>
}

/** As {@link Ago}, of an age. */
function formatAgo(ageMs: number): string {
  const seconds = Math.round(ageMs / 1_000)
  if (seconds < 2) return 'now'
  if (seconds < 100) return `${seconds} s ago`
  const minutes = Math.round(seconds / 60)
  if (minutes < 100) return `${minutes} min ago`
  const hours = Math.round(minutes / 60)
  return hours < 48 ? `${hours} h ago` : `${Math.round(hours / 24)} d ago`
}
