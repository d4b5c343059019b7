/**
 * The bounds that a simulated run has to keep, as formulae over its configuration and its faults; docs/simulation.md
 * has them, too.
 */
import type { StepKind } from '../coordination/failure.ts';
import type { Bounds } from '../supervisor/seam/bounds.ts';
import type { CheckContext } from './check-context.ts';
import type { Fault } from './fault-plan.ts';
import type { SimulatedRun } from './world.ts';

/** What the formulae leave to starting, to delays of the network and of the channel between two processes. */
const SLACK_MS = 500;
/** How often a program looks at its links (src/supervisor/program/program-run.ts). */
const LOOK_MS = 1_000;
/** How long a program may take to answer (src/supervisor/party/program-watch.ts). */
const ANSWER_MS = 2_000;
/** How long a program without a supervisor may take to end. */
const ORPHAN_MS = 500;

/** The moment after which the world is well again, as far as it will ever be. */
export function lastChangeMs(plan: readonly Fault[]): number {
  const ends = plan.map(
    (fault) => ('at' in fault ? fault.at : 0) + ('forMs' in fault ? (fault.forMs ?? 0) : 0),
  );
  return Math.max(0, ...ends);
}

/**
 * From then until every party that lives has ended: the rest of the run; one detection for each of a chain of losses;
 * where connections were lost without anyone's death, the silence after which they are given up; and what each party
 * does after its verdict.
 */
export function boundOf(plan: readonly Fault[], { bounds, lengthMs }: CheckContext, parties: number): number {
  const slowest = Math.min(1, ...plan.flatMap((fault) => (fault.kind === 'clock-drift' ? [fault.rate] : [])));
  const slowed = plan.reduce((sum, fault) => sum + (fault.kind === 'slow' ? 40 * fault.byMs : 0), 0);
  const joining = plan.some((fault) => 'at' in fault && fault.at < lengthMs) ? bounds.joinTimeoutMs : 0;
  const after =
    lengthMs +
    slowed +
    Math.max(joining, silenceMs(plan, bounds)) +
    parties * detectionMs(bounds) +
    endingMs(bounds);
  return lastChangeMs(plan) + (after + SLACK_MS) / slowest;
}

/** A loss, or one more in a chain of losses. */
function detectionMs({ lostAfterMs, heartbeatMs }: Bounds): number {
  return lostAfterMs + 2 * heartbeatMs;
}

function silenceMs(plan: readonly Fault[], { dataLinkMs, stepDeadlineMs }: Bounds): number {
  // A program that stands still looks like one that computes, until it is past the deadline of a step and of an answer.
  const stands = plan.some((fault) => fault.kind === 'freeze' && fault.target === 'program');
  if (stands) return Math.max(dataLinkMs + 2 * LOOK_MS, stepDeadlineMs + ANSWER_MS);
  const silent = plan.some(
    ({ kind }) => kind === 'partition' || kind === 'drop' || kind === 'freeze' || kind === 'slow',
  );
  return silent ? dataLinkMs + 2 * LOOK_MS : 0;
}

/** After the verdict: the job's clean-up, relaying, the last messages; or, without a supervisor, the news of that. */
export function endingMs({ graceMs, lingerMs, flushMs }: Bounds): number {
  return graceMs + lingerMs + flushMs + ORPHAN_MS;
}

/** Messages that each pair of parties exchanges without any failure: hello, done, ready, closed, each way. */
const PLAIN_MESSAGES = 4;
/** Accounts of the board that one change of it can bring about at one party: its own, and those that it passes on. */
const ACCOUNTS_PER_CHANGE = 4;

/**
 * Control messages of all parties together. A failure changes the board at most 2n times (each party seals once, each
 * of n - 1 links to the party that failed is cut once or not at all, and each party decides once), and each change is
 * told to n - 1 others by each.
 */
export function messageBoundOf(run: SimulatedRun): number {
  const n = run.parties.length;
  const pairs = n * (n - 1);
  const failures = run.plan.filter(({ kind }) => kind !== 'clock-drift' && kind !== 'clock-jump').length;
  return pairs * (PLAIN_MESSAGES + scopesOf(run) + ACCOUNTS_PER_CHANGE * failures * 2 * n + 1);
}

/** Scopes and conclaves that the run opened, at any party: a failure can make a job open more than it does without. */
function scopesOf(run: SimulatedRun): number {
  const opened = run.parties.flatMap(({ events }) =>
    events.flatMap((event) =>
      event.event === 'step.started' && OPENS.has(event.kind) ? [event.stepId] : [],
    ),
  );
  return new Set(opened).size;
}

const OPENS: ReadonlySet<StepKind> = new Set(['attempt', 'conclave'] as const);
