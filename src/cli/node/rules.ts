/** `privity rules`: what a person has decided about proposals to come. */
import { UsageError } from '../../base/errors.ts';
import type { Answer } from '../../node/model/proposal.ts';
import { parseAge, parseCount } from '../arguments.ts';
import { createStyle } from '../output/style.ts';
import type { Shell } from '../shell.ts';
import { clientOf, type NodeFlags, show } from './ask.ts';
import { ruleLines } from './node-text.ts';

export interface AddRuleFlags extends NodeFlags {
  readonly like?: string;
  readonly within?: string;
  readonly partner?: string;
  readonly purpose?: string;
  readonly datasets?: string;
  readonly contract?: string;
  readonly files?: string;
  readonly runs?: string;
  readonly times?: string;
  readonly for: string;
  readonly reason?: string;
}

const ANSWERS: Readonly<Record<string, Answer>> = { approve: 'approved', refuse: 'refused' };

export async function addRuleCommand(shell: Shell, verb: string, flags: AddRuleFlags): Promise<number> {
  const answer = ANSWERS[verb];
  if (answer === undefined)
    throw new UsageError('PRIVITY_COMMAND_LINE', `rules add ${verb}: expected approve or refuse`);
  const { like, within, partner, purpose, contract, files, reason, datasets, runs, times } = flags;
  const body = {
    answer,
    // JSON leaves out what is not given.
    ...{ like, within, partner, purpose, contract, files, reason },
    ...(datasets === undefined ? {} : { datasets: datasets.split(',').map((name) => name.trim()) }),
    ...(runs === undefined ? {} : { runsMax: parseCount('--runs', runs) }),
    ...(times === undefined ? {} : { timesMax: parseCount('--times', times) }),
    until: shell.clock.wallTime() + parseAge('--for', flags.for),
  };
  return show(shell, flags, await (await clientOf(shell, flags)).rules.add(body), (rule) =>
    ruleLines(rule, createStyle(shell.colour.out)),
  );
}

export async function ruleCommand(shell: Shell, id: string, flags: NodeFlags): Promise<number> {
  const answer = await (await clientOf(shell, flags)).rules.show(id);
  return show(shell, flags, answer, (rule) => ruleLines(rule, createStyle(shell.colour.out)));
}
