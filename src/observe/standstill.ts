/**
 * Times in which a party's supervisor did not run: its process or its machine was stopped, slept or was overloaded.
 * Pure.
 */
import type { FailureCode } from '../base/failure-codes.ts';

/** A time in which a party's supervisor did not run. */
export interface Standstill {
  /** When it ended, by the party's clock: milliseconds since its supervisor began. */
  readonly atMs: number;
  /** How long it was, in milliseconds. */
  readonly forMs: number;
}

/**
 * From a party's standstill until the verdict, if the one explains the other: a party that stood still learns at once
 * that it has been given up, and by default agrees on that with the others within ten seconds.
 */
const MATTERS_FOR_MS = 60_000;

/** What becomes of a run in which a party is not heard, by either side. */
const UNHEARD: ReadonlySet<FailureCode> = new Set<FailureCode>([
  ...(['PEER_UNREACHABLE', 'PARTITION', 'LINK_DOWN', 'JOIN_TIMEOUT'] as const),
]);

/** Whether a standstill explains a verdict of that code. `sinceMs`: from its end until the verdict. */
export function explains(sinceMs: number, code: FailureCode | null): boolean {
  return code !== null && UNHEARD.has(code) && sinceMs >= 0 && sinceMs <= MATTERS_FOR_MS;
}
