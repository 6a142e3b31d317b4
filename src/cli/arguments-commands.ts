/** The commands of `skein` and their flags: one row each. Parsing and help both come from here. */

/** A flag of ours. It stands before `@PEER`, on either side of the command's name. */
export interface FlagSpec {
  /** As in `--json`. */
  readonly name: FlagName
  /** As in `-p`. */
  readonly short?: string
  /** What the help calls its value; a flag without one is on or off. */
  readonly value?: string
  readonly summary: string
}

/** Names of our flags, without dashes. */
export type FlagName =
  | 'config'
  | 'profile'
  | 'set'
  | 'json'
  | 'd2'
  | 'svg'
  | 'watch'
  | 'open'
  | 'timeout'
  | 'no-prompt'
  | 'for'
  | 'role'
  | 'expires'
  | 'within'
  | 'history'
  | 'type'
  | 'read'
  | 'follow'
  | 'unread'
  | 'keep'
  | 'yes'
  | 'forget-key'
  | 'search'
  | 'limit'
  | 'after'
  | 'before'
  | 'id'
  | 'help'
  | 'version'

/** All flags, in the order of the help. */
export const flagSpecs: readonly FlagSpec[] = [
  { name: 'config', short: 'c', value: 'DIR', summary: 'Read the configuration from DIR/network' },
  { name: 'profile', short: 'p', value: 'PROFILE', summary: 'Choose the node by its profile' },
  { name: 'set', short: 's', value: 'KEY=VALUE', summary: 'Set one value, as often as you like' },
  { name: 'json', summary: 'Print one JSON object a line' },
  { name: 'd2', summary: 'Print the map as D2' },
  { name: 'svg', summary: 'Print the map as SVG' },
  { name: 'watch', summary: 'Go on, and follow what changes' },
  { name: 'open', summary: 'Open the live page in a browser, or print its link' },
  { name: 'timeout', value: 'TIME', summary: 'Give up after 10, 2s or 500ms, whatever happens' },
  { name: 'no-prompt', summary: 'Read no commands from the input' },
  { name: 'for', value: 'TIME', summary: 'End by itself after 10, 2s or 500ms' },
  { name: 'role', value: 'NAME', summary: 'Give the invited node a role at every member' },
  { name: 'expires', value: 'TIME', summary: 'Let it be good for so long: 12h or 30d' },
  { name: 'within', value: 'TIME', summary: 'Let the ticket be used within this time; 24h' },
  { name: 'history', value: 'COUNT', summary: 'Show so many of the last lines first' },
  { name: 'type', value: 'TYPE', summary: 'Say what the message is: application/json' },
  { name: 'read', summary: 'Ask to be told when it was read' },
  { name: 'follow', summary: 'Go on, and print what comes' },
  { name: 'unread', summary: 'Only what was not read yet' },
  { name: 'keep', summary: 'Leave it unread' },
  { name: 'yes', summary: 'Do it without asking' },
  { name: 'forget-key', summary: 'Destroy the key of the network, too' },
  { name: 'search', value: 'WORDS', summary: 'Only what has these words' },
  { name: 'limit', value: 'COUNT', summary: 'At most so many, the newest; 50' },
  { name: 'after', value: 'ID', summary: 'Only what came behind this one' },
  { name: 'before', value: 'ID', summary: 'Only what came before this one' },
  { name: 'id', value: 'ID', summary: 'Only this one, and all of it' },
  { name: 'help', short: 'h', summary: 'Explain the command' },
  { name: 'version', summary: 'Print the version' },
]

/** Flags that every command takes. */
export const commonFlags: readonly FlagName[] = ['config', 'profile', 'help', 'version']

/** Where a command stands in the help. */
export type Group =
  | 'Run a node'
  | 'Use other peers'
  | 'Talk'
  | 'Ask your node'
  | 'Say who may connect'

/** One command. */
export interface CommandSpec {
  readonly name: CommandName
  readonly group: Group
  /** What follows `skein`. */
  readonly usage: string
  /** One line, starting with a capital, without a full stop. */
  readonly summary: string
  /** Its flags beside the common ones. */
  readonly flags: readonly FlagName[]
  /** How many words may follow its name. */
  readonly words: readonly [least: number, most: number]
  /** More to know, for `skein help COMMAND`. */
  readonly details: readonly string[]
}

/** The names of all commands. `on` is also what `@PEER` means. */
export type CommandName =
  | 'up'
  | 'demo'
  | 'on'
  | 'call'
  | 'status'
  | 'peers'
  | 'nodes'
  | 'map'
  | 'discover'
  | 'id'
  | 'config'
  | 'logs'
  | 'down'
  | 'allow'
  | 'deny'
  | 'invite'
  | 'join'
  | 'forget'
  | 'leave'
  | 'why'
  | 'chat'
  | 'send'
  | 'sent'
  | 'inbox'
  | 'post'
  | 'wall'
  | 'block'
  | 'unblock'
  | 'help'

/** All commands, in the order of the help. */
export const commandSpecs: readonly CommandSpec[] = [
  {
    name: 'up',
    group: 'Run a node',
    usage: 'up [-c DIR] [-p PROFILE] [-s KEY=VALUE]… | up FILE.json [PORT]',
    summary: 'Run a node; with a prompt, unless it is turned off',
    flags: ['set', 'no-prompt'],
    words: [0, 2],
    details: [
      'The node reads its configuration from DIR/network/default.toml and DIR/network/PROFILE.toml,',
      'or from one JSON file. Lines on its input are commands: help, peers, @PEER COMMAND, exit.',
      'Example: skein up -p alice -s network.listen.port=9000',
    ],
  },
  {
    name: 'demo',
    group: 'Run a node',
    usage: 'demo [--for TIME]',
    summary: 'Run five nodes on this machine and show who is connected to whom',
    flags: ['for'],
    words: [0, 0],
    details: ['The keys a to e kill a node and start it again; q ends the demo.'],
  },
  {
    name: 'down',
    group: 'Run a node',
    usage: 'down',
    summary: 'Stop the running node',
    flags: ['timeout'],
    words: [0, 0],
    details: ['It says goodbye to its peers first.'],
  },
  {
    name: 'on',
    group: 'Use other peers',
    usage: '@PEER COMMAND [ARG…]',
    summary: 'Run a command on a peer, on @all, or on a list: @alice,bob',
    flags: ['json', 'timeout'],
    words: [0, Infinity],
    details: [
      'PEER is a label, the start of an ID (4 characters or more), an index, or part of an address.',
      'Our flags stand before @PEER; all that follows COMMAND belongs to it. Also: skein on PEER …',
      'What is piped in goes to the command of one peer; several get no input.',
      'Examples: skein @bob add        skein --timeout 2s @all calc 1+2',
    ],
  },
  {
    name: 'chat',
    group: 'Talk',
    usage: 'chat [TOPIC] [--history COUNT] [--json]',
    summary: 'Talk with everybody in the network who is in the chat',
    flags: ['history', 'json', 'timeout'],
    words: [0, 1],
    details: [
      'What you type reaches whoever is in the same chat. /help lists what else there is: /who,',
      '/msg PEER TEXT, /join HOST PORT, /peers, /history, /quit. Lines that are piped in are said',
      'one after the other. With --json what happens is printed a JSON object a line.',
    ],
  },
  {
    name: 'send',
    group: 'Talk',
    usage: 'send @PEER TEXT|-',
    summary: 'Send a message to a peer, whether it is there or not',
    flags: ['read', 'type', 'expires', 'json', 'timeout'],
    words: [2, Infinity],
    details: [
      'It prints how far the message got: delivered, or held by 3 peers until the peer is back.',
      'Flags: --read (tell me when it was read), --type TYPE, --expires TIME, --json.',
      '- sends what is piped in, at most 1 MiB. skein sent tells later how far it got.',
      'Examples: skein send @bob "see you at eight"        date | skein send @bob -',
    ],
  },
  {
    name: 'sent',
    group: 'Talk',
    usage: 'sent [--search WORDS] [--follow] [--limit COUNT] [--json]',
    summary: 'List the messages that you sent, and how far each got',
    flags: ['search', 'follow', 'limit', 'after', 'before', 'json', 'timeout'],
    words: [0, 0],
    details: [
      'queued, held, delivered, read (where --read asked for it), refused, or expired. --follow prints',
      'each again that got further.',
    ],
  },
  {
    name: 'inbox',
    group: 'Talk',
    usage: 'inbox [--unread] [--search WORDS] [--follow] [--keep] [--json] | inbox --id ID',
    summary: 'List the messages that came for you, and mark them as read',
    flags: [
      ...(['unread', 'search', 'follow', 'keep', 'limit', 'after', 'before', 'id'] as const),
      ...(['json', 'timeout'] as const),
    ],
    words: [0, 0],
    details: [
      'A * stands before what is new. --keep leaves it new. On a terminal long messages are cut and',
      'say how to see all: skein inbox --id ID. In a pipe, and with --json, all are whole.',
    ],
  },
  {
    name: 'post',
    group: 'Talk',
    usage: 'post TEXT|-',
    summary: 'Write on the wall, for every member to read',
    flags: ['json', 'timeout'],
    words: [1, Infinity],
    details: ['Who is away gets it when it is back.'],
  },
  {
    name: 'wall',
    group: 'Talk',
    usage: 'wall [--search WORDS] [--follow] [--limit COUNT] [--json]',
    summary: 'Read the wall',
    flags: ['search', 'follow', 'limit', 'after', 'before', 'json', 'timeout'],
    words: [0, 0],
    details: [],
  },
  {
    name: 'block',
    group: 'Talk',
    usage: 'block [PEER]',
    summary: 'Hear nothing more of a peer: messages, posts, chat; or list them',
    flags: ['json', 'timeout'],
    words: [0, 1],
    details: ['It stays connected and may run what it may; skein deny shuts it out.'],
  },
  {
    name: 'unblock',
    group: 'Talk',
    usage: 'unblock PEER',
    summary: 'Take messages, posts and chat of a peer again',
    flags: ['timeout'],
    words: [1, 1],
    details: [],
  },
  {
    name: 'call',
    group: 'Use other peers',
    usage: 'call @PEER [OBJ.NAME JSON…]',
    summary: "Use a peer's object, or list what it offers",
    flags: ['json', 'timeout'],
    words: [1, 4_096],
    details: [
      'Each argument is JSON; what is no JSON is text. An iteration prints an item a line.',
      'Example: skein call @bob counter.add 5',
    ],
  },
  {
    name: 'status',
    group: 'Ask your node',
    usage: 'status [--json]',
    summary: 'Show what your node is, where it listens and how it is doing',
    flags: ['json', 'timeout'],
    words: [0, 0],
    details: [],
  },
  {
    name: 'peers',
    group: 'Ask your node',
    usage: 'peers [--json]',
    summary: 'List the connected peers with their round-trip times',
    flags: ['json', 'timeout'],
    words: [0, 0],
    details: [],
  },
  {
    name: 'nodes',
    group: 'Ask your node',
    usage: 'nodes [--json]',
    summary: 'List every node of the network, connected or not',
    flags: ['json', 'timeout'],
    words: [0, 0],
    details: ['STATE is alive, suspect (somebody should reach it and cannot), gone, or left.'],
  },
  {
    name: 'why',
    group: 'Ask your node',
    usage: 'why @PEER [--json]',
    summary: 'Say why a peer is connected as it is, or why it is not',
    flags: ['json', 'timeout'],
    words: [1, 1],
    details: [
      'What the last dials came to, what the peer said when it refused, how the last connection ended,',
      'what the network believes of it, and whether your node would let it in. Example: skein why @bob',
    ],
  },
  {
    name: 'map',
    group: 'Ask your node',
    usage: 'map [--d2|--svg|--json] [--watch] | map --open',
    summary: 'Draw the nodes and links of the network with their round-trip times',
    flags: ['json', 'd2', 'svg', 'watch', 'open', 'timeout'],
    words: [0, 0],
    details: [
      '--d2 and --svg print the picture as text: skein map --svg > network.svg',
      '--open wants a node that serves its page: skein up -s web.enabled=true',
    ],
  },
  {
    name: 'discover',
    group: 'Ask your node',
    usage: 'discover [--for TIME] [--json]',
    summary: 'List who is out there: members, known ones, and others',
    flags: ['json', 'for', 'timeout'],
    words: [0, 0],
    details: [
      'It asks around now and waits 2 s, or TIME. WHO is my network, known, by name (DNS), open (shows',
      'its label to everybody) or other: of another network, which this node cannot know.',
      'Needs discovery.lan, discovery.mdns or discovery.dns; the first two are on unless turned off.',
    ],
  },
  {
    name: 'id',
    group: 'Ask your node',
    usage: 'id [--json]',
    summary: 'Print the ID of your node: what another one needs to allow it',
    flags: ['json', 'timeout'],
    words: [0, 0],
    details: ['On the other machine: skein allow ID LABEL'],
  },
  {
    name: 'config',
    group: 'Ask your node',
    usage: 'config [-c DIR] [-p PROFILE] [-s KEY=VALUE]… [FILE.json] [--json]',
    summary: 'Print every setting, its value and where that comes from',
    flags: ['set', 'json', 'timeout'],
    words: [0, 2],
    details: [
      'It says what skein up with the same flags would run with; no node needs to run for it.',
      'With -p PROFILE for a node that was started from a JSON file: what that one runs with.',
    ],
  },
  {
    name: 'logs',
    group: 'Ask your node',
    usage: 'logs [--json]',
    summary: 'Show what your node has logged',
    flags: ['json', 'timeout'],
    words: [0, 0],
    details: [],
  },
  {
    name: 'allow',
    group: 'Say who may connect',
    usage: 'allow ID [LABEL]',
    summary: 'Add a peer to the known ones',
    flags: ['timeout'],
    words: [1, 2],
    details: [
      'ID is what skein id prints there. LABEL is what you call it from now on; without one it keeps',
      'the name that it has here, or gets one that is made from its ID.',
    ],
  },
  {
    name: 'deny',
    group: 'Say who may connect',
    usage: 'deny ID|LABEL',
    summary: 'Take a peer off the known ones',
    flags: ['timeout'],
    words: [1, 1],
    details: [],
  },
  {
    name: 'invite',
    group: 'Say who may connect',
    usage: 'invite [LABEL] [--role NAME]… [--expires TIME] [--within TIME]',
    summary: 'Make a ticket that lets one node into your network',
    flags: ['role', 'expires', 'within', 'json', 'timeout'],
    words: [0, 1],
    details: [
      'The first one makes the network; its key stays with this node, which alone can invite.',
      'All members admit each other: no lists. LABEL is what the invited node is called by all.',
      'Send the ticket to one person: who has it first is in. Example: skein invite bob --expires 30d',
    ],
  },
  {
    name: 'join',
    group: 'Say who may connect',
    usage: 'join TICKET',
    summary: 'Join the network of a ticket',
    flags: ['json', 'timeout'],
    words: [1, 1],
    details: ['TICKET is the line that skein invite printed on the other machine.'],
  },
  {
    name: 'forget',
    group: 'Say who may connect',
    usage: 'forget ID|LABEL',
    summary: "Take a peer's pass back in the whole network, and forget it",
    flags: ['timeout'],
    words: [1, 1],
    details: ['A new ticket lets it in again; skein deny shuts it out for good.'],
  },
  {
    name: 'leave',
    group: 'Say who may connect',
    usage: 'leave [--yes] [--forget-key]',
    summary: 'Leave the network: say good-bye to its members and forget the pass',
    flags: ['yes', 'forget-key', 'json', 'timeout'],
    words: [0, 0],
    details: [
      'It says what is lost and asks; in a script write --yes. ID, known list and messages stay.',
      'A node that does not run leaves with -p PROFILE, but says good-bye to nobody.',
      'Who made the network keeps its key in the data folder, or destroys it with --forget-key.',
    ],
  },
  {
    name: 'help',
    group: 'Ask your node',
    usage: 'help [COMMAND]',
    summary: 'Explain skein or one of its commands',
    flags: [],
    words: [0, 1],
    details: [],
  },
]

/** Finds a command by its name; `@PEER` and `@…` are `on`. */
export function findCommand(name: string): CommandSpec | undefined {
  const wanted = name.startsWith('@') ? 'on' : name
  return commandSpecs.find((spec) => spec.name === wanted)
}

/** Writes a flag with its dashes and value: `-p, --profile PROFILE`. */
export function formatFlag({ name, short, value }: FlagSpec): string {
  const dashed = short === undefined ? `    --${name}` : `-${short}, --${name}`
  return value === undefined ? dashed : `${dashed} ${value}`
}
