/**
 * A part of the program that tolerates lost parties: for each of its parties a scope of its own, side by side, and at
 * the end one agreed list of who came through.
 */
import { UsageError } from '../../base/errors.ts';
import type { Failure } from '../../coordination/failure.ts';
import { ScopeFailedError } from '../model/abort.ts';
import type { AgreedFailure, QuorumResult } from '../model/outcomes.ts';
import { digestOf } from '../state/branch.ts';
import type { Scheduler } from '../steps/scheduler.ts';
import { type Attempts, agreed } from './attempt.ts';
import { parallel } from './parallel.ts';

export interface QuorumPlan {
  /** In federation order. */
  readonly of: readonly string[];
  readonly atLeast: number;
  readonly code: (party: string) => unknown;
}

/**
 * @throws {ScopeFailedError} QUORUM_NOT_MET at every party, when fewer are present; or what has failed outside of the
 *   parts
 */
export async function quorum(
  scheduler: Scheduler,
  attempts: Attempts,
  { of, atLeast, code }: QuorumPlan,
): Promise<QuorumResult<string, unknown>> {
  if (!Number.isInteger(atLeast) || atLeast < 1 || atLeast > of.length) {
    throw new UsageError(
      'PRIVITY_STEP_INVALID',
      `A step is wrong: quorum takes atLeast from 1 to the number of its parties, here ${of.length}.`,
    );
  }
  const parts = () =>
    parallel(
      scheduler,
      of.map((party) => () => {
        const tolerates = of.filter((other) => other !== party);
        return attempts.begin('quorum part', party, () => code(party), { tolerates });
      }),
    ) as Promise<readonly Awaited<ReturnType<typeof attempts.begin<unknown>>>[]>;
  const all = await attempts.begin('quorum', `${atLeast} of ${of.join()}`, parts, { tolerates: of });
  if (!all.outcome.ok) throw new ScopeFailedError(all.outcome.failure, all.outcome.absent);
  const lost = all.absent.map(({ origin }) => origin);
  const present: string[] = [];
  const absent: { party: string; failure: AgreedFailure }[] = [];
  const values: Record<string, unknown> = {};
  for (const [index, party] of of.entries()) {
    const part = all.outcome.value[index]?.outcome;
    // Who is lost after its own part went through is absent all the same: nothing can be asked of it any more.
    const loss = all.absent.find(({ origin }) => origin === party);
    const failure = loss ?? (part?.ok === false ? part.failure : undefined);
    if (failure) absent.push({ party, failure: agreed(failure, lost) });
    else if (part?.ok) {
      present.push(party);
      values[party] = part.value;
    }
  }
  if (present.length < atLeast) throw new ScopeFailedError(notMet(present, absent, atLeast), lost);
  return Object.freeze({ present, absent, values });
}

/** The same at every party, because all of it has been agreed on. */
function notMet(
  present: readonly string[],
  absent: QuorumResult<string, unknown>['absent'],
  atLeast: number,
): Failure {
  const incident = digestOf(['quorum', absent.map(({ failure }) => failure.incident)]).toString('hex');
  const origin = absent[0]?.party ?? '';
  return {
    code: 'QUORUM_NOT_MET',
    origin,
    reporter: origin,
    incident: incident.slice(0, 32),
    stepName: 'quorum',
    facts: `present: ${present.join(', ') || 'nobody'}; at least ${atLeast} are needed; absent: ${absent.map((one) => one.party).join(', ')}`,
  };
}
