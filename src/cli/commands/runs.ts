import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UsageError } from '../../base/errors.ts';
import { ignored } from '../../base/ignored.ts';
import { jsonLine, steeringEscaped } from '../../base/steering.ts';
import {
  DAY_MS,
  DEFAULT_RECORD_BOUNDS,
  parseRecordSetting,
  recordBounds,
} from '../../config/record-bounds.ts';
import type { RunReport } from '../../observe/report.ts';
import {
  BUNDLE_LINES_MAX,
  type BundledParty,
  bundledParty,
  bundleOf,
  publicLine,
} from '../../record/bundle.ts';
import { type FoundRun, findRun } from '../../record/find-run.ts';
import { choose, isRunning, type PurgeRule, removeRun } from '../../record/purge.ts';
import { eventIn, type FailureEvent, logLines, mergedLines } from '../../record/read-log.ts';
import { LOG_FILE, REPORT_FILE, RESULT_FILE } from '../../record/record-file.ts';
import type { StoredParty, StoredRun } from '../../record/stored-run.ts';
import { completeKilled, readRuns } from '../../record/stored-runs.ts';
import { parseAge, parseWhole } from '../arguments.ts';
import { printable } from '../output/printable.ts';
import { count, size } from '../output/quantity.ts';
import { RunBoard } from '../output/run-board.ts';
import { createLogText, runsTable, runText, stateText } from '../output/runs-text.ts';
import { createStyle } from '../output/style.ts';
import { writeOutput } from '../output-file.ts';
import type { Shell } from '../shell.ts';

export interface ShowFlags {
  readonly config?: string;
  readonly bundle?: string;
  readonly json?: boolean;
}

export interface LogsFlags {
  readonly config?: string;
  readonly party?: string;
  readonly json?: boolean;
}

export interface PurgeFlags {
  readonly olderThan?: string;
  readonly keep?: string;
  readonly all?: boolean;
  readonly json?: boolean;
}

/** Text that is given to standard output before it is waited for: a log may be far longer than what a pipe holds. */
const FLUSH_CHARS = 256 * 1024;
/** How long a reader of a log may take to go on reading: somebody pages through it. */
const READER_TIMEOUT_MS = 3_600_000;

/** All runs of which there is a record, with what was killed told as killed. */
async function storedRuns(shell: Shell): Promise<readonly StoredRun[]> {
  const { folder } = shell.records;
  if (folder === undefined) return [];
  const now = shell.clock.wallTime();
  const found = await readRuns(folder, now);
  return (await completeKilled(found, now)) ? readRuns(folder, now) : found;
}

/** `privity runs list`. Resolves to the exit code. */
export async function listCommand(shell: Shell, flags: { readonly json?: boolean }): Promise<number> {
  const runs = await storedRuns(shell);
  if (flags.json)
    shell.out.write(jsonLine({ folder: shell.records.folder ?? null, runs: runs.map(runFacts) }));
  else shell.out.write(runsTable(runs, shell.records.folder, createStyle(shell.colour.out)));
  return 0;
}

/** Shows a run that has no record here. Undefined: it is none of its runs. */
export type ShowOther = (wanted: string) => Promise<number | undefined>;

/** `privity runs show`. */
export async function showCommand(
  shell: Shell,
  wanted: string,
  flags: ShowFlags,
  other: ShowOther,
): Promise<number> {
  const found = await findOr(await storedRuns(shell), wanted, other);
  if (typeof found === 'number') return found;
  const { run, incident } = found;
  if (flags.bundle !== undefined) return writeBundle(shell, run, flags.bundle, flags.json === true);
  const board = new RunBoard(run.parties.map(({ party }) => party));
  const failures: FailureEvent[] = [];
  for (const party of run.parties) {
    for await (const line of logLines(party)) {
      const event = eventIn(line);
      if (event === undefined) continue;
      board.apply(event);
      if (event.event === 'failure' && failures.length < FAILURES_READ_MAX) failures.push(event);
    }
  }
  if (flags.json) {
    const facts = {
      ...runFacts(run),
      result: (await resultOf(run))?.value ?? null,
      failures: incident ? failures.filter((one) => one.incident === incident) : failures,
    };
    shell.out.write(jsonLine(facts));
  } else {
    const result = await resultOf(run);
    shell.out.write(runText({ run, board, failures, incident, result }, createStyle(shell.colour.out)));
  }
  return 0;
}

async function findOr(
  runs: readonly StoredRun[],
  wanted: string,
  other: ShowOther,
): Promise<FoundRun | number> {
  try {
    return findRun(runs, wanted);
  } catch (error) {
    const shown =
      error instanceof UsageError && error.code === 'PRIVITY_RECORD_UNKNOWN'
        ? await other(wanted)
        : undefined;
    if (shown === undefined) throw error;
    return shown;
  }
}

/** Failures that are read of a run: each party tells of each. */
const FAILURES_READ_MAX = 1_000;

/** `privity runs logs`. */
export async function logsCommand(
  shell: Shell,
  wanted: string,
  flags: LogsFlags,
  other: ShowOther,
): Promise<number> {
  const found = await findOr(await storedRuns(shell), wanted, other);
  if (typeof found === 'number') return found;
  const { run, incident } = found;
  const parties = run.parties.filter(({ party }) => flags.party === undefined || party === flags.party);
  if (parties.length === 0) {
    const names = run.parties.map(({ party }) => party).join(', ');
    throw new UsageError(
      'PRIVITY_CONFIG_PARTY_UNKNOWN',
      `--party ${flags.party}: the run has records here of ${names}`,
    );
  }
  const toText = createLogText(
    parties.map(({ party }) => party),
    createStyle(shell.colour.out),
  );
  let text = '';
  for await (const line of mergedLines(parties)) {
    if (incident !== undefined && line.incident !== incident) continue;
    text += flags.json ? `${steeringEscaped(line.text)}\n` : toText(line);
    if (text.length < FLUSH_CHARS) continue;
    if (!shell.out.write(text)) return 0;
    text = '';
    await shell.out.flush(READER_TIMEOUT_MS);
  }
  shell.out.write(text);
  return 0;
}

/** `privity runs purge`. Asks nothing; says what it has removed. */
export async function purgeCommand(shell: Shell, flags: PurgeFlags): Promise<number> {
  const now = shell.clock.wallTime();
  const runs = await storedRuns(shell);
  const removed = choose(runs, ruleOf(shell, flags), now);
  for (const run of removed) await removeRun(run);
  const running = runs.filter((run) => isRunning(run, now)).length;
  const kept = runs.length - removed.length;
  if (flags.json) {
    shell.out.write(jsonLine({ removed: removed.map(runFacts), kept, running }));
    return 0;
  }
  for (const run of removed)
    shell.out.write(`removed ${printable(run.name)}: ${stateText(run)}, ${size(run.bytes)}\n`);
  const bytes = removed.reduce((sum, run) => sum + run.bytes, 0);
  const live = running === 0 ? '' : `, of which ${count(running, 'run goes', 'runs go')} on`;
  shell.out.write(`${count(removed.length, 'record')} removed (${size(bytes)}), ${kept} kept${live}\n`);
  return 0;
}

function ruleOf(shell: Shell, { olderThan, keep, all }: PurgeFlags): PurgeRule {
  if ([olderThan, keep, all].filter((flag) => flag !== undefined).length > 1)
    throw new UsageError('PRIVITY_COMMAND_LINE', 'runs purge: give one of --older-than, --keep and --all');
  if (all) return { runs: 0 };
  if (keep !== undefined) return { runs: parseWhole('--keep', keep) };
  if (olderThan !== undefined) return { ageMs: parseAge('--older-than', olderThan) };
  const bounds = recordBounds([parseRecordSetting(shell.records.setting)]);
  const { runs, bytes, days } = bounds === 'off' ? DEFAULT_RECORD_BOUNDS : bounds;
  return { runs, bytes, ageMs: days * DAY_MS };
}

async function writeBundle(shell: Shell, run: StoredRun, file: string, json: boolean): Promise<number> {
  const parties: BundledParty[] = [];
  for (const party of run.parties) {
    const lines: Record<string, unknown>[] = [];
    let leftOut = 0;
    for await (const line of logLines(party)) {
      const said = publicLine(line);
      if (said === undefined) continue;
      lines.push(said);
      if (lines.length > BUNDLE_LINES_MAX) leftOut += lines.splice(0, 1).length;
    }
    parties.push(bundledParty(party, await reportOf(party), lines, leftOut));
  }
  const versions = { privityVersion: shell.version, node: process.version, platform: process.platform };
  const text = `${steeringEscaped(JSON.stringify(bundleOf(run, versions, parties), null, 1))}\n`;
  await writeOutput(file, text, 0o600, false);
  const names = parties.map(({ party }) => party);
  if (json) shell.out.write(jsonLine({ bundle: file, runId: run.runId, parties: names, bytes: text.length }));
  else
    shell.out.write(
      `${file}: reports and the course of the run at ${names.join(', ')} (${size(text.length)}); no text of an error that did not cross, no output of the job, no settings, no paths\n`,
    );
  return 0;
}

async function reportOf({ folder }: StoredParty): Promise<RunReport | undefined> {
  try {
    return JSON.parse(await readFile(join(folder, REPORT_FILE), 'utf8')) as RunReport;
  } catch {
    // The run goes on, or its supervisor was killed.
    return undefined;
  }
}

/** What the job returned, of a run that a node has started; others have shown it to the person. */
async function resultOf({ parties }: StoredRun): Promise<{ readonly value: unknown } | undefined> {
  for (const { folder } of parties) {
    const text = await ignored(readFile(join(folder, RESULT_FILE), 'utf8'), 'most runs keep none');
    if (text !== undefined) return JSON.parse(text) as { value: unknown };
  }
  return undefined;
}

/** What programs are told of a run. */
function runFacts({ name, runId, folder, startedMs, bytes, parties }: StoredRun): Record<string, unknown> {
  return {
    name,
    runId,
    folder,
    startedAt: new Date(startedMs).toISOString(),
    bytes,
    parties: parties.map(({ party, state, folder: own, facts, bytes: ofParty }) => ({
      party,
      state,
      folder: own,
      log: join(own, LOG_FILE),
      bytes: ofParty,
      job: facts?.job ?? null,
      all: facts?.parties ?? [],
      startedAt: facts?.startedAt ?? null,
      endedAt: facts?.endedAt ?? null,
      exitCode: facts?.exitCode ?? null,
      verdict: facts?.verdict ?? null,
      error: facts?.error ?? null,
      incidents: facts?.incidents ?? [],
      linesLeftOut: facts?.linesLeftOut ?? 0,
    })),
  };
}
