/** `privity proposals rehearse`: the job of a proposal, in a sandbox of the own node, before anybody approves it. */
import { resolve } from 'node:path';
import { UsageError } from '../../base/errors.ts';
import { readSchemaFile } from '../../config/schema-file.ts';
import type { RehearsedView } from '../../node/client/answers.ts';
import { parseWhole } from '../arguments.ts';
import { printable } from '../output/printable.ts';
import { count, duration } from '../output/quantity.ts';
import { createStyle, type Style } from '../output/style.ts';
import type { Shell } from '../shell.ts';
import { clientOf, type NodeFlags, show } from './ask.ts';

export interface RehearseFlags extends NodeFlags {
  readonly schema?: string;
  readonly rows?: string;
  readonly seeds?: string;
}

/** Resolves to the exit code. @throws {UsageError} PRIVITY_CONTRACT_EXCEEDED, and what the node answers */
export async function rehearseCommand(shell: Shell, id: string, flags: RehearseFlags): Promise<number> {
  const { schema, rows, seeds } = flags;
  const body = {
    ...(schema === undefined ? {} : { schemas: await readSchemaFile(resolve(shell.cwd, schema)) }),
    ...(rows === undefined ? {} : { rows: rows.split(',').map((one) => parseWhole('--rows', one.trim())) }),
    ...(seeds === undefined ? {} : { seeds: parseWhole('--seeds', seeds) }),
  };
  const client = await clientOf(shell, flags);
  const answer = await client.proposals.rehearse(id, body);
  show(shell, flags, answer, (found) => rehearsedText(found, createStyle(shell.colour.out)));
  if (answer.outcome === 'unknown')
    throw new UsageError(
      'PRIVITY_CONTRACT_NOT_REHEARSED',
      `none of ${count(answer.runs, 'run')} came to its end, so nothing is known of what the job of ${id} discloses: give tables that fit it (--schema, --rows), or ask its proposer`,
    );
  if (answer.more.length === 0) return 0;
  throw new UsageError(
    'PRIVITY_CONTRACT_EXCEEDED',
    `the contract of ${id} does not allow ${answer.more.length} of what its job would disclose`,
  );
}

function rehearsedText(
  { outcome, more, less, warnings, tried, rows, runs, completed, tookMs }: RehearsedView,
  style: Style,
): string {
  const lines = (words: readonly string[]): readonly string[] => words.map((one) => `- ${printable(one)}`);
  const ends = completed === runs ? '' : `, of which ${completed} came to the end,`;
  const how = `rehearsed ${count(runs, 'time')}${ends} on made-up tables of ${rows.join(', ')} rows, in a sandbox, in ${duration(tookMs)}`;
  const found = {
    same: `${style.green('✔')} it discloses what its contract says`,
    less: `${style.green('✔')} it discloses nothing beyond its contract`,
    more: `${style.red('✖')} it discloses what its contract does not allow`,
    unknown: `${style.red('✖')} what it discloses is not known`,
  }[outcome];
  const said = [
    ...warnings.map((text) => `${style.yellow('!')} ${printable(text)}`),
    ...tried.map(
      (what) => `${style.yellow('!')} its code tried ${printable(what)}, which the sandbox refused`,
    ),
    ...(less.length === 0 ? [] : ['The contract allows, and the rehearsal did not show:', ...lines(less)]),
    ...(more.length === 0
      ? []
      : ['The job would disclose, and the contract does not allow:', ...lines(more)]),
    `${found} (${how})`,
  ];
  return `${said.join('\n')}\n`;
}
