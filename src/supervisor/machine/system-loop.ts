/** Time, randomness and the event loop of the process that this is. */
import { systemClock, systemRandom } from '../../base/system.ts';
import type { EventLoop } from '../seam/platform.ts';

export const systemLoop: EventLoop = {
  clock: systemClock,
  random: systemRandom,
  later: (callback) => void setImmediate(callback),
  hold(delayMs, callback) {
    const timer = setTimeout(callback, delayMs);
    return { cancel: () => clearTimeout(timer) };
  },
};
