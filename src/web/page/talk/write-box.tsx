/** A box to write in, and its button. The text stays until it was taken; what was not taken stays. */
import { useId, useRef, useState } from 'preact/hooks'
import { messageOf } from '../../../base/errors.ts'

interface WriteBoxProps {
  /** What is written here; for those who do not see it, and as a hint in the empty box. */
  readonly label: string
  readonly placeholder: string
  readonly button: string
  /** Whether Enter sends; otherwise Ctrl + Enter does. */
  readonly isLine?: boolean
  readonly isEnabled?: boolean
  /** Takes the text; what it returns is shown, and a failure is. */
  readonly send: (text: string) => Promise<string>
  readonly children?: preact.ComponentChildren
}

/** See the file's head. */
export function WriteBox(props: WriteBoxProps): preact.JSX.Element {
  const { label, placeholder, button, isLine = false, isEnabled = true, send, children } = props
  const [text, setText] = useState('')
  const [outcome, setOutcome] = useState<Outcome>({ text: '', isProblem: false })
  const [isSending, setSending] = useState(false)
  const box = useRef<HTMLTextAreaElement>(null)
  const id = useId()
  const submit = async (): Promise<void> => {
    if (text.trim() === '' || isSending || !isEnabled) return
    setSending(true)
    try {
      setOutcome({ text: await send(text), isProblem: false })
      // What was written meanwhile was not sent.
      setText((now) => (now.startsWith(text) ? now.slice(text.length) : now))
    } catch (thrown) {
      setOutcome({ text: messageOf(thrown), isProblem: true })
    } finally {
      setSending(false)
      box.current?.focus()
    }
  }
  return (
    <form
      class="write"
      onSubmit={(event) => {
        event.preventDefault()
        void submit()
      }}
    >
      {children}
      <textarea
        ref={box}
        aria-label={label}
        aria-describedby={id}
        placeholder={placeholder}
        rows={isLine ? 1 : 2}
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
        onKeyDown={(event) => {
          const { key, shiftKey, ctrlKey, metaKey, isComposing } = event
          if (key !== 'Enter' || shiftKey || isComposing) return
          if (!isLine && !ctrlKey && !metaKey) return
          event.preventDefault()
          void submit()
        }}
      />
      <div class="write-end">
        <span id={id} class={`outcome ${outcome.isProblem ? 'problem' : 'muted'}`} role="status">
          {outcome.text}
        </span>
        <button type="submit" class="main" disabled={!isEnabled || isSending}>
          {button}
        </button>
      </div>
    </form>
  )
}

interface Outcome {
  readonly text: string
  readonly isProblem: boolean
}
