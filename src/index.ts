/**
 * Skein: programs on different machines as one network of equals.
 *
 * @example
 * import { Node } from 'skein'
 * const alice = await Node.start({ label: 'alice', listen: ['127.0.0.1:0'] })
 */
export { SkeinError, errorCodes, isErrorCode } from './base/errors.ts'
export { FolderStorage, openFolder } from './base/folder-storage.node.ts'
export { MemoryStorage } from './base/storage.ts'
export { isPeerId } from './base/peer-id.ts'
export { Node } from './node/node.ts'
export { Peer } from './node/peer.ts'
export { version } from './base/version.ts'
export type { Unsubscribe } from './base/emitter.ts'
export type { ErrorCode } from './base/errors.ts'
export type { Log } from './base/log.ts'
export type { PeerId } from './base/peer-id.ts'
export type { Rule, Subject } from './base/policy.ts'
export type { Storage } from './base/storage.ts'
export type { Command, CommandContext, CommandResult } from './command/command.ts'
export type { ProgramConfig } from './command/program.node.ts'
export type { AliasConfig } from './command/registry.ts'
export type { Priority, Stream, StreamHandler } from './connection/contract.ts'
export type { LinkInfo, MemberState, NodeInfo } from './membership/snapshot.ts'
export type { MemberEvent, NodeEvents } from './node/events.ts'
export type { Admission, NodeLimits, NodeOptions, PeerTarget } from './node/options.ts'
export type { PathInfo, PeerInfo, RunOptions, RunResult } from './node/peer.ts'
export type { Remote } from './remote/remote-type.ts'
export type { Transport } from './transport/contract.ts'
