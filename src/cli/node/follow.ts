/** `privity runs follow`: what becomes of a proposal or a run, as it happens, to its end. */
import { setTimeout } from 'node:timers/promises';
import type { z } from 'zod';
import { errorCatalogue } from '../../base/error-catalogue.ts';
import { PrivityError } from '../../base/errors.ts';
import { failureCodes, isFailureCode } from '../../base/failure-codes.ts';
import { jsonLine } from '../../base/steering.ts';
import type { proposalView, runView } from '../../node/api/words.ts';
import type { NodeClient } from '../../node/client/client.ts';
import { printable } from '../output/printable.ts';
import { duration, momentText } from '../output/quantity.ts';
import { createStyle } from '../output/style.ts';
import { valueText } from '../output/value-text.ts';
import type { Shell } from '../shell.ts';
import { clientOf, type NodeFlags } from './ask.ts';
import { notTakenText } from './node-text.ts';

type ProposalView = z.output<typeof proposalView>;
type RunView = z.output<typeof runView>;

/** Between two looks: a person sees no shorter time, and a look costs the node a millisecond. */
const LOOK_MS = 300;
/** Runs of a proposal that are looked at: the newest. */
const RUNS_LOOKED_AT = 1;

interface Seen {
  readonly proposal: ProposalView;
  readonly run: RunView | undefined;
}

/** Resolves to the exit code: that of the run, as `privity run` has it. */
export async function followCommand(shell: Shell, id: string, flags: NodeFlags): Promise<number> {
  const client = await clientOf(shell, flags);
  const wanted = await runNamed(client, id);
  const proposal = wanted?.proposal ?? id;
  const first = await look(client, proposal, wanted?.runId);
  // Of a schedule the next run is wanted, not one that was over before.
  const past = first.run?.endedAt === null || isOver(first) || wanted !== undefined ? undefined : first.run;
  let said = '';
  for (let seen = first; ; seen = await look(client, proposal, wanted?.runId)) {
    const run = seen.run?.runId === past?.runId ? undefined : seen.run;
    const words = wordsOf({ ...seen, run });
    if (words !== said) say(shell, flags, seen.proposal.id, run, words);
    said = words;
    if (run !== undefined && run.endedAt !== null && (wanted !== undefined || isDone(seen)))
      return end(shell, flags, client, run);
    if (isOver(seen) && run === undefined) return failureCodes.POLICY_DENIED.exit;
    const [refused] = seen.proposal.notTaken;
    if (refused !== undefined && seen.proposal.state === 'proposed') return exitOf(refused.code);
    await setTimeout(LOOK_MS);
  }
}

async function runNamed(client: NodeClient, id: string): Promise<RunView | undefined> {
  if (!/-\d+-\d+$/.test(id) && !/^[0-9a-f]{32}$/.test(id)) return undefined;
  return client.get<RunView>(`/runs/${encodeURIComponent(id)}`);
}

async function look(client: NodeClient, id: string, runId: string | undefined): Promise<Seen> {
  const proposal = await client.get<ProposalView>(`/proposals/${encodeURIComponent(id)}`);
  if (runId !== undefined)
    return { proposal, run: await client.get<RunView>(`/runs/${encodeURIComponent(runId)}`) };
  const { rows } = await client.get<{ readonly rows: readonly RunView[] }>('/runs', {
    proposal: proposal.id,
    limit: RUNS_LOOKED_AT,
  });
  return { proposal, run: rows[0] };
}

const isOver = ({ proposal }: Seen): boolean =>
  proposal.state !== 'proposed' && proposal.state !== 'approved';

/** Whether the run that has ended is the one that was waited for; another attempt may come. */
const isDone = (seen: Seen): boolean =>
  isOver(seen) ||
  seen.run === undefined ||
  seen.proposal.next === null ||
  seen.proposal.next.occurrence !== seen.run.occurrence;

function wordsOf({ proposal, run }: Seen): string {
  if (run !== undefined && run.endedAt !== null) {
    const took = run.startedAt === null ? '' : ` after ${duration(run.endedAt - run.startedAt)}`;
    const why = run.code === null ? '' : `: ${run.code}${run.origin === null ? '' : ` at ${run.origin}`}`;
    return `${run.runId} ${run.state}${took}${why}`;
  }
  if (run !== undefined) return `${run.runId} ${run.state === 'running' ? 'runs' : `is ${run.state}`}`;
  if (proposal.state === 'proposed') {
    const refused = proposal.notTaken.map(notTakenText);
    if (refused.length > 0) return `${refused.join('; ')}; propose it again`;
    const waits = proposal.document.parties.filter(
      (party) => !proposal.decisions.some((decision) => decision.party === party),
    );
    return `waits for the decision of ${waits.join(' and ')}`;
  }
  if (proposal.state !== 'approved') return `is ${proposal.state}: nothing runs`;
  const { next } = proposal;
  if (proposal.document.schedule !== undefined && next !== null)
    return `approved by all; run ${next.occurrence} is due ${momentText(next.dueAt)}`;
  return 'approved by all; waits for its turn at every party';
}

function say(
  shell: Shell,
  flags: NodeFlags,
  proposal: string,
  run: RunView | undefined,
  words: string,
): void {
  if (flags.json) {
    const state = run?.state ?? null;
    shell.out.write(jsonLine({ proposal, run: run?.runId ?? null, state, code: run?.code ?? null, words }));
  } else shell.out.write(`${printable(words)}\n`);
}

async function end(shell: Shell, flags: NodeFlags, client: NodeClient, run: RunView): Promise<number> {
  const style = createStyle(shell.colour.out);
  if (run.state === 'completed') {
    const result = await resultOf(client, run.runId);
    if (flags.json)
      shell.out.write(jsonLine({ proposal: run.proposal, run: run.runId, result: result ?? null }));
    else if (result !== undefined)
      shell.out.write(`\n${[style.bold('Result'), ...valueText(result, '  ')].join('\n')}\n`);
    return 0;
  }
  if (!flags.json)
    shell.out.write(
      `  to do  privity runs show ${printable(run.runId)} --config ${printable(flags.config)}: what failed, where, why\n`,
    );
  return exitOf(run.code);
}

async function resultOf(client: NodeClient, runId: string): Promise<unknown> {
  try {
    return (await client.get<{ readonly value: unknown }>(`/runs/${encodeURIComponent(runId)}/result`)).value;
  } catch (error) {
    if (error instanceof PrivityError && error.code === 'PRIVITY_RUN_NO_RESULT') return undefined;
    throw error;
  }
}

/** Of a failure code, or of an error that kept a run from beginning. */
function exitOf(code: string | null): number {
  if (code !== null && isFailureCode(code)) return failureCodes[code].exit;
  const entries: Readonly<Record<string, { readonly failure: keyof typeof failureCodes } | undefined>> =
    errorCatalogue;
  return failureCodes[entries[code ?? '']?.failure ?? 'INTERNAL'].exit;
}
