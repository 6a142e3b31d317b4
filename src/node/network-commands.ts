/** The owner's commands that tell of the whole network. */
import { SkeinError } from '../base/errors.ts'
import { isJson, required } from './command-words.ts'
import { formatNodes } from './format.ts'
import { formatExplanation } from './why.ts'
import { isPeerId } from '../base/peer-id.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { Command } from '../command/command.ts'
import type { LinkInfo, NodeInfo } from '../membership/snapshot.ts'
import type { Affiliated } from './affiliated.ts'
import type { NetworkFeed } from './network-feed.ts'
import type { Explanation } from './why.ts'

/** What these commands ask of their node. */
export interface NetworkCommandHost {
  readonly feed: NetworkFeed
  nodes(): readonly NodeInfo[]
  links(): readonly LinkInfo[]
  resolve(name: string): PeerId
  explain(id: PeerId): Explanation
  readonly affiliation: Affiliated | undefined
}

/** `nodes`, `links`, `watch`, `history`: for the owner alone. */
export function networkCommands(node: NetworkCommandHost): Readonly<Record<string, Command>> {
  return {
    nodes: {
      summary: 'List every node of the network that this one knows',
      usage: 'nodes [--json]',
      allow: [],
      run({ args }) {
        const nodes = node.nodes()
        if (isJson(args)) return nodes.map((each) => JSON.stringify(each)).join('\n')
        const notice = node.affiliation?.notice
        const lines = notice === undefined ? [] : ['', ...notice.split('; ')]
        return [...formatNodes(nodes), ...lines].join('\n')
      },
    },
    why: {
      summary: 'Say why a peer is connected as it is, or why it is not',
      usage: 'why PEER [--json]',
      allow: [],
      run({ args }) {
        const [name, ...rest] = args
        const wanted = required(name, 'why PEER [--json]').replace(/^@/, '')
        const hasJson = isJson(rest)
        const explanation = node.explain(node.resolve(wanted))
        return hasJson ? JSON.stringify(explanation) : formatExplanation(explanation)
      },
    },
    links: {
      summary: 'List every link between nodes of the network, a JSON object a line',
      allow: [],
      run: () =>
        node
          .links()
          .map((each) => JSON.stringify(each))
          .join('\n'),
    },
    watch: {
      summary: 'Tell of the network and of what changes in it, a JSON object a line',
      allow: [],
      async run({ args, out, drained, signal }) {
        if (args.length > 0) throw new SkeinError('INVALID', 'watch takes no words')
        await node.feed.tell({ write: out, drained, signal })
      },
    },
    history: {
      summary: 'Print the last hour of a node, or of the link of two, as a JSON object',
      usage: 'history NODE [NODE]',
      allow: [],
      run({ args }) {
        const [a, b] = args
        const idOf = (name: string): PeerId => (isPeerId(name) ? name : node.resolve(name))
        const one = idOf(required(a, 'history NODE [NODE]'))
        const history = node.feed.history(one, b === undefined ? undefined : idOf(b))
        if (history !== undefined) return JSON.stringify(history)
        const what = b === undefined ? `'${a}'` : `a link of '${a}' and '${b}'`
        const advice = 'it is kept while the page is served, or while something watches'
        throw new SkeinError('INVALID', `no history of ${what} is known; ${advice}`)
      },
    },
  }
}
