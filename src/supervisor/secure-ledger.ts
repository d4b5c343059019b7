/** Adds up what secure devices have cost this party, by device and operation. */
import type { Assumption, OperationCost, SecureCost, SecureReport } from '../observe/report.ts';

type Sum<T> = { -readonly [K in keyof T]: T[K] };

/** Different assumptions that are kept of one device: more are no help to a reader. */
const ASSUMPTIONS_LISTED_MAX = 100;

interface DeviceSum extends Omit<Sum<SecureReport>, 'operations' | 'assumptions'> {
  readonly operations: Map<string, Sum<OperationCost>>;
  readonly assumptions: Map<string, Sum<SecureReport['assumptions'][number]>>;
}

export class SecureLedger {
  readonly #devices = new Map<string, DeviceSum>();

  add(cost: SecureCost): void {
    const { device } = cost;
    const sum: DeviceSum = this.#devices.get(device) ?? {
      ...{ device, exchanges: 0, rounds: 0, messages: 0, bytes: 0, assumptionsNotListed: 0 },
      operations: new Map(),
      assumptions: new Map(),
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
    return [...this.#devices.values()].map((sum) => ({
      ...sum,
      operations: [...sum.operations.values()].sort((a, b) => b.bytes - a.bytes),
      assumptions: [...sum.assumptions.values()],
    }));
  }
}
