/** Plans that are simpler than one that breaks something: fewer faults, simpler ones, rounder times. */
import type { Fault } from './fault-plan.ts';

/** For `shrink`. */
export function* simplerPlans(plan: readonly Fault[]): Generator<readonly Fault[], void, boolean> {
  let best = plan;
  for (let index = 0; index < best.length; ) {
    const candidate = best.toSpliced(index, 1);
    if (yield candidate) best = candidate;
    else index++;
  }
  for (let index = 0; index < best.length; index++) {
    for (const simplify of SIMPLER) {
      const fault = best[index];
      const simpler = fault && simplify(fault);
      if (!simpler) continue;
      const candidate = best.with(index, simpler);
      if (yield candidate) best = candidate;
    }
  }
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
