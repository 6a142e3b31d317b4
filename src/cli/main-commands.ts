/** Commands that this process runs itself; all others are asked of the running node. */
export const mainCommands = ['chat', 'config', 'demo', 'invite', 'leave', 'map', 'up'] as const

/** One of them. */
export type MainCommand = (typeof mainCommands)[number]
