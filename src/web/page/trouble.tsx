import { network } from './state.ts'

/** Says what is wrong, and what to do, where the page does not follow its node. */
export function Trouble(): preact.JSX.Element | null {
  const status = network.status.value
  if (status === 'absent' || status === 'closed') {
    return (
      <div class="trouble" role="alert">
        <strong>
          {status === 'absent' ? 'This page needs its link.' : 'This link is no longer valid.'}
        </strong>{' '}
        On the machine of the node, run <code>skein map --open</code>: the link that it opens lets
        you in.
      </div>
    )
  }
  const hasNetwork = network.tick.value > 0
  if (status === 'open' && network.trouble.value === '') return null
  if (status === 'connecting' && !hasNetwork) return null
  return (
    <div class="trouble" role="alert">
      <strong>
        {status === 'open' ? 'The node does not tell of the network.' : 'The node does not answer.'}
      </strong>{' '}
      {hasNetwork ? 'What you see is what was known last. ' : ''}
      <span class="muted">{network.trouble.value}</span>{' '}
      {status === 'waiting' && (
        <button type="button" onClick={() => network.session?.retry()}>
          Try now
        </button>
      )}
    </div>
  )
}
