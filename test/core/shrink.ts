/** The smallest plan that still breaks what a plan breaks: fewer faults, fewer parties, a shorter program. */
import { shrink } from '../../src/simulation/shrink.ts';
import { check } from './explore-core.ts';
import type { Fault, Plan } from './plan-types.ts';

/** Plans tried at most: each takes milliseconds. */
const TRIALS_MAX = 2_000;

export function shrinkPlan(plan: Plan, checker: string, run: typeof check = check): Promise<Plan> {
  return shrink(plan, simplerPlans, (candidate) => run(candidate).breach?.checker === checker, TRIALS_MAX);
}

function* simplerPlans(plan: Plan): Generator<Plan, void, boolean> {
  let best: Plan | undefined = plan;
  while (best !== undefined) {
    const candidates: Iterable<Plan> = smaller(best);
    best = undefined;
    for (const candidate of candidates) {
      if (!(yield candidate)) continue;
      best = candidate;
      break;
    }
  }
}

/** Plans that are one thing simpler, those with the most taken away first. */
function* smaller(plan: Plan): Generator<Plan> {
  for (let i = 0; i < plan.faults.length; i++)
    yield { ...plan, faults: plan.faults.filter((_, at) => at !== i) };
  const most = Math.max(1, ...plan.faults.flatMap(partiesOf), ...(plan.conclave?.members ?? []));
  for (let parties = Math.max(2, most + 1); parties < plan.parties; parties++) yield { ...plan, parties };
  if (plan.scopeAt !== null && !plan.faults.some((fault) => fault.kind === 'fail scope'))
    yield { ...plan, scopeAt: null };
  if (plan.tolerant) yield { ...plan, tolerant: false };
  if (plan.conclave && !plan.faults.some(({ kind }) => kind === 'stray' || kind === 'fail inside')) {
    const { conclave: _, ...without } = plan;
    yield without;
  }
  const least = Math.max(1, (plan.scopeAt ?? 0) + 1, (plan.conclave?.at ?? 0) + 1);
  if (plan.steps > least) yield { ...plan, steps: plan.steps - 1 };
}

function partiesOf(fault: Fault): number[] {
  const { a, b, party, peer, author, noticedBy } = fault as Partial<
    Record<'a' | 'b' | 'party' | 'peer' | 'author' | 'noticedBy', number | null>
  >;
  return [a, b, party, peer, author, noticedBy].filter((index): index is number => typeof index === 'number');
}
