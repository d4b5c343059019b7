/** Commands that ask a node and print what it answers. */
import { resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { parse } from 'yaml';
import { PrivityError, UsageError } from '../../base/errors.ts';
import { ignored } from '../../base/ignored.ts';
import { jsonLine } from '../../base/steering.ts';
import { readTextFile } from '../../config/yaml-file.ts';
import { isTableFile } from '../../data/index.ts';
import type { MadeToken } from '../../node/client/answers.ts';
import type { NodeClient } from '../../node/client/client.ts';
import type { ProposalState, Role, RunState } from '../../node/model/records.ts';
import { parseAge, parseCount, parseWhole } from '../arguments.ts';
import { printable } from '../output/printable.ts';
import { count } from '../output/quantity.ts';
import { createStyle, type Style } from '../output/style.ts';
import { checkOutput, writeOutput } from '../output-file.ts';
import type { Shell } from '../shell.ts';
import { clientOf, type NodeFlags, show } from './ask.ts';
import * as text from './node-text.ts';

const styleOf = (shell: Shell): Style => createStyle(shell.colour.out);

/** What `list` of each noun asks for, and prints. */
const LISTS = {
  partners: async (node, style) => told(await node.partners(), (rows) => text.partnersText(rows, style)),
  datasets: async (node, style) => told(await node.datasets.list(), (rows) => text.datasetsText(rows, style)),
  grants: async (node, style, now) =>
    told(await node.grants.list(), (rows) => text.grantsText(rows, now, style)),
  rules: async (node, style, now) =>
    told(await node.rules.list(), (rows) => text.rulesText(rows, now, style)),
  schedules: async (node, style) => told(await node.schedules(), (rows) => text.schedulesText(rows, style)),
  tokens: async (node, style, now) =>
    told(await node.tokens.list(), (rows) => text.tokensText(rows, now, style)),
} satisfies Readonly<Record<string, (node: NodeClient, style: Style, now: number) => Promise<Told>>>;

interface Told {
  readonly answer: object;
  text(): string;
}

const told = <T extends object>(answer: T, words: (answer: T) => string): Told => ({
  answer,
  text: () => words(answer),
});

export async function listOf(shell: Shell, what: keyof typeof LISTS, flags: NodeFlags): Promise<number> {
  const ask: (node: NodeClient, style: Style, now: number) => Promise<Told> = LISTS[what];
  const found = await ask(await clientOf(shell, flags), styleOf(shell), shell.clock.wallTime());
  return show(shell, flags, found.answer, () => found.text());
}

export interface PageFlags extends NodeFlags {
  readonly state?: string;
  readonly proposal?: string;
  readonly before?: string;
  readonly limit?: string;
}

/** Which states there are, the node says. */
const pageOf = <State extends string>({ state, proposal, before, limit }: PageFlags) => ({
  state: state as State | undefined,
  proposal,
  before: before === undefined ? undefined : parseWhole('--before', before),
  limit: limit === undefined ? undefined : parseWhole('--limit', limit),
});

const more = (next: number | null): string => (next === null ? '' : `more: --before ${next}\n`);

/** Between two looks at whether something has come. */
const LOOK_MS = 300;

export async function proposalsCommand(
  shell: Shell,
  flags: PageFlags & { readonly wait?: string },
): Promise<number> {
  const client = await clientOf(shell, flags);
  const until = shell.clock.now() + (flags.wait === undefined ? 0 : parseAge('--wait', flags.wait));
  let answer = await client.proposals.list(pageOf<ProposalState>(flags));
  while (answer.rows.length === 0 && shell.clock.now() < until) {
    await setTimeout(LOOK_MS);
    answer = await client.proposals.list(pageOf<ProposalState>(flags));
  }
  return show(shell, flags, answer, (found) => text.proposalsText(found, styleOf(shell)) + more(found.next));
}

export async function proposalCommand(shell: Shell, id: string, flags: NodeFlags): Promise<number> {
  const answer = await (await clientOf(shell, flags)).proposals.show(id);
  return show(shell, flags, answer, (found) => text.proposalText(found, styleOf(shell)));
}

export async function answerCommand(
  shell: Shell,
  verb: 'approve' | 'refuse' | 'withdraw',
  id: string,
  flags: NodeFlags & { readonly reason?: string },
): Promise<number> {
  const client = await clientOf(shell, flags);
  await client.proposals[verb](id, flags.reason);
  const said = { approve: 'approved', refuse: 'refused', withdraw: 'withdrawn' }[verb];
  return show(shell, flags, { id, said }, () => `${styleOf(shell).green('✔')} ${said}\n`);
}

/** A run without a record: one that did not begin, or of which the files are gone. */
export async function showNotBegun(shell: Shell, run: string, flags: NodeFlags): Promise<number | undefined> {
  const client = await clientOf(shell, flags);
  try {
    return show(shell, flags, await client.runs.show(run), text.runWithoutRecordText);
  } catch (error) {
    if (error instanceof PrivityError && error.code === 'PRIVITY_RUN_UNKNOWN') return undefined;
    throw error;
  }
}

export interface AddDatasetFlags extends NodeFlags {
  readonly owner?: string;
  readonly description?: string;
  readonly publish?: string;
}

/** A file or folder by its path, any other source by a YAML file that describes it. */
export async function addDatasetCommand(
  shell: Shell,
  name: string,
  source: string,
  flags: AddDatasetFlags,
): Promise<number> {
  const body = {
    name,
    source: await sourceOf(shell, source),
    ...(flags.owner === undefined ? {} : { owner: flags.owner }),
    ...(flags.description === undefined ? {} : { description: flags.description }),
    ...(flags.publish === undefined ? {} : { publish: await yamlOf(shell, flags.publish) }),
  };
  const answer = await (await clientOf(shell, flags)).datasets.add(body);
  return show(shell, flags, answer, text.datasetText);
}

async function sourceOf(shell: Shell, source: string): Promise<unknown> {
  const path = resolve(shell.cwd, source);
  if (/\.ya?ml$/.test(source)) return yamlOf(shell, source);
  return isTableFile(path) ? { kind: 'file', path } : { kind: 'folder', path };
}

async function yamlOf(shell: Shell, file: string): Promise<unknown> {
  const path = resolve(shell.cwd, file);
  const words = await readTextFile(path, 'description');
  try {
    return parse(words);
  } catch (cause) {
    throw new UsageError('PRIVITY_CONFIG_SYNTAX', `${file}: not valid YAML`, { cause });
  }
}

export async function datasetCommand(shell: Shell, name: string, flags: NodeFlags): Promise<number> {
  const answer = await (await clientOf(shell, flags)).datasets.show(name);
  return show(shell, flags, answer, text.datasetText);
}

const DELETES = {
  datasets: { word: 'removed', ask: (node, name) => node.datasets.remove(name) },
  grants: { word: 'revoked', ask: (node, name) => node.grants.revoke(name) },
  rules: { word: 'removed', ask: (node, name) => node.rules.remove(name) },
  tokens: { word: 'revoked', ask: (node, name) => node.tokens.revoke(name) },
} satisfies Readonly<
  Record<string, { word: string; ask: (node: NodeClient, name: string) => Promise<unknown> }>
>;

/** Removes or revokes a thing by its name. */
export async function deleteCommand(
  shell: Shell,
  what: keyof typeof DELETES,
  name: string,
  flags: NodeFlags,
): Promise<number> {
  const { word, ask } = DELETES[what];
  await ask(await clientOf(shell, flags), name);
  return show(
    shell,
    flags,
    { name, [word]: true },
    () => `${styleOf(shell).green('✔')} ${printable(name)} ${word}\n`,
  );
}

export interface AddGrantFlags extends NodeFlags {
  readonly dataset: string;
  readonly partner: string;
  readonly purpose: string;
  readonly columns?: string;
  readonly rows?: string;
  readonly minimumRows: string;
  readonly runs?: string;
  readonly changedRows: string;
  readonly refusals: string;
  readonly for: string;
}

export async function addGrantCommand(shell: Shell, flags: AddGrantFlags): Promise<number> {
  const body = {
    dataset: flags.dataset,
    partner: flags.partner,
    purpose: flags.purpose,
    ...(flags.columns === undefined ? {} : { columns: flags.columns.split(',').map((name) => name.trim()) }),
    ...(flags.rows === undefined ? {} : { rows: flags.rows }),
    minimumRows: parseWhole('--minimum-rows', flags.minimumRows),
    ...(flags.runs === undefined ? {} : { usesMax: parseCount('--runs', flags.runs) }),
    changedRowsMin: parseWhole('--changed-rows', flags.changedRows),
    refusalsMax: parseWhole('--refusals', flags.refusals),
    until: shell.clock.wallTime() + parseAge('--for', flags.for),
  };
  const answer = await (await clientOf(shell, flags)).grants.add(body);
  return show(shell, flags, answer, (grant) =>
    text.grantsText({ rows: [grant] }, shell.clock.wallTime(), styleOf(shell)),
  );
}

export async function grantCommand(shell: Shell, id: string, flags: NodeFlags): Promise<number> {
  const answer = await (await clientOf(shell, flags)).grants.show(id);
  return show(shell, flags, answer, (grant) => text.grantText(grant, shell.clock.wallTime()));
}

export async function runsCommand(shell: Shell, flags: PageFlags): Promise<number> {
  const answer = await (await clientOf(shell, flags)).runs.list(pageOf<RunState>(flags));
  return show(shell, flags, answer, (found) => text.runRowsText(found, styleOf(shell)) + more(found.next));
}

export async function stopRunCommand(shell: Shell, id: string, flags: NodeFlags): Promise<number> {
  await (await clientOf(shell, flags)).runs.stop(id);
  return show(shell, flags, { id, stopping: true }, () => 'the run is cancelled for all parties\n');
}

export interface PurgeNodeFlags extends NodeFlags {
  readonly olderThan?: string;
  readonly keep?: string;
  readonly all?: boolean;
}

/** Portion by portion, so that the node decides and starts meanwhile. */
export async function purgeNodeCommand(shell: Shell, flags: PurgeNodeFlags): Promise<number> {
  const { olderThan, keep, all } = flags;
  if ([olderThan, keep, all].filter((flag) => flag !== undefined).length !== 1)
    throw new UsageError(
      'PRIVITY_COMMAND_LINE',
      'runs purge --config: give one of --older-than, --keep and --all',
    );
  const rule =
    olderThan === undefined
      ? { keep: keep === undefined ? 0 : parseWhole('--keep', keep) }
      : { endedBefore: shell.clock.wallTime() - parseAge('--older-than', olderThan) };
  const client = await clientOf(shell, flags);
  const removed: string[] = [];
  let jobs = 0;
  for (let more = true; more; ) {
    const portion = await client.runs.purge(rule);
    removed.push(...portion.runs);
    jobs += portion.jobs;
    more = portion.more;
    if (more) shell.err.write(`${count(removed.length, 'run')} removed so far\n`);
  }
  return show(
    shell,
    flags,
    { runs: removed, jobs },
    () => `${count(removed.length, 'run')} and ${count(jobs, 'packed job')} removed\n`,
  );
}

export async function evidenceCommand(
  shell: Shell,
  id: string,
  flags: NodeFlags & { readonly out?: string; readonly force?: boolean },
): Promise<number> {
  const evidence = await (await clientOf(shell, flags)).runs.evidence(id);
  if (flags.out === undefined) {
    shell.out.write(jsonLine(evidence));
    return 0;
  }
  const file = resolve(shell.cwd, flags.out);
  await writeOutput(file, jsonLine(evidence), 0o600, flags.force === true);
  return show(
    shell,
    flags,
    { file },
    () =>
      `${styleOf(shell).green('✔')} ${printable(flags.out ?? '')}\n  to do  anybody with the federation file: privity evidence verify ${printable(flags.out ?? '')} --federation federation.yaml\n`,
  );
}

export interface AuditFlags extends NodeFlags {
  readonly about?: string;
  readonly limit?: string;
}

export async function auditCommand(shell: Shell, flags: AuditFlags): Promise<number> {
  const { about, limit } = flags;
  const answer = await (await clientOf(shell, flags)).audit.list({
    about,
    limit: limit === undefined ? undefined : parseWhole('--limit', limit),
  });
  return show(shell, flags, answer, (found) => text.auditText(found, styleOf(shell)));
}

export async function verifyAuditCommand(shell: Shell, flags: NodeFlags): Promise<number> {
  const answer = await (await clientOf(shell, flags)).audit.verify();
  show(
    shell,
    flags,
    answer,
    ({ isIntact, says }) => `${isIntact ? styleOf(shell).green('✔') : styleOf(shell).red('✖')} ${says}\n`,
  );
  return answer.isIntact ? 0 : 1;
}

/** Lines a page of the export has. */
const EXPORT_PAGE = 1_000;

/** The whole audit log as JSON lines. */
export async function exportAuditCommand(shell: Shell, flags: NodeFlags): Promise<number> {
  const client = await clientOf(shell, flags);
  for (let after = 0; ; ) {
    const { rows } = await client.audit.list({ after, limit: EXPORT_PAGE });
    for (const row of rows) shell.out.write(jsonLine(row));
    after = rows.at(-1)?.seq ?? after;
    if (rows.length < EXPORT_PAGE) return 0;
  }
}

export interface AddTokenFlags extends NodeFlags {
  readonly role: Role;
  readonly for: string;
  readonly out?: string;
}

export async function addTokenCommand(shell: Shell, name: string, flags: AddTokenFlags): Promise<number> {
  const asked = { name, role: flags.role, validMs: parseAge('--for', flags.for) };
  const file = flags.out === undefined ? undefined : resolve(shell.cwd, flags.out);
  if (file !== undefined) await checkOutput(file, false);
  const node = await clientOf(shell, flags);
  const answer = await node.tokens.add(asked);
  if (file === undefined) return show(shell, flags, answer, (made) => `${made.text}\n`);
  await writeToken(node, answer, file);
  return show(
    shell,
    flags,
    { id: answer.token.id, file: flags.out },
    () => `${styleOf(shell).green('✔')} ${printable(flags.out ?? '')}, for ${name} (${flags.role})\n`,
  );
}

/** A token whose text nobody has must not stay valid. */
async function writeToken(node: NodeClient, made: MadeToken, file: string): Promise<void> {
  const { id } = made.token;
  try {
    await writeOutput(file, `${made.text}\n`, 0o600, false);
  } catch (cause) {
    const revoked = await ignored(node.tokens.revoke(id), 'who has to do it instead is told below');
    if (!(cause instanceof PrivityError)) throw cause;
    const words =
      revoked === undefined
        ? `the token ${id} is made and could not be revoked: privity tokens revoke ${id}`
        : `the token ${id} is revoked again`;
    throw new PrivityError(cause.code, `${cause.message}; ${words}`, { cause });
  }
}
