/** A clock of the day that does not run back when somebody sets that of the machine. */
import type { Clock } from '../../contracts/index.ts';

/** A clock that was wrong by more than this is not waited for: what it says now is believed. */
export const SET_BACK_MS_MAX = 24 * 60 * 60 * 1000;

/**
 * As `clock`, and where that is set back, half as fast until it has caught up: what waits for a moment waits for it,
 * and what was over stays over.
 */
export function steadyClock(clock: Clock): Clock {
  let told = clock.wallTime();
  let toldAt = clock.now();
  return {
    now: () => clock.now(),
    after: (delayMs, callback) => clock.after(delayMs, callback),
    wallTime() {
      const [now, wall] = [clock.now(), clock.wallTime()];
      const passed = Math.max(0, now - toldAt);
      const isBehind = wall < told + passed && told - wall <= SET_BACK_MS_MAX;
      told = isBehind ? Math.max(wall, told + passed / 2) : wall;
      toldAt = now;
      return Math.trunc(told);
    },
  };
}
