/** Runs a command on the selected node, as `skein @PEER COMMAND` does, and shows what it prints. */
import { useEffect, useRef, useState } from 'preact/hooks'
import { messageOf } from '../../../base/errors.ts'
import { splitLine } from '../../../command/split.ts'
import { network } from '../state.ts'
import { OutputText } from './output-text.ts'

interface BoxProps {
  readonly id: string
  readonly isSelf: boolean
  readonly name: string
}

/** What a box holds, and what it does. */
function useCommand({ id, isSelf }: BoxProps) {
  const [line, setLine] = useState('')
  const [output, setOutput] = useState('')
  const [ending, setEnding] = useState('')
  const [names, setNames] = useState<readonly string[]>([])
  const running = useRef<AbortController | undefined>(undefined)
  const [isRunning, setRunning] = useState(false)
  const target = isSelf ? {} : { to: id }
  useEffect(() => () => running.current?.abort(), [])

  const offer = async (): Promise<void> => {
    if (names.length > 0) return
    try {
      setNames(commandNames(await network.ask(['help'], AbortSignal.timeout(5_000), target.to)))
    } catch {
      setNames([]) // Whoever types knows what; the command itself will say what is wrong.
    }
  }

  const run = async (): Promise<void> => {
    const { session } = network
    if (session === undefined || line.trim() === '' || isRunning) return
    const abort = new AbortController()
    running.current = abort
    setRunning(true)
    setEnding('')
    const text = new OutputText(setOutput)
    try {
      const onOut = (chunk: Uint8Array): void => text.add(chunk)
      const { exit } = await session.run(splitLine(line), {
        ...target,
        signal: abort.signal,
        onOut,
        onErr: onOut,
      })
      setEnding(exit === 0 ? 'done' : `exit code ${exit}`)
    } catch (thrown) {
      setEnding(messageOf(thrown))
    } finally {
      text.flush()
      running.current = undefined
      setRunning(false)
    }
  }

  const cancel = (): void => running.current?.abort()
  return { line, setLine, output, ending, names, isRunning, offer, run, cancel }
}

/** See the file's head. */
export function CommandBox(props: BoxProps): preact.JSX.Element {
  const { name } = props
  const { line, setLine, output, ending, names, isRunning, offer, run, cancel } = useCommand(props)
  return (
    <section class="commands">
      <h3>Run a command on {name}</h3>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          void run()
        }}
      >
        <input
          type="text"
          aria-label={`Command for ${name}`}
          placeholder="help"
          list="command-names"
          autocomplete="off"
          autocapitalize="none"
          spellcheck={false}
          value={line}
          onFocus={() => void offer()}
          onInput={(event) => setLine(event.currentTarget.value)}
        />
        <datalist id="command-names">
          {names.map((each) => (
            <option key={each} value={each} />
          ))}
        </datalist>
        {/* Keys: one button that changed its type under the hand would take the command back never. */}
        {isRunning ? (
          <button key="stop" type="button" class="plain stop" onClick={cancel}>
            Cancel
          </button>
        ) : (
          <button key="run" type="submit" class="main">
            Run
          </button>
        )}
      </form>
      {output !== '' && (
        <pre class="output" tabIndex={0} role="log" aria-label="Output">
          {output}
        </pre>
      )}
      {(ending !== '' || isRunning) && (
        <p class="ending muted" role="status">
          {isRunning ? 'running …' : ending}
        </p>
      )}
    </section>
  )
}

/** The first words of the lines of `help`. */
function commandNames(help: string): readonly string[] {
  const words = help.split('\n').map((line) => /^\s*([a-z0-9][\w.-]*)/i.exec(line)?.[1] ?? '')
  return [...new Set(words.filter((word) => word !== ''))].slice(0, 100)
}
