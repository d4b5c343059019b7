/**
 * The simulated world: runs a job of several parties, real code of supervisors and programs, under many faults from a
 * seed.
 */
export {
  CHECKER_WORDS,
  type CheckerName,
  type Violation,
} from './checkers.ts';
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
} from './explore.ts';
export {
  describeFault,
  FAULT_KINDS,
  type Fault,
  type FaultKind,
  type Target,
} from './fault-plan.ts';
export type { TappedFlow, TappedMessage } from './message-tap.ts';
export type { TimelineLine } from './trace.ts';
export type { CheckedRun } from './workshop.ts';
export type { Leak, SimulatedParty, SimulatedRun, WireMessage } from './world.ts';
