/**
 * A schedule as data: how many parties, what their programs do, how fast the network is, and which faults happen when.
 */
import type { FailureCode } from '../../src/base/failure-codes.ts';
import { PARTIES_MAX as RUN_PARTIES_MAX } from '../../src/coordination/limits.ts';
import type { CoreBounds, Hello } from '../../src/coordination/types.ts';
import { SeededRandom } from '../../src/simulation/seeded-random.ts';
import { MESSAGE_TYPES, withLosses } from './plan-losses.ts';
import type { ConclavePlan, Fault, FaultKind, Plan } from './plan-types.ts';

/** Of seeded plans; one written by hand may have as many as a run. */
export const PARTIES_MAX = 7;
const FIRST_NAMES = ['alice', 'bob', 'carol', 'dave', 'erin', 'frank', 'grace'];
export const NAMES = Array.from({ length: RUN_PARTIES_MAX }, (_, i) => FIRST_NAMES[i] ?? `party-${i + 1}`);

/** Bounds of all schedules: those of two parties in one data centre, with a join and a run that end soon. */
export const scheduleBounds: CoreBounds = {
  joinTimeoutMs: 3_000,
  lateJoinMs: 800,
  heartbeatMs: 250,
  suspectAfterMs: 600,
  lostAfterMs: 1_000,
  lingerMs: 1_500,
  runDeadlineMs: 30_000,
  agreeMs: 2_000,
  confirmMs: 2_000,
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

/** The same within the conclave. */
export function strayDigest(plan: Plan, party: number, position: number): string {
  const other = plan.faults.some((fault) => fault.kind === 'stray' && fault.party === party);
  return `${other ? `stray${party}-` : 'c'}${position}`;
}

/** The path of the conclave's step. */
export function conclavePath({ conclave, scopeAt }: Plan): string {
  return conclave?.at === scopeAt ? `${scopeAt}/0/0` : `${conclave?.at}`;
}

/** The first step in a conclave of which two parties are members that differs; null when they take the same ones. */
export function firstStrayOf(plan: Plan, a: number, b: number): string | null {
  const both = [a, b].every((party) => plan.conclave?.members.includes(party));
  return both && strayDigest(plan, a, 0) !== strayDigest(plan, b, 0) ? `${conclavePath(plan)}/0/0` : null;
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
const FIELDS: readonly (keyof Hello)[] = ['protocol', 'federation', 'job', 'args', 'runId'];

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

/**
 * Some schedules have few kinds of faults and many of each: a network that falls apart, parties that die one after the
 * other.
 */
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
  const random = new SeededRandom(seed, 'plan');
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
  const plan = { seed, parties, steps, scopeAt, stepMs, delayMs, faults };
  // Drawn apart, so that a seed's other faults and times stay what they were.
  return withParts(plan, new SeededRandom(seed, 'parts'), end);
}

/** Conclaves, scopes that outlive a loss, and what happens in them and to their members. */
function withParts(plan: Plan, random: SeededRandom, end: number): Plan {
  const { parties, scopeAt } = plan;
  const faults: Fault[] = [...plan.faults];
  const tolerant = scopeAt !== null && random.chance(0.3);
  const conclave = random.chance(0.3) ? conclaveFor(random, plan) : undefined;
  const members = conclave?.members ?? [];
  if (conclave?.scope && random.chance(0.4))
    faults.push({ kind: 'fail inside', party: random.pick(members) });
  if (conclave && random.chance(0.15)) faults.push({ kind: 'stray', party: random.pick(members) });
  if (random.chance(0.1))
    faults.push({ kind: 'kill', at: Math.round(random.between(0, 1.3) * end), party: random.below(parties) });
  // Losses matter most while somebody is in a scope.
  if (scopeAt !== null && random.chance(0.3)) {
    const at = Math.round((60 + scopeAt * plan.stepMs * 0.5) * random.between(0.7, 1.6));
    const party = random.below(parties);
    const crash = { kind: 'crash', at, party, reset: true, evidence: random.chance(0.5) } as const;
    faults.push(random.chance(0.6) ? crash : { kind: 'kill', at, party });
  }
  const lossy = withLosses(faults, new SeededRandom(plan.seed, 'losses'), parties, end);
  return { ...plan, ...lossy, ...(tolerant ? { tolerant } : {}), ...(conclave ? { conclave } : {}) };
}

function conclaveFor(random: SeededRandom, { parties, steps, scopeAt }: Plan): ConclavePlan {
  const first = random.below(parties);
  const second = (first + 1 + random.below(parties - 1)) % parties;
  const members = Array.from({ length: parties }, (_, party) => party).filter(
    (party) => party === first || party === second || random.chance(0.4),
  );
  const at = scopeAt !== null && random.chance(0.5) ? scopeAt : random.below(steps);
  return { at, members, steps: 1 + random.below(3), scope: random.chance(0.6) };
}

function faultOf(
  random: SeededRandom,
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
    case 'fail inside':
    case 'stray':
      return { kind, party };
    case 'kill':
      return { kind, at, party };
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
    case 'throw all':
      return { kind, at };
    case 'drop':
      return { kind, type: random.pick(MESSAGE_TYPES), a: party, b: peer, oneWay: true };
  }
}

function kindOf(random: SeededRandom, kinds: Kinds): FaultKind {
  let left = random.next() * kinds.reduce((sum, [, weight]) => sum + weight, 0);
  for (const [kind, weight] of kinds) {
    left -= weight;
    if (left < 0) return kind;
  }
  return 'fail';
}
