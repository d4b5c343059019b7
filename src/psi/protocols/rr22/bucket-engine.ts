/** Where the arithmetic of buckets runs: on worker threads, or on the calling one. */
import { ThreadPool } from '../../../engine/threads.ts';
import { tasks } from './bucket-tasks.ts';
import { Lane } from './lane.ts';

/** Steps of buckets by their name, each of which works in a lane. */
type Tasks = Readonly<Record<string, (lane: Lane, input: never) => unknown>>;

export interface BucketEngine<T extends Tasks = typeof tasks> {
  do<N extends keyof T & string>(name: N, input: Parameters<T[N]>[1]): Promise<ReturnType<T[N]>>;
  /** Ends the threads, also in the middle of work. */
  close(): Promise<void>;
}

/** `threads` 0: on the calling thread, for tests and rehearsals. `signal` ends the threads. */
export function openBucketEngine(threads: number, signal: AbortSignal): Promise<BucketEngine> {
  return openEngine(tasks, new URL('./lane-worker.js', import.meta.url), threads, signal);
}

/** `worker` exports each of `tasks` under its name. */
export async function openEngine<T extends Tasks>(
  tasks: T,
  worker: URL,
  threads: number,
  signal: AbortSignal,
): Promise<BucketEngine<T>> {
  if (threads === 0) {
    const lane = await Lane.open();
    return {
      async do<N extends keyof T & string>(name: N, input: Parameters<T[N]>[1]): Promise<ReturnType<T[N]>> {
        signal.throwIfAborted();
        const task = tasks[name] as (own: Lane, given: Parameters<T[N]>[1]) => ReturnType<T[N]>;
        return task(lane, input);
      },
      close() {
        lane.rows.clear();
        return Promise.resolve();
      },
    };
  }
  const pool = await ThreadPool.open('rr22', worker, threads, signal);
  return {
    do: <N extends keyof T & string>(name: N, input: Parameters<T[N]>[1]) =>
      pool.call<ReturnType<T[N]>>(name, input),
    close: () => pool.close(),
  };
}
