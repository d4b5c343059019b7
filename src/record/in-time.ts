import type { Clock } from '../contracts/clock.ts';

/** False if the work was not done in time; it may go on. Rejects if the work does. */
export async function inTime(clock: Clock, timeoutMs: number, work: Promise<unknown>): Promise<boolean> {
  let timer: { cancel(): void } | undefined;
  const late = new Promise<false>((resolve) => {
    timer = clock.after(timeoutMs, () => resolve(false));
  });
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    timer?.cancel();
  }
}
