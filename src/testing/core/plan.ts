/** A schedule as data: how many parties, what their programs do, how fast the network is, and which faults happen when. */
import type { FailureCode } from '../../base/failure-codes.ts';
import type { CoreBounds, Hello } from '../../coordination/types.ts';
import { Prng } from './prng.ts';

/** All times are virtual milliseconds from the start of the run. `ms: null` means for ever. */
export type Fault =
  | {
      readonly kind: 'fail';
      readonly at: number;
      readonly party: number;
      readonly code: FailureCode;
      readonly stepId?: string;
    }
  /** At its scope, the party's step fails. */
  | { readonly kind: 'fail scope'; readonly party: number }
  /** From this position on the party's program takes other steps; a peer's program may notice by a value. */
  | {
      readonly kind: 'diverge';
      readonly party: number;
      readonly position: number;
      readonly noticedBy: number | null;
    }
  /** The party's program ends some steps before the others'. */
  | { readonly kind: 'stop short'; readonly party: number; readonly steps: number }
  | { readonly kind: 'mismatch'; readonly party: number; readonly field: keyof Hello }
  | { readonly kind: 'late'; readonly party: number; readonly ms: number | null }
  /** `reset`: peers see the connection go. `evidence`: the orphaned program says so to its peers. */
  | {
      readonly kind: 'crash';
      readonly at: number;
      readonly party: number;
      readonly reset: boolean;
      readonly evidence: boolean;
    }
  | { readonly kind: 'freeze'; readonly at: number; readonly party: number; readonly ms: number }
  | { readonly kind: 'jump'; readonly at: number; readonly party: number; readonly ms: number }
  | { readonly kind: 'drift'; readonly party: number; readonly rate: number }
  /** The machine is busy: timers fire late, and the program does not answer. */
  | { readonly kind: 'busy'; readonly at: number; readonly party: number; readonly ms: number }
  | {
      readonly kind: 'break';
      readonly at: number;
      readonly a: number;
      readonly b: number;
      readonly ms: number;
    }
  | {
      readonly kind: 'cut';
      readonly at: number;
      readonly a: number;
      readonly b: number;
      readonly oneWay: boolean;
      readonly ms: number | null;
    }
  | {
      readonly kind: 'slow';
      readonly at: number;
      readonly a: number;
      readonly b: number;
      readonly ms: number;
      readonly extra: number;
    }
  /** The party's program says that nothing comes from a peer's program. */
  | { readonly kind: 'silence'; readonly at: number; readonly party: number; readonly peer: number }
  /** The party is told that a peer's identity is not the pinned one. */
  | { readonly kind: 'refuse'; readonly at: number; readonly party: number; readonly peer: number }
  /** A party passes on a contribution that its supposed author never signed. */
  | {
      readonly kind: 'forge';
      readonly at: number;
      readonly party: number;
      readonly peer: number;
      readonly author: number;
    };

export type FaultKind = Fault['kind'];

export interface Plan {
  readonly seed: number;
  readonly parties: number;
  /** Steps of every party's program; one of them may be a scope. */
  readonly steps: number;
  readonly scopeAt: number | null;
  /** The longest pause of a program between two steps, and the longest time of a message. */
  readonly stepMs: number;
  readonly delayMs: number;
  readonly faults: readonly Fault[];
}

export const PARTIES_MAX = 7;
export const NAMES = ['alice', 'bob', 'carol', 'dave', 'erin', 'frank', 'grace'].slice(0, PARTIES_MAX);

/** Bounds of all schedules: those of two parties in one data centre, with a join and a run that end soon. */
export const scheduleBounds: CoreBounds = {
  joinTimeoutMs: 3_000,
  lateJoinMs: 800,
  heartbeatMs: 250,
  suspectAfterMs: 600,
  lostAfterMs: 1_000,
  lingerMs: 1_500,
  runDeadlineMs: 30_000,
};

/** How many steps the program of a party takes. */
export function stepsOf(plan: Plan, party: number): number {
  const missing = plan.faults.map((fault) =>
    fault.kind === 'stop short' && fault.party === party ? fault.steps : 0,
  );
  return Math.max(1, plan.steps - Math.max(0, ...missing));
}

/** The rolling digest of a program after a step: another from the first step on that is not what the others take. */
export function digestAt(plan: Plan, party: number, position: number): string {
  const other = plan.faults.some(
    (fault) => fault.kind === 'diverge' && fault.party === party && position >= fault.position,
  );
  return `${other ? `other${party}-` : 'd'}${position}`;
}

/** The first step in which two programs differ; null when they take the same ones. */
export function firstDifferenceOf(plan: Plan, a: number, b: number): number | null {
  for (let position = 0; position < plan.steps; position++) {
    const [one, other] = [a, b].map((party) =>
      position < stepsOf(plan, party) ? digestAt(plan, party, position) : 'end',
    );
    if (one !== other) return position;
  }
  return null;
}

const CODES: readonly FailureCode[] = [
  'TASK_FAILED',
  'PROCESS_KILLED',
  'STALLED',
  'CHECK_FAILED',
  'DEADLINE_EXCEEDED',
  'INTERNAL',
];
const FIELDS: readonly (keyof Hello)[] = ['protocol', 'version', 'federation', 'job', 'args', 'runId'];

type Kinds = readonly (readonly [FaultKind, number])[];

/** By weight: what takes part most often is what most runs meet. */
const ALL_KINDS: Kinds = [
  ['fail', 6],
  ['fail scope', 4],
  ['diverge', 2],
  ['stop short', 1],
  ['mismatch', 1],
  ['late', 2],
  ['crash', 5],
  ['freeze', 4],
  ['jump', 2],
  ['drift', 2],
  ['busy', 2],
  ['break', 5],
  ['cut', 6],
  ['slow', 2],
  ['silence', 1],
  ['refuse', 1],
  ['forge', 1],
];

/** Some schedules have few kinds of faults and many of each: a network that falls apart, parties that die one after the other. */
const THEMES: readonly Kinds[] = [
  [
    ['cut', 6],
    ['break', 2],
    ['fail', 1],
  ],
  [
    ['fail', 3],
    ['crash', 3],
    ['cut', 1],
  ],
  [
    ['fail', 1],
    ['freeze', 2],
    ['break', 2],
    ['crash', 2],
  ],
];

export function planOf(seed: number): Plan {
  const random = new Prng(seed, 'plan');
  const parties = random.chance(0.5) ? 2 + random.below(2) : 2 + random.below(PARTIES_MAX - 1);
  const steps = 1 + random.below(6);
  const delayMs = random.pick([1, 5, 20, 60]);
  const stepMs = random.pick([2, 20, 120]);
  const scopeAt = random.chance(0.4) ? random.below(steps) : null;
  const count = random.pick([0, 1, 1, 1, 2, 2, 2, 3, 3, 4, 6]);
  const kinds = random.chance(0.6) ? ALL_KINDS : random.pick(THEMES);
  // Faults meet each other more often when they happen together, and what matters most is near the end.
  const end = 60 + (steps * stepMs) / 2 + 2 * delayMs;
  const moment = random.pick([null, null, random.between(0, end), random.between(0.7, 1.3) * end]);
  const faults = Array.from({ length: count }, () =>
    faultOf(random, kindOf(random, kinds), parties, steps, steps * stepMs + 200, moment),
  );
  return { seed, parties, steps, scopeAt, stepMs, delayMs, faults };
}

function faultOf(
  random: Prng,
  kind: FaultKind,
  parties: number,
  steps: number,
  spanMs: number,
  moment: number | null,
): Fault {
  const party = random.below(parties);
  const peer = (party + 1 + random.below(parties - 1)) % parties;
  const near = moment !== null && random.chance(0.7);
  const at = Math.round(
    near ? moment + random.between(0, 30) : random.between(0, spanMs + (random.chance(0.2) ? 2_000 : 0)),
  );
  const short = Math.round(random.pick([20, 200, 500, 900, 1_500, 4_000]) * random.next());
  switch (kind) {
    case 'fail': {
      const code = random.chance(0.2) ? 'CANCELLED' : random.pick(CODES);
      const stepId = random.pick(['', '0', '1', '2/0', '2/1', '10', '2']);
      return { kind, at, party, code, ...(stepId === '' || code === 'CANCELLED' ? {} : { stepId }) };
    }
    case 'fail scope':
      return { kind, party };
    case 'diverge':
      return { kind, party, position: random.below(steps), noticedBy: random.chance(0.3) ? peer : null };
    case 'stop short':
      return { kind, party, steps: 1 + random.below(steps) };
    case 'mismatch':
      return { kind, party, field: random.pick(FIELDS) };
    case 'late':
      return { kind, party, ms: random.pick([null, 100, 1_000, 2_500, 3_200, 3_900]) };
    case 'crash':
      return { kind, at, party, reset: random.chance(0.6), evidence: random.chance(0.3) };
    case 'freeze':
    case 'busy':
      return { kind, at, party, ms: short };
    case 'jump': {
      // Sometimes to just before the deadline of the run.
      const far = scheduleBounds.runDeadlineMs - random.between(0, 500);
      return { kind, at, party, ms: random.chance(0.2) ? Math.round(far - at) : short };
    }
    case 'drift':
      return { kind, party, rate: 1 + random.between(-0.01, 0.01) };
    case 'break':
      return { kind, at, a: party, b: peer, ms: short };
    case 'cut':
      return {
        kind,
        at,
        a: party,
        b: peer,
        oneWay: random.chance(0.3),
        ms: random.chance(0.6) ? null : short,
      };
    case 'slow':
      return { kind, at, a: party, b: peer, ms: short, extra: random.pick([50, 150, 400]) };
    case 'silence':
    case 'refuse':
      return { kind, at, party, peer };
    case 'forge':
      return { kind, at, party, peer, author: random.below(parties) };
  }
}

function kindOf(random: Prng, kinds: Kinds): FaultKind {
  let left = random.next() * kinds.reduce((sum, [, weight]) => sum + weight, 0);
  for (const [kind, weight] of kinds) {
    left -= weight;
    if (left < 0) return kind;
  }
  return 'fail';
}
