import { shortenText } from '../base/text.ts'

/** Tells a name that means one peer from one that can mean several: `all`, `role:NAME`, `a,b`. */
function meansSeveral(name: string): boolean {
  return name === 'all' || name.startsWith('role:') || name.includes(',')
}

/** Why `name`, without its `@`, cannot stand where one peer is wanted; `undefined` where it can. */
export function onePeerProblem(name: string): string | undefined {
  if (!meansSeveral(name)) return undefined
  const text = `'${shortenText(name)}' can mean several peers, and one is wanted`
  return `${text}; name it, see: skein peers`
}

/** Why no message can go to `name`, or `undefined` where it names one peer. Without the `@`. */
export function recipientProblem(name: string): string | undefined {
  if (!meansSeveral(name)) return undefined
  return `a message goes to one peer, and @${shortenText(name)} can mean several; skein post TEXT is for all`
}
