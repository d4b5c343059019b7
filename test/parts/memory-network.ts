/**
 * Parties on the network of the simulated world, at the pace of real time: for tests of links, and of what runs over
 * them, without sockets. What is sent arrives at once.
 */
import { performance } from 'node:perf_hooks';
import type { Transport } from '../../src/contracts/index.ts';
import { CONNECTION_LIMITS } from '../../src/simulation/connection.ts';
import { type EventOwner, EventQueue, type WorldEvent } from '../../src/simulation/event-queue.ts';
import { SimNetwork } from '../../src/simulation/network.ts';
import { SimProcess } from '../../src/simulation/process.ts';
import { SeededRandom } from '../../src/simulation/seeded-random.ts';

/** Events happen when they are due by the clock of this process. */
class PacedQueue extends EventQueue {
  readonly #since = performance.now();
  #immediate: NodeJS.Immediate | undefined;
  #timer: NodeJS.Timeout | undefined;

  override get now(): number {
    return performance.now() - this.#since;
  }

  override at(time: number, owner: EventOwner | null, run: () => void, isTimer?: boolean): WorldEvent {
    const event = super.at(time, owner, run, isTimer);
    this.#immediate ??= setImmediate(() => this.#go());
    return event;
  }

  #go(): void {
    this.#immediate = undefined;
    clearTimeout(this.#timer);
    for (let due = this.dueAt; due !== undefined && due <= this.now; due = this.dueAt) {
      const event = this.next();
      if (event?.owner) event.owner.happen(event);
      else event?.run();
    }
    const { dueAt } = this;
    if (dueAt !== undefined) this.#timer = setTimeout(() => this.#go(), Math.max(1, dueAt - this.now));
  }
}

export class MemoryNetwork {
  /** Bytes on their way in one direction of a connection above which its sender has to wait. */
  static readonly windowBytes = CONNECTION_LIMITS.windowBytes;
  readonly #network = new SimNetwork(new PacedQueue(), new SeededRandom(1, 'network'), {
    latencyMs: 0,
    jitterMs: 0,
    bytesPerMs: Number.POSITIVE_INFINITY,
  });

  /** The transport of one party, for both planes. */
  transport(self: string): Transport {
    const network = this.#network;
    const process = new SimProcess(self, 'supervisor', network.queue, new SeededRandom(1, self));
    process.onUncaught = (error) => {
      throw error;
    };
    network.addHost(self, process);
    const [control, data] = [
      network.transport(self, 'control', process),
      network.transport(self, 'data', process),
    ];
    return {
      self,
      dial: (peer, plane, signal) => control.dial(peer, plane, signal),
      accept: (onConnection) => {
        control.accept(onConnection);
        data.accept(onConnection);
        network.handDataTo(self, process, (take) => take());
      },
      close: async () => {
        await control.close();
        await data.close();
      },
    };
  }

  /** Breaks every connection between two parties: both ends are told, frames on their way are lost. */
  break(one: string, other: string): void {
    this.#network.drop(one, other);
  }
}
