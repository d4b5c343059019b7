import type { PeerError } from '../../base/errors.ts';
import type { Clock } from '../../contracts/index.ts';

/** Refused diallers that a log is told of a minute: more than a federation has peers, and less than fills a disk. */
export const REFUSALS_TOLD_MAX = 30;
const MINUTE_MS = 60_000;

/**
 * Tells a log who was turned away. Anybody at the port can cause such a line, so there is a bound on how often; the
 * rest is counted.
 */
export function boundedRefusals(
  clock: Clock,
  warn: (message: string, about?: string) => void,
): (error: PeerError) => void {
  let since = Number.NEGATIVE_INFINITY;
  let count = 0;
  return (error) => {
    const now = clock.now();
    if (now - since >= MINUTE_MS) {
      if (count > REFUSALS_TOLD_MAX) warn(`${count - REFUSALS_TOLD_MAX} more diallers were refused`);
      since = now;
      count = 0;
    }
    count++;
    if (count <= REFUSALS_TOLD_MAX) warn(error.message, error.party);
    else if (count === REFUSALS_TOLD_MAX + 1)
      warn('more diallers are refused; for a minute they are counted only');
  };
}
