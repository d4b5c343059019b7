/**
 * How long the last phases of a run take at most, whatever messages are lost for ever: the formulas of
 * docs/failure-model.md. Both count only time in which this party itself ran.
 */
import type { CoreBounds, Message } from './types.ts';

/**
 * From a party's seal until it ends or goes on without another: parties that never joined, a chain of losses, and the
 * words in between.
 */
export function agreementMs(bounds: CoreBounds, parties: number): number {
  const { lateJoinMs, lostAfterMs, heartbeatMs, agreeMs } = bounds;
  return lateJoinMs + (parties - 1) * (lostAfterMs + heartbeatMs) + agreeMs;
}

/**
 * From when a party has confirmed the end until it completes or seals: two messages, each of which may be as late as a
 * loss is noticed.
 */
export function confirmationMs({ lostAfterMs, heartbeatMs, confirmMs }: CoreBounds): number {
  return 2 * (lostAfterMs + heartbeatMs) + confirmMs;
}

/** Said again, replaced by a later one, waited for by nobody, or, as a farewell, all that has to be known. */
const UNCOUNTED: ReadonlySet<Message['type']> = new Set<Message['type']>([
  'heartbeat',
  'board',
  'text',
  'textWanted',
  'closed',
]);

/**
 * Whether a message is said once and waited for: heartbeats tell how many there were, so that one that is lost is
 * noticed.
 */
export const isCounted = ({ type }: Message): boolean => !UNCOUNTED.has(type);
