/** What becomes of a proposal or a run, look by look. */
import type { Clock } from '../../contracts/clock.ts';
import type { Followed, ProposalView, RunRow } from './answers.ts';
import { type FollowOptions, GONE_MS, isGone, pause, RETRY_MS } from './changes.ts';
import type { ProposalCalls } from './of-proposals.ts';
import type { RunCalls } from './of-runs.ts';

/** Between two looks: a person sees no shorter time, and a look costs the node a millisecond. */
const LOOK_MS = 300;

interface Calls {
  readonly proposals: Pick<ProposalCalls, 'show'>;
  readonly runs: Pick<RunCalls, 'list' | 'show'>;
}

interface Seen {
  readonly proposal: ProposalView;
  readonly run: RunRow | null;
}

/** Ends with what is the case then; undefined: the signal was aborted. */
export async function* followRun(
  calls: Calls,
  clock: Clock,
  id: string,
  { signal, goneMs = GONE_MS }: FollowOptions,
): AsyncGenerator<Followed, Followed | undefined, undefined> {
  if (signal?.aborted) return undefined;
  const wanted = isRun(id) ? await calls.runs.show(id) : undefined;
  let seen = await look(calls, wanted?.proposal ?? id, wanted?.runId);
  // Of a schedule the next run is wanted, not one that was over before.
  const isPast = wanted === undefined && seen.run !== null && seen.run.endedAt !== null && !isSettled(seen);
  const past = isPast ? seen.run?.runId : undefined;
  let told = '';
  let goneSince: number | undefined;
  while (!signal?.aborted) {
    const run = seen.run?.runId === past ? null : seen.run;
    const isOver =
      run === null ? isSettled(seen) : run.endedAt !== null && (wanted !== undefined || isLast(seen));
    const now: Followed = { proposal: seen.proposal, run, isOver };
    const state = stateOf(now);
    if (state !== told) yield now;
    told = state;
    if (isOver) return now;
    await pause(goneSince === undefined ? LOOK_MS : RETRY_MS, signal);
    try {
      if (!signal?.aborted) seen = await look(calls, seen.proposal.id, wanted?.runId);
      goneSince = undefined;
    } catch (error) {
      goneSince ??= clock.now();
      if (!isGone(error) || clock.now() - goneSince >= goneMs) throw error;
    }
  }
  return undefined;
}

/** A run's id has its occurrence and its attempt behind that of the proposal; an incident is 32 digits. */
const isRun = (id: string): boolean => /-\d+-\d+$/.test(id) || /^[0-9a-f]{32}$/.test(id);

async function look({ proposals, runs }: Calls, id: string, runId: string | undefined): Promise<Seen> {
  const proposal = await proposals.show(id);
  if (runId !== undefined) return { proposal, run: await runs.show(runId) };
  const { rows } = await runs.list({ proposal: proposal.id, limit: 1 });
  return { proposal, run: rows[0] ?? null };
}

/** Whether nothing more comes of the proposal. */
const isSettled = ({ proposal }: Seen): boolean =>
  proposal.state !== 'proposed' && proposal.state !== 'approved';

/** Whether the run that has ended is the one that was waited for; another attempt may come. */
const isLast = (seen: Seen): boolean =>
  isSettled(seen) || seen.proposal.next === null || seen.proposal.next.occurrence !== seen.run?.occurrence;

/** A run may be seen to have ended before its proposal is seen to have no other: its end is told then. */
const stateOf = ({ proposal, run, isOver }: Followed): string =>
  JSON.stringify([
    isOver,
    proposal.state,
    proposal.decisions.map(({ party, answer }) => [party, answer]),
    run === null ? [proposal.next?.occurrence, proposal.next?.dueAt] : [run.runId, run.state, run.endedAt],
  ]);
