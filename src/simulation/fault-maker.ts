/** Fault plans from seeds: few faults, at times when something happens, of the kinds that are asked for. */
import type { Fault, FaultKind, Target } from './fault-plan.ts';
import type { SeededRandom } from './seeded-random.ts';

export interface PlanShape {
  readonly parties: readonly string[];
  readonly kinds: readonly FaultKind[];
  /** How long the run takes when nothing goes wrong: most faults strike within it. */
  readonly lengthMs: number;
  /** Tasks that each party runs then. */
  readonly tasks: Readonly<Record<string, number>>;
  /** Silence after which a party is lost: spans are drawn from around it, where the decisions are. */
  readonly lostAfterMs: number;
}

/** Faults of one plan. One tells most; two and three find what one cannot. */
const FAULT_COUNTS = [1, 1, 1, 2, 2, 3] as const;

export function makePlan(random: SeededRandom, shape: PlanShape): readonly Fault[] {
  const count = random.pick(FAULT_COUNTS);
  return Array.from({ length: count }, () => makeFault(random.pick(shape.kinds), random, shape));
}

function makeFault(kind: FaultKind, random: SeededRandom, shape: PlanShape): Fault {
  const { parties } = shape;
  const party = random.pick(parties);
  const at = timeIn(random, shape);
  switch (kind) {
    case 'throw':
      return { kind, party, nth: random.below(Math.max(1, shape.tasks[party] ?? 0)) };
    case 'crash':
      return { kind, party, at, target: targetFrom(random) };
    case 'freeze':
      return { kind, party, at, target: targetFrom(random), forMs: spanFrom(random, shape, 0.3) };
    case 'partition': {
      const from = parties.filter(() => random.chance(0.5));
      const side = from.length === 0 || from.length === parties.length ? [party] : from;
      const to = parties.filter((name) => !side.includes(name));
      return { kind, from: side, to, oneWay: random.chance(0.3), at, forMs: spanFrom(random, shape, 0.4) };
    }
    case 'drop':
      return { kind, between: pairFrom(random, parties), at };
    case 'slow': {
      const byMs = random.between(1, shape.lostAfterMs / 2);
      return {
        kind,
        between: pairFrom(random, parties),
        at,
        byMs,
        forMs: random.between(1, 2 * shape.lengthMs),
      };
    }
    case 'clock-drift':
      return { kind, party, rate: random.between(0.95, 1.05) };
    case 'clock-jump':
      return { kind, party, at, byMs: random.between(-3_600_000, 3_600_000) };
    case 'tight-memory':
      return { kind, party, bytes: random.below(64) };
    default:
      return { kind, party, at };
  }
}

/** Mostly while the run goes on; sometimes after it, when parties close and leave. */
function timeIn(random: SeededRandom, { lengthMs }: PlanShape): number {
  return random.between(0, lengthMs * 1.1);
}

function targetFrom(random: SeededRandom): Target {
  return random.pick(['program', 'supervisor', 'both']);
}

/** Null, for good, with that probability; else well below, around, or well above the time in which a party is lost. */
function spanFrom(random: SeededRandom, { lostAfterMs }: PlanShape, forGood: number): number | null {
  if (random.chance(forGood)) return null;
  return lostAfterMs * random.pick([0.1, 0.5, 1, 1.5, 4]) * random.between(0.8, 1.25);
}

function pairFrom(random: SeededRandom, parties: readonly string[]): readonly [string, string] {
  const one = random.below(parties.length);
  const other = (one + 1 + random.below(parties.length - 1)) % parties.length;
  return [parties[one] ?? '', parties[other] ?? ''];
}
