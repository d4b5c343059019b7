/**
 * The verdict: a pure function of the sealed contributions, so that parties with the same board have the same verdict.
 * No clock takes part: causes go before symptoms by their kind, then by program order, then by party.
 */
import type { FailureCode } from '../base/failure-codes.ts';
import { type Contribution, digestOf, failureFields } from './board.ts';
import type { Failure } from './failure.ts';
import { type FailureText, whole } from './failure-text.ts';
import type { Fin } from './trail.ts';

export interface Outcome {
  readonly result: 'completed' | 'failed';
  /** The root cause; null when completed. */
  readonly failure: Failure | null;
  /** What else was known when the parties agreed, in the order of precedence. */
  readonly attached: readonly Failure[];
  /** Equal at all parties that share the outcome. */
  readonly digest: string;
  /** Why each party is missing without which the run has gone on; absent for none. */
  readonly absent?: readonly Failure[];
  /**
   * This party could not find out in time what the others have agreed on: it ends with what it knows, and they may have
   * ended otherwise. Never on an outcome that is `completed`.
   */
  readonly unconfirmed?: true;
}

/** Another party's program, key or protocol is not what was agreed: nothing that follows can be trusted. */
const MISMATCHES: ReadonlySet<FailureCode> = new Set([
  'AUTH_FAILED',
  'PROGRAM_MISMATCH',
  'DIVERGENCE',
  'CHECK_FAILED',
  'PROTOCOL_VIOLATION',
]);

export function completedOutcome(runId: string, fin: Fin, absent: readonly Failure[] = []): Outcome {
  return {
    result: 'completed',
    failure: null,
    attached: [],
    digest: digestOf(['completed', runId, fin.steps, fin.digest, ...absent.map(failureFields)]),
    ...(absent.length > 0 ? { absent } : {}),
  };
}

/**
 * The outcome of an abort, from the contributions on which a component of the parties agrees. At least one is a
 * failure. `absent`: the run had gone on without these.
 */
export function failedOutcome(
  parties: readonly string[],
  contributions: readonly (Contribution | null)[],
  absent: readonly Failure[] = [],
): Outcome {
  const missing = absent.map(({ origin }) => origin);
  const failures = contributions.flatMap((c) => (c?.failure ? [c.failure] : []));
  const ranked = rankFailures(parties, failures);
  const doubt = inDoubt(parties, contributions, ranked, missing);
  const cause = doubt ?? named(ranked, contributions, parties, missing);
  const attached = doubt ? ranked : ranked.slice(1);
  return {
    result: 'failed',
    failure: cause,
    attached,
    digest: digestOf([
      'failed',
      cause && failureFields(cause),
      attached.map(failureFields),
      ...absent.map(failureFields),
    ]),
    ...(absent.length > 0 ? { absent } : {}),
  };
}

/** The same outcome, with what the origins let cross of their failures, as far as it has come. */
export function withTexts(
  outcome: Outcome,
  contributions: readonly (Contribution | null)[],
  texts: readonly (FailureText | null)[],
): Outcome {
  // Of a difference that several have found, all tell under one incident, each with a text of its own.
  const key = ({ incident, reporter }: Failure): string => `${incident} ${reporter}`;
  const known = new Map(
    contributions.flatMap((c, party) => (c?.failure ? [[key(c.failure), texts[party]] as const] : [])),
  );
  const told = (failure: Failure): Failure => whole(failure, known.get(key(failure)));
  const { failure, attached } = outcome;
  return { ...outcome, failure: failure && told(failure), attached: attached.map(told) };
}

/**
 * Whether the verdict can be no other at any party, whatever each of them has heard so far: everyone has sealed, one of
 * them a failure of its own, all others that they join, and nobody had confirmed the end. Who has joined has done so
 * because of that one failure, so every party has it, and contributions that are still on their way to somebody add
 * nothing to the verdict. Nobody needs to hear that the others have heard everything, too.
 */
export function isSettled(
  parties: readonly string[],
  contributions: readonly (Contribution | null)[],
): boolean {
  const failures = contributions.flatMap((c) => (c?.failure ? [c.failure] : []));
  const [only] = failures;
  return (
    only !== undefined &&
    failures.length === 1 &&
    only.origin === only.reporter &&
    contributions[parties.indexOf(only.origin)]?.failure === only &&
    contributions.every((contribution) => contribution !== null && !contribution.ready)
  );
}

/** Failures in the order of precedence: the cause of all first. */
export function rankFailures(parties: readonly string[], failures: readonly Failure[]): readonly Failure[] {
  return failures
    .map((failure) => ({ failure, rank: rankOf(failure, failures) }))
    .sort(
      (a, b) =>
        a.rank - b.rank ||
        compareSteps(a.failure, b.failure) ||
        compareParties(parties, a.failure, b.failure),
    )
    .map(({ failure }) => failure);
}

/** 0: mismatch, 1: a party's own report, 2: a loss seen by several, 3: a loss seen by one, 4: cancelled. */
function rankOf(failure: Failure, all: readonly Failure[]): number {
  if (MISMATCHES.has(failure.code)) return 0;
  if (failure.code === 'CANCELLED') return 4;
  if (!isLoss(failure)) return 1;
  return all.filter((other) => isLoss(other) && other.origin === failure.origin).length >= 2 ? 2 : 3;
}

/** A loss is somebody else's account of a party that cannot speak for itself. */
export function isLoss(failure: Failure): boolean {
  return failure.origin !== failure.reporter && !MISMATCHES.has(failure.code);
}

/**
 * Everyone here had confirmed the end, and someone who may have completed cannot be asked: nobody can know.
 * If even one party had not confirmed, nobody can have completed.
 */
function inDoubt(
  parties: readonly string[],
  contributions: readonly (Contribution | null)[],
  ranked: readonly Failure[],
  absent: readonly string[],
): Failure | null {
  const missing = contributions.findIndex((c, i) => c === null && !absent.includes(parties[i] ?? ''));
  const first = ranked[0];
  if (missing === -1 || first === undefined || contributions.some((c) => c && !c.ready)) return null;
  return { ...first, code: 'IN_DOUBT', origin: parties[missing] ?? first.origin };
}

/**
 * The name of a loss, from who has contributed and who has not. A "lost" party that has contributed is alive: the link
 * between the two is down. Silence names the cut, which both of its sides derive alike; if it took several parties away
 * at once, it was the network.
 */
function named(
  ranked: readonly Failure[],
  contributions: readonly (Contribution | null)[],
  parties: readonly string[],
  absent: readonly string[],
): Failure | null {
  const cause = ranked[0] ?? null;
  // That a party is missing without which the run has gone on has its name already.
  if (cause === null || !isLoss(cause) || absent.includes(cause.origin)) return cause;
  if (contributions[parties.indexOf(cause.origin)]) {
    const ends = [cause.origin, cause.reporter].sort((a, b) => parties.indexOf(a) - parties.indexOf(b));
    return { ...cause, code: 'LINK_DOWN', facts: ends.join(' and ') };
  }
  if (cause.code !== 'PEER_UNREACHABLE') return cause;
  const side = (here: boolean): string =>
    parties.filter((name, i) => (contributions[i] !== null) === here && !absent.includes(name)).join(', ');
  const facts = `cut: ${[side(true), side(false)].sort().join(' | ')}`;
  const isPartition =
    contributions.filter((contribution) => contribution === null).length - absent.length > 1;
  return { ...cause, facts, ...(isPartition ? { code: 'PARTITION' as const } : {}) };
}

function compareParties(parties: readonly string[], a: Failure, b: Failure): number {
  return (
    parties.indexOf(a.origin) - parties.indexOf(b.origin) ||
    parties.indexOf(a.reporter) - parties.indexOf(b.reporter)
  );
}

/** Program order of two step paths: '4/0/2' < '4/1/0' < '5'. A failure outside any step comes after those in steps. */
function compareSteps(a: Failure, b: Failure): number {
  if (a.stepId === undefined || b.stepId === undefined)
    return Number(a.stepId === undefined) - Number(b.stepId === undefined);
  const left = a.stepId.split('/').map(Number);
  const right = b.stepId.split('/').map(Number);
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}
