/** What a party's program of a plan does, one after the other: steps, scopes, a conclave, the end. */
import type { Fin, TrailEntry } from '../../src/coordination/types.ts';
import { conclavePath, digestAt, NAMES, stepsOf, strayDigest } from './plan.ts';
import type { Plan } from './plan-types.ts';

export type Action =
  | { readonly do: 'step'; readonly entry: TrailEntry }
  | { readonly do: 'enter'; readonly scope: string; readonly entry: TrailEntry }
  /** What happens in the scope, and may fail. */
  | { readonly do: 'part'; readonly scope: string }
  | { readonly do: 'leave'; readonly scope: string }
  | {
      readonly do: 'end conclave';
      readonly conclave: string;
      readonly members: readonly number[];
      readonly fin: Fin;
    }
  | { readonly do: 'finish'; readonly fin: Fin };

export function actionsOf(plan: Plan, party: number): readonly Action[] {
  const steps = stepsOf(plan, party);
  const everyone = NAMES.slice(0, plan.parties);
  const actions: Action[] = [];
  for (let position = 0; position < steps; position++) {
    const entry: TrailEntry = {
      branch: '',
      position,
      digest: digestAt(plan, party, position),
      stepId: `${position}`,
      kind: 'task',
      name: 'n',
      places: [NAMES[party] ?? ''],
    };
    const conclave = plan.conclave?.at === position ? conclaveOf(plan, party) : [];
    if (position === plan.scopeAt) {
      const tolerates = plan.tolerant ? { tolerates: everyone } : {};
      const scope = `${position}`;
      actions.push(
        { do: 'enter', scope, entry: { ...entry, kind: 'attempt', places: everyone, ...tolerates } },
        ...conclave,
        { do: 'part', scope },
        { do: 'leave', scope },
      );
    } else if (plan.conclave?.at === position) actions.push(...conclave);
    else actions.push({ do: 'step', entry });
  }
  return [...actions, { do: 'finish', fin: { steps, digest: digestAt(plan, party, steps - 1) } }];
}

/** The conclave as its members go through it; for all others it is a step. */
function conclaveOf(plan: Plan, party: number): readonly Action[] {
  const { conclave } = plan;
  if (!conclave) return [];
  const path = conclavePath(plan);
  const cut = path.lastIndexOf('/');
  const places = conclave.members.map((member) => NAMES[member] ?? '');
  const outer = cut < 0 ? digestAt(plan, party, conclave.at) : 'conclave';
  const step: Action = {
    do: 'step',
    entry: {
      branch: path.slice(0, Math.max(0, cut)),
      position: Number(path.slice(cut + 1)),
      digest: outer,
      stepId: path,
      kind: 'conclave',
      name: 'n',
      places,
    },
  };
  if (!conclave.members.includes(party)) return [step];
  const inner = Array.from({ length: conclave.steps }, (_, position): readonly Action[] => {
    const stepId = `${path}/0/${position}`;
    const digest = strayDigest(plan, party, position);
    const entry = { branch: `${path}/0`, position, digest, stepId, name: 'n', places, parties: places };
    if (position > 0 || !conclave.scope) return [{ do: 'step', entry: { ...entry, kind: 'task' } }];
    return [
      { do: 'enter', scope: stepId, entry: { ...entry, kind: 'attempt' } },
      { do: 'part', scope: stepId },
      { do: 'leave', scope: stepId },
    ];
  });
  const fin = { steps: conclave.steps, digest: strayDigest(plan, party, conclave.steps - 1) };
  return [step, ...inner.flat(), { do: 'end conclave', conclave: path, members: conclave.members, fin }];
}
