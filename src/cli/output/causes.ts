/** Of many records of failures, those that a reader would count: what each party tells of one thing is one. Pure. */
import type { FailureCode } from '../../base/failure-codes.ts';
import type { FailureEvent, VerdictEvent } from './run-board.ts';

/** A difference between parties, or a cancellation of all, is no failure of each. */
const MUTUAL: ReadonlySet<FailureCode> = new Set<FailureCode>([
  'PROGRAM_MISMATCH',
  'DIVERGENCE',
  'PARTITION',
  'CANCELLED',
]);

/**
 * The first record of each cause. One cause are: what every member of a step says of it; what several say of a party
 * that is lost; and the failure of a scope that is that of a step in it, passed on by the job.
 */
export function causesOf(failures: readonly FailureEvent[]): readonly FailureEvent[] {
  const kept: FailureEvent[] = [];
  for (const failure of failures) if (!kept.some((other) => isSame(failure, other))) kept.push(failure);
  return kept.filter((failure) => !kept.some((other) => isPassedOn(failure, other)));
}

/**
 * Failures of parties by themselves beside the verdict's cause: those that were known when the parties agreed, and what
 * came to light at a party after the cause. What the job has handled before is none of them.
 *
 * @param told by party, each in the order in which they became known there
 */
export function besideCause(
  told: readonly (readonly FailureEvent[])[],
  verdict: VerdictEvent,
): readonly FailureEvent[] {
  const attached = new Set(verdict.attached.map(({ incident }) => incident));
  const beside = told.flatMap((failures) => {
    const cause = failures.findIndex(({ incident }) => incident === verdict.incident);
    return failures.filter(({ incident }, at) => attached.has(incident) || (cause !== -1 && at > cause));
  });
  const own = beside.filter(({ origin, reporter, code }) => origin === reporter && !MUTUAL.has(code));
  // Of several records of one failure the party where it happened has the one with the details.
  const order = own.toSorted((a, b) => Number(b.party === b.origin) - Number(a.party === a.origin));
  const causes = told.flat().filter(({ incident }) => incident === verdict.incident);
  const kept: FailureEvent[] = [];
  for (const failure of order)
    if (![...causes, ...kept].some((one) => isKnownBy(failure, one) || isPassedOn(failure, one)))
      kept.push(failure);
  return kept;
}

/** In one step the data of two parties may be wrong: what each says of it is worth a line, the same words are not. */
function isKnownBy(failure: FailureEvent, other: FailureEvent): boolean {
  if (isOneLoss(failure, other)) return true;
  const { message } = failure;
  return isOneStep(failure, other) && message !== undefined && message === other.message;
}

const isSame = (one: FailureEvent, other: FailureEvent): boolean =>
  isOneLoss(one, other) || isOneStep(one, other);

/** One record, or what several parties say of one of them. */
function isOneLoss(one: FailureEvent, other: FailureEvent): boolean {
  if (one.incident === other.incident) return true;
  const isObserved = one.reporter !== one.origin || other.reporter !== other.origin;
  return one.code === other.code && one.origin === other.origin && isObserved;
}

function isOneStep(one: FailureEvent, other: FailureEvent): boolean {
  if (one.code !== other.code || one.stepId !== other.stepId) return false;
  return one.stepId !== null || one.origin === other.origin;
}

/** The path of a step begins with those of the scopes that it is in. */
function isPassedOn(outer: FailureEvent, inner: FailureEvent): boolean {
  return outer.code === inner.code && inner.stepId?.startsWith(`${outer.stepId}/`) === true;
}
