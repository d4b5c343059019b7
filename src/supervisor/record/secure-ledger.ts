/** Adds up what secure devices have cost this party, by device and operation. */
import type { Assumption, OperationCost, PlainStep, SecureCost, SecureReport } from '../../observe/report.ts';

type Sum<T> = { -readonly [K in keyof T]: T[K] };

/** Different assumptions that are kept of one device: more are no help to a reader. */
const ASSUMPTIONS_LISTED_MAX = 100;

type CountedStep = NonNullable<SecureReport['plaintext']>[number];

interface DeviceSum extends Omit<Sum<SecureReport>, 'operations' | 'assumptions' | 'plaintext'> {
  readonly operations: Map<string, Sum<OperationCost>>;
  readonly assumptions: Map<string, Sum<SecureReport['assumptions'][number]>>;
  readonly plaintext: Map<string, CountedStep>;
}

export class SecureLedger {
  readonly #devices = new Map<string, DeviceSum>();

  add(cost: SecureCost): void {
    const { device } = cost;
    const sum: DeviceSum = this.#devices.get(device) ?? {
      ...{ device, exchanges: 0, rounds: 0, messages: 0, bytes: 0, assumptionsNotListed: 0 },
      operations: new Map(),
      assumptions: new Map(),
      plaintext: new Map(),
    };
    this.#devices.set(device, sum);
    sum.exchanges += 1;
    sum.rounds += cost.rounds;
    sum.messages += cost.messages;
    sum.bytes += cost.bytes;
    for (const { operation, count, elements, bytes } of cost.operations) {
      const line = sum.operations.get(operation) ?? { operation, count: 0, elements: 0, bytes: 0 };
      sum.operations.set(operation, line);
      line.count += count;
      line.elements += elements;
      line.bytes += bytes;
    }
    for (const assumption of cost.assumptions) this.#assume(sum, assumption);
    for (const step of cost.plaintext ?? []) addStep(sum.plaintext, step);
  }

  /** A loop says the same again and again. */
  #assume(sum: DeviceSum, assumption: Assumption): void {
    const key = JSON.stringify(assumption);
    const known = sum.assumptions.get(key);
    if (known) known.count += 1;
    else if (sum.assumptions.size < ASSUMPTIONS_LISTED_MAX)
      sum.assumptions.set(key, { ...assumption, count: 1 });
    else sum.assumptionsNotListed += 1;
  }

  /** Operations by what they have sent, the dearest first. */
  get reports(): readonly SecureReport[] {
    return [...this.#devices.values()].map(({ plaintext, ...sum }) => ({
      ...sum,
      ...(plaintext.size > 0 && { plaintext: [...plaintext.values()] }),
      operations: [...sum.operations.values()].sort((a, b) => b.bytes - a.bytes),
      assumptions: [...sum.assumptions.values()],
    }));
  }
}

/** Steps that are told one by one; a loop has many of the same. */
const STEPS_LISTED_MAX = 200;

/** Of the same operation on the same thing the widest range, and the first refusal. */
function addStep(steps: Map<string, CountedStep>, step: PlainStep): void {
  const key = JSON.stringify([step.operation, step.name, step.shape, step.refused === undefined]);
  const known = steps.get(key);
  if (known === undefined) {
    if (steps.size < STEPS_LISTED_MAX) steps.set(key, { ...step, count: 1 });
    return;
  }
  steps.set(key, {
    ...known,
    count: known.count + 1,
    min: Math.min(known.min, step.min),
    max: Math.max(known.max, step.max),
    ...((known.outside || step.outside) && { outside: true }),
    ...(step.off !== undefined && { off: Math.max(known.off ?? 0, step.off) }),
    ...(known.bound && step.bound && { bound: widest(known.bound, step.bound) }),
  });
}

function widest(a: NonNullable<PlainStep['bound']>, b: NonNullable<PlainStep['bound']>) {
  return {
    min: Math.min(a.min ?? Number.NEGATIVE_INFINITY, b.min ?? Number.NEGATIVE_INFINITY),
    max: Math.max(a.max ?? Number.POSITIVE_INFINITY, b.max ?? Number.POSITIVE_INFINITY),
  };
}
