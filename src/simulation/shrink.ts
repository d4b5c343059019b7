/** From a plan that breaks something to the least that breaks it still: fewer faults, simpler ones, rounder times. */
import type { Fault } from './fault-plan.ts';

/** Runs that one plan is worth. */
const TRIALS_MAX = 120;

export async function shrinkPlan(
  plan: readonly Fault[],
  breaks: (plan: readonly Fault[]) => Promise<boolean>,
): Promise<readonly Fault[]> {
  let best = plan;
  let trials = 0;
  const takes = async (candidate: readonly Fault[]): Promise<boolean> => {
    if (trials++ >= TRIALS_MAX || !(await breaks(candidate))) return false;
    best = candidate;
    return true;
  };
  for (let index = 0; index < best.length; ) {
    if (!(await takes(best.toSpliced(index, 1)))) index++;
  }
  for (let index = 0; index < best.length; index++) {
    for (const simplify of SIMPLER) {
      const fault = best[index];
      const simpler = fault && simplify(fault);
      if (simpler) await takes(best.with(index, simpler));
    }
  }
  return best;
}

/** Ways to make one fault simpler, the best first; undefined: not this one. */
const SIMPLER: readonly ((fault: Fault) => Fault | undefined)[] = [
  (fault) =>
    'forMs' in fault && fault.kind !== 'slow' && fault.forMs !== null ? { ...fault, forMs: null } : undefined,
  (fault) => ('target' in fault && fault.target === 'both' ? { ...fault, target: 'program' } : undefined),
  (fault) => (fault.kind === 'partition' && fault.oneWay ? { ...fault, oneWay: false } : undefined),
  (fault) => rounded(fault, 10),
  (fault) => rounded(fault, 1),
];

function rounded(fault: Fault, to: number): Fault | undefined {
  const round = (ms: number): number => Math.round(ms / to) * to;
  if (!('at' in fault)) return undefined;
  const at = round(fault.at);
  const forMs = 'forMs' in fault && fault.forMs !== null ? { forMs: round(fault.forMs) } : {};
  return { ...fault, at, ...forMs } as Fault;
}
