import type { Random } from '../../contracts/index.ts';
import type { LinkLimits } from './limits.ts';

/**
 * Pause before the next dial after `failures` failed ones (1, 2, ...): exponential up to a bound, of which a random
 * half is taken off, so that parties that lost the network together do not come back in step.
 */
export function backoffDelayMs(
  failures: number,
  limits: Pick<LinkLimits, 'backoffMs' | 'backoffMsMax'>,
  random: Random,
): number {
  const full = Math.min(limits.backoffMsMax, limits.backoffMs * 2 ** Math.min(failures - 1, 30));
  const [high = 0, low = 0] = random.bytes(2);
  return full * (1 - (high * 256 + low) / 131_072);
}
