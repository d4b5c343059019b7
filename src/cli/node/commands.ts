/** Commands that ask a node and print what it answers. */
import { resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { parse } from 'yaml';
import { PrivityError, UsageError } from '../../base/errors.ts';
import { jsonLine } from '../../base/steering.ts';
import { readTextFile } from '../../config/yaml-file.ts';
import { isTableFile } from '../../data/index.ts';
import type { Purged } from '../../node/core/history.ts';
import type { AuditEntry } from '../../node/model/records.ts';
import { parseAge, parseWhole } from '../arguments.ts';
import { printable } from '../output/printable.ts';
import { count } from '../output/quantity.ts';
import { createStyle, type Style } from '../output/style.ts';
import { writeOutput } from '../output-file.ts';
import type { Shell } from '../shell.ts';
import { clientOf, type NodeFlags, show } from './ask.ts';
import * as text from './node-text.ts';

const styleOf = (shell: Shell): Style => createStyle(shell.colour.out);

type Rows = { readonly rows: readonly never[] };
type Listing = { readonly path: string; readonly text: (answer: Rows, style: Style, now: number) => string };

/** What `list` of each noun asks for, and prints. */
const LISTS = {
  partners: { path: '/partners', text: (answer, style) => text.partnersText(answer, style) },
  datasets: { path: '/datasets', text: (answer, style) => text.datasetsText(answer, style) },
  grants: { path: '/grants', text: (answer, style, now) => text.grantsText(answer, now, style) },
  rules: { path: '/rules', text: (answer, style, now) => text.rulesText(answer, now, style) },
  schedules: { path: '/schedules', text: (answer, style) => text.schedulesText(answer, style) },
  tokens: { path: '/tokens', text: (answer, style, now) => text.tokensText(answer, now, style) },
} satisfies Readonly<Record<string, Listing>>;

export async function listOf(shell: Shell, what: keyof typeof LISTS, flags: NodeFlags): Promise<number> {
  const listing: Listing = LISTS[what];
  const answer = await (await clientOf(shell, flags)).get<Rows>(listing.path);
  return show(shell, flags, answer, (found) => listing.text(found, styleOf(shell), shell.clock.wallTime()));
}

export interface PageFlags extends NodeFlags {
  readonly state?: string;
  readonly proposal?: string;
  readonly before?: string;
  readonly limit?: string;
}

const pageOf = ({ state, proposal, before, limit }: PageFlags) => ({ state, proposal, before, limit });

interface Page {
  readonly rows: readonly never[];
  readonly next: number | null;
}

const more = (next: number | null): string => (next === null ? '' : `more: --before ${next}\n`);

/** Between two looks at whether something has come. */
const LOOK_MS = 300;

export async function proposalsCommand(
  shell: Shell,
  flags: PageFlags & { readonly wait?: string },
): Promise<number> {
  const client = await clientOf(shell, flags);
  const until = shell.clock.now() + (flags.wait === undefined ? 0 : parseAge('--wait', flags.wait));
  let answer = await client.get<Page>('/proposals', pageOf(flags));
  while (answer.rows.length === 0 && shell.clock.now() < until) {
    await setTimeout(LOOK_MS);
    answer = await client.get<Page>('/proposals', pageOf(flags));
  }
  return show(shell, flags, answer, (found) => text.proposalsText(found, styleOf(shell)) + more(found.next));
}

export async function proposalCommand(shell: Shell, id: string, flags: NodeFlags): Promise<number> {
  const answer = await (await clientOf(shell, flags)).get<Parameters<typeof text.proposalText>[0]>(
    `/proposals/${encodeURIComponent(id)}`,
  );
  return show(shell, flags, answer, (found) => text.proposalText(found, styleOf(shell)));
}

export async function answerCommand(
  shell: Shell,
  verb: 'approve' | 'refuse' | 'withdraw',
  id: string,
  flags: NodeFlags & { readonly reason?: string },
): Promise<number> {
  const client = await clientOf(shell, flags);
  await client.post(`/proposals/${encodeURIComponent(id)}/${verb}`, { reason: flags.reason ?? '' });
  const said = { approve: 'approved', refuse: 'refused', withdraw: 'withdrawn' }[verb];
  return show(shell, flags, { id, said }, () => `${styleOf(shell).green('✔')} ${said}\n`);
}

/** A run without a record: one that did not begin, or of which the files are gone. */
export async function showNotBegun(shell: Shell, run: string, flags: NodeFlags): Promise<number | undefined> {
  const client = await clientOf(shell, flags);
  try {
    const answer = await client.get<Parameters<typeof text.runWithoutRecordText>[0]>(
      `/runs/${encodeURIComponent(run)}`,
    );
    return show(shell, flags, answer, text.runWithoutRecordText);
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
  const answer = await (await clientOf(shell, flags)).post<Parameters<typeof text.datasetText>[0]>(
    '/datasets',
    body,
  );
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
  const answer = await (await clientOf(shell, flags)).get<Parameters<typeof text.datasetText>[0]>(
    `/datasets/${encodeURIComponent(name)}`,
  );
  return show(shell, flags, answer, text.datasetText);
}

/** Removes or revokes a thing by its name. */
export async function deleteCommand(
  shell: Shell,
  path: string,
  name: string,
  word: string,
  flags: NodeFlags,
): Promise<number> {
  await (await clientOf(shell, flags)).delete(`${path}/${encodeURIComponent(name)}`);
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
    ...(flags.runs === undefined ? {} : { usesMax: parseWhole('--runs', flags.runs) }),
    changedRowsMin: parseWhole('--changed-rows', flags.changedRows),
    refusalsMax: parseWhole('--refusals', flags.refusals),
    until: shell.clock.wallTime() + parseAge('--for', flags.for),
  };
  const answer = await (await clientOf(shell, flags)).post<never>('/grants', body);
  return show(shell, flags, answer, (grant) =>
    text.grantsText({ rows: [grant] }, shell.clock.wallTime(), styleOf(shell)),
  );
}

export async function grantCommand(shell: Shell, id: string, flags: NodeFlags): Promise<number> {
  const answer = await (await clientOf(shell, flags)).get<never>(`/grants/${encodeURIComponent(id)}`);
  return show(shell, flags, answer, (grant) => text.grantText(grant, shell.clock.wallTime()));
}

export async function runsCommand(shell: Shell, flags: PageFlags): Promise<number> {
  const answer = await (await clientOf(shell, flags)).get<Page>('/runs', pageOf(flags));
  return show(shell, flags, answer, (found) => text.runRowsText(found, styleOf(shell)) + more(found.next));
}

export async function stopRunCommand(shell: Shell, id: string, flags: NodeFlags): Promise<number> {
  await (await clientOf(shell, flags)).post(`/runs/${encodeURIComponent(id)}/stop`);
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
    const portion = await client.post<Purged>('/runs/purge', rule);
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
  const evidence = await (await clientOf(shell, flags)).get<object>(
    `/runs/${encodeURIComponent(id)}/evidence`,
  );
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
  const answer = await (await clientOf(shell, flags)).get<{ readonly rows: readonly AuditEntry[] }>(
    '/audit',
    { about, limit },
  );
  return show(shell, flags, answer, ({ rows }) =>
    text.auditText({ rows: rows.map((row) => ({ ...row, detail: { ...row.detail } })) }, styleOf(shell)),
  );
}

export async function verifyAuditCommand(shell: Shell, flags: NodeFlags): Promise<number> {
  const answer = await (await clientOf(shell, flags)).get<{
    readonly isIntact: boolean;
    readonly says: string;
  }>('/audit/verify');
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
    const { rows } = await client.get<{ readonly rows: readonly AuditEntry[] }>('/audit', {
      after,
      limit: EXPORT_PAGE,
    });
    for (const row of rows) shell.out.write(jsonLine(row));
    after = rows.at(-1)?.seq ?? after;
    if (rows.length < EXPORT_PAGE) return 0;
  }
}

export interface AddTokenFlags extends NodeFlags {
  readonly role: string;
  readonly for: string;
  readonly out?: string;
}

export async function addTokenCommand(shell: Shell, name: string, flags: AddTokenFlags): Promise<number> {
  const body = { name, role: flags.role, validMs: parseAge('--for', flags.for) };
  const answer = await (await clientOf(shell, flags)).post<{
    readonly token: { readonly id: string };
    readonly text: string;
  }>('/tokens', body);
  if (flags.out === undefined) return show(shell, flags, answer, (made) => `${made.text}\n`);
  await writeOutput(resolve(shell.cwd, flags.out), `${answer.text}\n`, 0o600, false);
  return show(
    shell,
    flags,
    { id: answer.token.id, file: flags.out },
    () => `${styleOf(shell).green('✔')} ${printable(flags.out ?? '')}, for ${name} (${flags.role})\n`,
  );
}
