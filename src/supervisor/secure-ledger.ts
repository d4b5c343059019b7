/** Adds up what secure devices have cost this party, by device and operation. */
import type { OperationCost, SecureCost, SecureReport } from '../observe/report.ts';

type Sum<T> = { -readonly [K in keyof T]: T[K] };

interface DeviceSum extends Omit<Sum<SecureReport>, 'operations'> {
  readonly operations: Map<string, Sum<OperationCost>>;
}

export class SecureLedger {
  readonly #devices = new Map<string, DeviceSum>();

  add(cost: SecureCost): void {
    const { device } = cost;
    const sum: DeviceSum = this.#devices.get(device) ?? {
      ...{ device, exchanges: 0, rounds: 0, messages: 0, bytes: 0 },
      operations: new Map(),
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
  }

  /** Operations by what they have sent, the dearest first. */
  get reports(): readonly SecureReport[] {
    return [...this.#devices.values()].map((sum) => ({
      ...sum,
      operations: [...sum.operations.values()].sort((a, b) => b.bytes - a.bytes),
    }));
  }
}
