/** `privity runs follow`: what becomes of a proposal or a run, as it happens, to its end. */
import { errorCatalogue } from '../../base/error-catalogue.ts';
import { failureCodes, isFailureCode } from '../../base/failure-codes.ts';
import { jsonLine } from '../../base/steering.ts';
import type { Followed, RunRow } from '../../node/client/answers.ts';
import type { NodeClient } from '../../node/client/client.ts';
import { printable } from '../output/printable.ts';
import { duration, momentText } from '../output/quantity.ts';
import { createStyle } from '../output/style.ts';
import { valueText } from '../output/value-text.ts';
import type { Shell } from '../shell.ts';
import { clientOf, type NodeFlags } from './ask.ts';
import { notTakenText } from './node-text.ts';

/** Resolves to the exit code: that of the run, as `privity run` has it. */
export async function followCommand(shell: Shell, id: string, flags: NodeFlags): Promise<number> {
  const client = await clientOf(shell, flags);
  let said = '';
  for await (const { proposal, run, isOver } of client.follow(id)) {
    const words = wordsOf({ proposal, run });
    if (words !== said) say(shell, flags, proposal.id, run, words);
    said = words;
    const [refused] = proposal.notTaken;
    if (refused !== undefined && proposal.state === 'proposed') return exitOf(refused.code);
    if (isOver) return run === null ? failureCodes.POLICY_DENIED.exit : end(shell, flags, client, run);
  }
  return failureCodes.INTERNAL.exit;
}

function wordsOf({ proposal, run }: Omit<Followed, 'isOver'>): string {
  if (run !== null && run.endedAt !== null) {
    const took = run.startedAt === null ? '' : ` after ${duration(run.endedAt - run.startedAt)}`;
    const why = run.code === null ? '' : `: ${run.code}${run.origin === null ? '' : ` at ${run.origin}`}`;
    return `${run.runId} ${run.state}${took}${why}`;
  }
  if (run !== null) return `${run.runId} ${run.state === 'running' ? 'runs' : `is ${run.state}`}`;
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

function say(shell: Shell, flags: NodeFlags, proposal: string, run: RunRow | null, words: string): void {
  if (flags.json) {
    const state = run?.state ?? null;
    shell.out.write(jsonLine({ proposal, run: run?.runId ?? null, state, code: run?.code ?? null, words }));
  } else shell.out.write(`${printable(words)}\n`);
}

async function end(shell: Shell, flags: NodeFlags, client: NodeClient, run: RunRow): Promise<number> {
  const style = createStyle(shell.colour.out);
  if (run.state === 'completed') {
    const result = await client.runs.result(run.runId);
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

/** Of a failure code, or of an error that kept a run from beginning. */
function exitOf(code: string | null): number {
  if (code !== null && isFailureCode(code)) return failureCodes[code].exit;
  const entries: Readonly<Record<string, { readonly failure: keyof typeof failureCodes } | undefined>> =
    errorCatalogue;
  return failureCodes[entries[code ?? '']?.failure ?? 'INTERNAL'].exit;
}
