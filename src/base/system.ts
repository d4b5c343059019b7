/** The real clock and the real source of randomness (see Clock and Random in src/contracts/). */
import { randomBytes } from 'node:crypto';

/** Longest delay that setTimeout takes; a longer one is waited for in several turns. */
const TIMER_MS_MAX = 2 ** 31 - 1;

/** Monotonic time and timers that do not keep the process alive. */
export const systemClock = {
  now: (): number => performance.now(),
  wallTime: (): number => Date.now(),
  after(delayMs: number, callback: () => void): { cancel(): void } {
    const due = performance.now() + delayMs;
    const turn = (): void => {
      const left = due - performance.now();
      if (left > TIMER_MS_MAX) arm(TIMER_MS_MAX);
      else callback();
    };
    const arm = (ms: number): void => {
      timer = setTimeout(ms === TIMER_MS_MAX ? turn : callback, ms).unref();
    };
    let timer: NodeJS.Timeout;
    arm(Math.min(Math.max(0, delayMs), TIMER_MS_MAX));
    return { cancel: () => clearTimeout(timer) };
  },
};

/** The operating system's generator. */
export const systemRandom = {
  bytes: (length: number): Uint8Array => randomBytes(length),
};
