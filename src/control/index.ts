/**
 * `privity/control`: what programs need that start runs and ask nodes. `run` is this party's part of a run, `local` all
 * parties on this machine. A job imports `privity`, never this.
 */

export {
  BLAMES,
  type Blame,
  type FailureCode,
  type FailureCodeInfo,
  failureCodes,
} from '../base/failure-codes.ts';
export type { ScopeView, Vote } from '../coordination/board.ts';
export { type Failure, STEP_KIND_WORDS, type StepKind } from '../coordination/failure.ts';
export {
  ERROR_DETAILS,
  type ErrorDetail,
  type ErrorLink,
  type PublicDetails,
} from '../coordination/public-details.ts';
export type { CoreBounds } from '../coordination/types.ts';
export type { ColumnArrays, ColumnType } from '../data/column-type.ts';
export type { PublishedColumn, PublishedSchema } from '../data/published-schema.ts';
export * from '../node/client/public.ts';
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
export { SANDBOX_POLICIES, type SandboxPolicy } from '../supervisor/sandbox/policy.ts';
export type { Bounds } from '../supervisor/seam/bounds.ts';
export type { LocalEnd, PartyEnd, RunEnd, Verdict } from './ends.ts';
export { type LocalOptions, local } from './local.ts';
export type { CommonOptions } from './options.ts';
export { type RunOptions, run } from './run.ts';
export type { Running } from './running.ts';
