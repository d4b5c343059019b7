/**
 * `privity/testing`: what tests of jobs, protocols and transports need. `explore` runs a job of several parties under many faults in a
 * simulated world. Protocol code that sees the world as a `Channel` runs here in one process, in memory, as between organisations.
 */
export type { Body, Channel, Link, LinkHandlers, LinkState, MessageSink } from '../contracts/index.ts';
export {
  type MemoryChannelOptions,
  type MemoryChannels,
  memoryChannels,
  type Tap,
} from './memory-channel.ts';
export { type CrossedMessage, type MemoryLinks, memoryLinks } from './memory-link.ts';
export {
  CHECKER_WORDS,
  type CheckerName,
  type Violation,
} from './simulation/checkers.ts';
export {
  type Break,
  type Ending,
  EXPLORE_RUNS,
  type Exploration,
  type ExploreOptions,
  type ExploreProgress,
  explore,
  replay,
  type SlowestEnd,
} from './simulation/explore.ts';
export {
  describeFault,
  FAULT_KINDS,
  type Fault,
  type FaultKind,
  type Target,
} from './simulation/fault-plan.ts';
export type { TappedFlow, TappedMessage } from './simulation/message-tap.ts';
export type { TimelineLine } from './simulation/trace.ts';
export type { CheckedRun } from './simulation/workshop.ts';
export type { Leak, SimulatedParty, SimulatedRun, WireMessage } from './simulation/world.ts';
