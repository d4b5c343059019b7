/**
 * A node's view of one run: it holds a connection to the supervisor's local socket, which the system closes when that
 * process ends, however it ends; what became of the run is then in its record. A node that has just started finds the
 * run in the same way.
 */
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { ignored } from '../../base/ignored.ts';
import type { Clock } from '../../contracts/index.ts';
import { type RecordFacts, readRecordFile } from '../../record/record-file.ts';
import { completeKilled, readRun } from '../../record/stored-runs.ts';
import { knock } from '../../transport/door/door.ts';
import { prefaceLine } from '../../transport/door/preface.ts';
import { lookAtBegun } from './begun.ts';
import { GONE_WORD } from './order.ts';

/** Between two looks at a supervisor that is starting or ending. */
const LOOK_MS = 50;
/** A supervisor that has been started makes its record and its socket within this time, on a loaded machine, too. */
export const ATTACH_MS = 60_000;

export interface WatchPlan {
  readonly runId: string;
  readonly party: string;
  /** The folder of the run's record. */
  readonly record: string;
  /** Its local socket. */
  readonly door: string;
  readonly clock: Clock;
  readonly onRunning: () => void;
  /** Once. `not-begun`: no supervisor has come. */
  readonly onEnded: (facts: RecordFacts | 'not-begun') => void;
  readonly warn: (message: string) => void;
}

export class RunWatch {
  readonly #plan: WatchPlan;
  readonly #since: number;
  #socket: Socket | undefined;
  #cancelled = false;
  readonly #gone = new Set<string>();
  #closed = false;
  #warned = false;

  constructor(plan: WatchPlan) {
    this.#plan = plan;
    this.#since = plan.clock.now();
    void this.#look();
  }

  /** Cancels the run for all parties; said again to a supervisor that is still starting. */
  cancel(): void {
    this.#cancelled = true;
    this.#socket?.write('cancel\n');
  }

  /** The supervisor of a partner has ended: who waits for it hears of it. */
  gone(party: string): void {
    this.#gone.add(party);
    this.#socket?.write(`${GONE_WORD}${party}\n`);
  }

  /** The node ends; the run goes on. */
  close(): void {
    this.#closed = true;
    this.#socket?.destroy();
  }

  async #look(): Promise<void> {
    try {
      const ended = await this.#ended();
      if (this.#closed) return;
      if (ended !== undefined) return this.#plan.onEnded(ended);
      const socket = await knock(this.#plan.door);
      if (socket !== undefined) return this.#attach(socket);
    } catch (error) {
      this.#plan.warn(`the run ${this.#plan.runId} cannot be looked at: ${String(error)}`);
    }
    this.#again();
  }

  #again(): void {
    if (this.#closed) return;
    const { clock, runId, warn } = this.#plan;
    const isLate = clock.now() - this.#since > ATTACH_MS;
    if (isLate && !this.#warned) {
      this.#warned = true;
      warn(`the supervisor of the run ${runId} lives and does not answer`);
    }
    clock.after(LOOK_MS, () => void this.#look());
  }

  #attach(socket: Socket): void {
    if (this.#closed) return void socket.destroy();
    this.#socket = socket;
    this.#warned = false;
    socket.write(prefaceLine({ kind: 'node' }));
    if (this.#cancelled) socket.write('cancel\n');
    for (const party of this.#gone) socket.write(`${GONE_WORD}${party}\n`);
    socket.resume();
    socket.once('close', () => {
      this.#socket = undefined;
      void this.#look();
    });
    this.#plan.onRunning();
  }

  async #ended(): Promise<RecordFacts | 'not-begun' | undefined> {
    const { record, party, clock } = this.#plan;
    const facts = await readRecordFile(join(record, party));
    if (facts?.ending) return facts;
    const state = await lookAtBegun(record);
    if (state === 'alive') return undefined;
    // Asked for, and not there yet: a process takes a moment to start.
    if (state === 'no') return clock.now() - this.#since > ATTACH_MS ? 'not-begun' : undefined;
    const now = clock.wallTime();
    const run = await readRun(record, now);
    if (run !== undefined) await ignored(completeKilled([run], now), 'it is read as it is');
    const last = await readRecordFile(join(record, party));
    return last?.ending ? last : 'not-begun';
  }
}
