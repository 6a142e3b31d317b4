/** What a person is told before a node leaves its network, and after. */
import { shortPeerId } from '../base/peer-id.ts'
import type { Departure, LeavePreview } from './departure.ts'

/** What is said where there is nothing to leave. */
const noNetwork = 'This node belongs to no network'

/** What leaving would do, a line each; `isRunning`: whether the node runs, and can say good-bye. */
export function formatLeavePreview(preview: LeavePreview, isRunning: boolean): string {
  const { network, label, standing, memberCount, holdsKey, openTickets } = preview
  if (network === undefined) return noNetwork
  const farewells = isRunning
    ? [
        standing === 'out'
          ? 'it was put out already: nobody is told'
          : `${count(memberCount, 'other member')} that run are told, and show it as left at once`,
      ]
    : ['nobody is told, since it does not run; to say good-bye, start it first (skein up)']
  const pass = [
    'its pass is forgotten: to come back it needs a new ticket',
    'who is connected to it by the pass alone is not any more',
    'its ID, its messages and its known list stay',
  ]
  const name = shortPeerId(network)
  const key = holdsKey
    ? [
        'IT HOLDS THE KEY OF THE NETWORK: the members go on, but nobody can invite, forget or deny',
        '  anybody in that network any more',
        `the key stays in its data folder, as network-${name}.pem; --forget-key destroys it for ever`,
        ...(openTickets > 0
          ? [`${count(openTickets, 'ticket')} nobody used yet: worth nothing`]
          : []),
      ]
    : []
  const lines = [...farewells, ...pass, ...key]
  const bullets = lines.map((line) => (line.startsWith(' ') ? `  ${line}` : `  - ${line}`))
  return [`Leaving network ${name}, where this node is ${label}:`, ...bullets].join('\n')
}

/** What became of it. */
export function formatDeparture(departure: Departure, label: string, isRunning: boolean): string {
  const { network, told, keyFile, wasOut } = departure
  if (network === undefined) return noNetwork
  const name = shortPeerId(network)
  const first =
    told > 0
      ? `Left network ${name}; ${count(told, 'member')} ${told === 1 ? 'was' : 'were'} told, and tell the others`
      : `Left network ${name}${wasOut ? '' : isRunning ? '; no member could be told' : '; nobody was told'}`
  const rest =
    told > 0 || wasOut
      ? []
      : [`Its name there stays taken until who holds the key says: skein forget ${label}`]
  const kept =
    keyFile === undefined
      ? []
      : [
          `The key of the network is in ${keyFile}`,
          'To be its keeper again: stop the node, and rename that file to network.pem, and the .json',
          'beside it to network.json',
        ]
  return [first, ...rest, ...kept].join('\n')
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`
}
