import type { Rule, Subject } from '../base/policy.ts'

/** What a running command sees: who asked, with what, and where its output goes. */
export interface CommandContext {
  /** The words behind the command's name. They are text from a peer: check them. */
  readonly args: readonly string[]
  /** Who asked. */
  readonly subject: Subject
  /**
   * Aborts when the caller takes the command back or is gone, at a time limit, and when the node
   * closes; its reason is a `SkeinError`. What the command does after that is not sent.
   */
  readonly signal: AbortSignal
  /** What the caller sends as standard input, read at the command's pace. Can be iterated once. */
  readonly stdin: AsyncIterable<Uint8Array>
  /**
   * Sends standard output while the command runs.
   *
   * @returns false when the command had better wait for {@link drained}; the chunk is taken all the
   *   same.
   */
  readonly out: (chunk: string | Uint8Array) => boolean
  /** Sends standard error; otherwise as {@link out}. */
  readonly err: (chunk: string | Uint8Array) => boolean
  /** Waits until the caller takes more output, or until `signal` aborts. Never rejects. */
  readonly drained: () => Promise<void>
}

/**
 * What a command leaves: text is sent as standard output, ended by a line break where it has none;
 * nothing is exit code 0, `{ exit }` another one (0 to 255). What has to stay exactly as it is goes out
 * through `out`.
 */
export type CommandResult = string | undefined | void | { readonly exit: number }

/** A command that peers may run, as far as `allow` lets them. */
export interface Command {
  /** One line for `help`. */
  readonly summary: string
  /** The words that it takes, such as `echo [TEXT…]`; its name where absent. */
  readonly usage?: string
  /** Who may run it; `known`, `member` and `local` where absent. The owner always may. */
  readonly allow?: readonly Rule[]
  /**
   * Runs it. A `SkeinError` that it throws reaches the caller with its code, anything else as
   * `INTERNAL` with its message.
   */
  run(context: CommandContext): CommandResult | Promise<CommandResult>
}

/** A line of `help`. */
export interface CommandInfo {
  readonly name: string
  readonly summary: string
  readonly usage: string
}
