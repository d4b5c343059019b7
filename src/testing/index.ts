/**
 * `privity/testing`: what tests of jobs, protocols and transports need. `explore` runs a job of several parties under
 * many faults in a simulated world. Protocol code that sees the world as a `Channel` runs here in one process, in
 * memory, as between organisations.
 */
export {
  BLAMES,
  type Blame,
  type FailureCode,
  type FailureCodeInfo,
  failureCodes,
} from '../base/failure-codes.ts';
export type { Body, Channel, Link, LinkHandlers, LinkState, MessageSink, Plane } from '../contracts/index.ts';
export type { ScopeView, Vote } from '../coordination/board.ts';
export { type Failure, STEP_KIND_WORDS, type StepKind } from '../coordination/failure.ts';
export {
  ERROR_DETAILS,
  type ErrorDetail,
  type ErrorLink,
  type PublicDetails,
} from '../coordination/public-details.ts';
export type { CoreBounds } from '../coordination/types.ts';
export {
  type AttachedFailure,
  type EventBase,
  LOG_LEVELS,
  PROCESS_ROLES,
  type ProcessRole,
  type RunEvent,
} from '../observe/events.ts';
export {
  type Assumption,
  type BusyProgram,
  type Disclosure,
  type FailureReport,
  type OperationCost,
  type PartyVersions,
  type PlainStep,
  REPORT_VERSION,
  RUN_OUTCOMES,
  type RunOutcome,
  type RunReport,
  type SealedContribution,
  type SecureCost,
  type SecureReport,
  STEP_OUTCOMES,
  type StepOutcome,
  type StepReport,
  TIMELINE_MARKS,
  type TimelineEntry,
  WAIT_KINDS,
  type Wait,
  WITHHELD_WORDS,
  type Withheld,
  type WithheldReason,
} from '../observe/report.ts';
export type { Standstill } from '../observe/standstill.ts';
export { PEER_STATES, type PeerState } from '../observe/words.ts';
export * from '../simulation/index.ts';
export type { Bounds } from '../supervisor/seam/bounds.ts';
export type { DataFrameKind } from '../wire/value-frame.ts';
export {
  type MemoryChannelOptions,
  type MemoryChannels,
  memoryChannels,
  type Tap,
} from './memory-channel.ts';
export { type CrossedMessage, type MemoryLinks, memoryLinks } from './memory-link.ts';
