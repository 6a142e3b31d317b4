/** The style sheet of wall, inbox and chat; the build says what it is called. */
declare const talkStyleFile: string

let loading: Promise<void> | undefined

/** Loads it, once; resolves when it holds. */
export function loadStyle(): Promise<void> {
  loading ??= new Promise((resolve, reject) => {
    const link = document.createElement('link')
    link.rel = 'stylesheet'
    link.href = new URL(talkStyleFile, import.meta.url).href
    link.addEventListener('load', () => resolve())
    link.addEventListener('error', () => {
      loading = undefined
      link.remove()
      reject(new TypeError('the style sheet did not load'))
    })
    document.head.append(link)
  })
  return loading
}
