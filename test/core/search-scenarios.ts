/** The searches that are run: the quick ones in `npm test`, all of them by `npm run explore -- --exhaustive`. */
import type { CoreBounds } from '../../src/coordination/types.ts';
import type { SearchScenario } from './search-scenario.ts';

/** Bounds in the grains of searches with time, so that everything is due after a few of them. */
const grains: CoreBounds = {
  joinTimeoutMs: 300,
  lateJoinMs: 200,
  heartbeatMs: 100,
  suspectAfterMs: 200,
  lostAfterMs: 300,
  lingerMs: 300,
  runDeadlineMs: 500,
  agreeMs: 300,
  confirmMs: 300,
};

const running = { from: 'running', program: [] } as const;
const closing = { from: 'running', program: ['finish'] } as const;
const whole = { from: 'start', program: ['step', 'scope', 'finish'] } as const;
const scope = { from: 'running', program: ['scope'] } as const;
/** Programs that go on when one of them is lost. */
const attempt = { from: 'running', program: ['enter', 'scope', 'finish'] } as const;

export const quickSearches: readonly SearchScenario[] = [
  {
    name: 'two parties, from the handshake to the end, 2 failures, 2 crashes, 1 cut',
    parties: 2,
    ...whole,
    faults: { failures: 2, crashes: 2, cuts: 1, scopeFailures: 2 },
  },
  {
    name: 'two parties, broken connections while closing',
    parties: 2,
    ...whole,
    faults: { breaks: 2, failures: 1 },
  },
  {
    name: 'two parties, one has another job',
    parties: 2,
    ...whole,
    mismatched: 1,
    faults: { failures: 1, crashes: 1, cuts: 1 },
  },
  {
    name: 'two parties, other steps',
    parties: 2,
    from: 'running',
    program: ['step', 'step', 'finish'],
    diverging: 1,
    faults: { failures: 1, crashes: 1, cuts: 1 },
  },
  {
    name: 'two parties, time passes',
    parties: 2,
    ...closing,
    faults: { failures: 1 },
    time: { grainMs: 100, advances: 4, bounds: grains },
    statesMax: 40_000,
  },
  {
    name: 'three parties, running, 1 failure, 1 crash',
    parties: 3,
    ...running,
    faults: { failures: 1, crashes: 1 },
  },
  {
    name: 'three parties, running, 1 cut, boards coalesced',
    parties: 3,
    ...running,
    coalesce: true,
    faults: { cuts: 1, failures: 1 },
    statesMax: 150_000,
  },
  {
    name: 'three parties, handshake, one has another job',
    parties: 3,
    from: 'start',
    program: [],
    mismatched: 1,
    faults: {},
    statesMax: 100_000,
  },
  {
    name: 'three parties, handshake, 1 crash',
    parties: 3,
    from: 'start',
    program: [],
    faults: { crashes: 1 },
    statesMax: 150_000,
  },
  {
    name: 'three parties, running, two fail and one of them crashes',
    parties: 3,
    ...running,
    faults: { failures: 2, crashes: 1 },
    failing: [0, 2],
    crashing: [2],
    statesMax: 150_000,
  },
  { name: 'three parties, closing, 1 cut', parties: 3, ...closing, faults: { cuts: 1 } },
  { name: 'three parties, closing, 1 crash', parties: 3, ...closing, faults: { crashes: 1 } },
  {
    name: 'three parties, closing, 2 broken connections',
    parties: 3,
    ...closing,
    faults: { breaks: 2 },
    statesMax: 100_000,
  },
  { name: 'three parties, a scope, 2 failures in it', parties: 3, ...scope, faults: { scopeFailures: 2 } },
  {
    name: 'three parties, a scope, 1 failure in it, 1 crash',
    parties: 3,
    ...scope,
    faults: { scopeFailures: 1, crashes: 1 },
    statesMax: 100_000,
  },
  {
    name: 'three parties, an attempt, going on, 1 crash',
    parties: 3,
    ...attempt,
    faults: { crashes: 1 },
    crashing: [2],
    statesMax: 60_000,
  },
  {
    name: 'four parties, running, a single failure, 1 cut',
    parties: 4,
    ...running,
    faults: { failures: 1, cuts: 1 },
    failing: [1],
    coalesce: true,
    statesMax: 60_000,
  },
  {
    name: 'three parties, running, cancelled beside a failure',
    parties: 3,
    ...running,
    faults: { failures: 1, cancellations: 1 },
    statesMax: 150_000,
  },
];

/**
 * Slower ones that catch defects which need more faults at once: for defects that nothing else has caught
 * (`npm run mutate`).
 */
export const deepSearches: readonly SearchScenario[] = [
  {
    name: 'three parties, running, 2 failures, 1 crash',
    parties: 3,
    ...running,
    faults: { failures: 2, crashes: 1 },
    statesMax: 6_000_000,
  },
  {
    name: 'three parties, closing, 1 failure, 1 crash',
    parties: 3,
    ...closing,
    faults: { failures: 1, crashes: 1 },
    statesMax: 6_000_000,
  },
];

/** Where a space is larger than this the search says so: some minutes, two gigabytes. */
const LARGE = 60_000_000;

export const allSearches: readonly SearchScenario[] = [
  ...[...quickSearches, ...deepSearches].map(({ statesMax: _, ...scenario }) => ({
    ...scenario,
    statesMax: LARGE,
  })),
  {
    name: 'three parties, running, 2 failures, 2 crashes, 1 cut',
    parties: 3,
    ...running,
    faults: { failures: 2, crashes: 2, cuts: 1 },
    statesMax: LARGE,
  },
  {
    name: 'three parties, running, 2 failures, 2 crashes, 1 cut, boards coalesced',
    parties: 3,
    ...running,
    coalesce: true,
    faults: { failures: 2, crashes: 2, cuts: 1 },
    statesMax: LARGE,
  },
  {
    name: 'three parties, closing, 2 crashes, 1 cut',
    parties: 3,
    ...closing,
    faults: { crashes: 2, cuts: 1 },
    statesMax: LARGE,
  },
  {
    name: 'three parties, closing, 2 failures, 2 crashes, 1 cut',
    parties: 3,
    ...closing,
    faults: { failures: 2, crashes: 2, cuts: 1 },
    statesMax: LARGE,
  },
  {
    name: 'three parties, handshake, 1 failure, 1 crash, 1 cut',
    parties: 3,
    from: 'start',
    program: [],
    faults: { failures: 1, crashes: 1, cuts: 1 },
    statesMax: LARGE,
  },
  {
    name: 'three parties, a scope, 2 failures in it, 1 crash, 1 cut',
    parties: 3,
    ...scope,
    faults: { scopeFailures: 2, crashes: 1, cuts: 1 },
    statesMax: LARGE,
  },
  {
    name: 'three parties, other steps, 1 crash',
    parties: 3,
    from: 'running',
    program: ['step', 'finish'],
    diverging: 2,
    faults: { crashes: 1 },
    statesMax: LARGE,
  },
  {
    name: 'three parties, an attempt, going on, 1 failure in it, 1 crash of anybody',
    parties: 3,
    ...attempt,
    faults: { scopeFailures: 1, crashes: 1 },
    statesMax: LARGE,
  },
  {
    name: 'three parties, an attempt, going on, 1 crash, 1 cut',
    parties: 3,
    ...attempt,
    faults: { crashes: 1, cuts: 1 },
    statesMax: LARGE,
  },
  {
    name: 'four parties, running, a single failure, 1 cut, each board delivered',
    parties: 4,
    ...running,
    faults: { failures: 1, cuts: 1 },
    failing: [1],
    statesMax: LARGE,
  },
  {
    name: 'four parties, running, 1 crash',
    parties: 4,
    ...running,
    faults: { crashes: 1 },
    statesMax: LARGE,
  },
  {
    name: 'four parties, running, 1 crash, boards coalesced',
    parties: 4,
    ...running,
    coalesce: true,
    faults: { crashes: 1 },
    statesMax: LARGE,
  },
  {
    name: 'four parties, closing, 1 crash',
    parties: 4,
    ...closing,
    faults: { crashes: 1 },
    statesMax: LARGE,
  },
];
