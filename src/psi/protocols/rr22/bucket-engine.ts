/** Where the arithmetic of buckets runs: on worker threads, or on the calling one. */
import { ThreadPool } from '../../../engine/threads.ts';
import { type TaskName, tasks } from './bucket-tasks.ts';
import { Lane } from './lane.ts';

type Input<N extends TaskName> = Parameters<(typeof tasks)[N]>[1];
type Output<N extends TaskName> = ReturnType<(typeof tasks)[N]>;

export interface BucketEngine {
  do<N extends TaskName>(name: N, input: Input<N>): Promise<Output<N>>;
  /** Ends the threads, also in the middle of work. */
  close(): Promise<void>;
}

/** `threads` 0: on the calling thread, for tests and rehearsals. `signal` ends the threads. */
export async function openBucketEngine(threads: number, signal: AbortSignal): Promise<BucketEngine> {
  if (threads === 0) {
    const lane = await Lane.open();
    return {
      async do<N extends TaskName>(name: N, input: Input<N>): Promise<Output<N>> {
        signal.throwIfAborted();
        const task = tasks[name] as (own: Lane, given: Input<N>) => Output<N>;
        return task(lane, input);
      },
      close() {
        lane.rows.clear();
        return Promise.resolve();
      },
    };
  }
  const pool = await ThreadPool.open('rr22', new URL('./lane-worker.js', import.meta.url), threads, signal);
  return {
    do: <N extends TaskName>(name: N, input: Input<N>) => pool.call<Output<N>>(name, input),
    close: () => pool.close(),
  };
}
