import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { failureCodes } from '../../base/failure-codes.ts';
import type { RunEvent } from '../../observe/events.ts';
import type { RunReport } from '../../observe/report.ts';
import type { ErrorDetail } from '../../supervisor/options.ts';
import { parseArgs, parseBounds, parsePrivateSettings, parseRunId } from '../arguments.ts';
import { runCrew } from '../local/crew.ts';
import { findParties } from '../local/find-parties.ts';
import type { SupervisorChild } from '../local/supervisor-child.ts';
import { createThrowAway, type ThrowAwayFederation } from '../local/throw-away.ts';
import { choosePresenter, type DisplayFlags } from '../output/choose-presenter.ts';
import { type ErrorReport, errorLine, errorText } from '../output/error-text.ts';
import { RunBoard } from '../output/run-board.ts';
import { createStyle } from '../output/style.ts';
import { exitCodeOf, headText, summaryText } from '../output/summary.ts';
import type { Shell } from '../shell.ts';
import { exitCodeAfter, watchStopSignals } from '../stop.ts';

export interface LocalFlags extends DisplayFlags {
  readonly arg?: readonly string[];
  readonly inputs?: readonly string[];
  readonly setting?: readonly string[];
  readonly bound?: readonly string[];
  readonly report?: string;
  readonly runId?: string;
  readonly errorDetail: ErrorDetail;
  readonly plaintext?: boolean;
}

/** `privity local`: every party of a job on this machine, each in processes of its own. Resolves to the exit code. */
export async function localCommand(shell: Shell, job: string, flags: LocalFlags): Promise<number> {
  const jobFile = resolve(shell.cwd, job);
  const args = Object.entries(parseArgs(flags.arg ?? []));
  const bounds = parseBounds(flags.bound ?? []);
  const runId =
    flags.runId === undefined ? `local-${randomBytes(6).toString('hex')}` : parseRunId(flags.runId);
  const reportDir = flags.report === undefined ? undefined : resolve(shell.cwd, flags.report);
  const parties = await findParties(shell, jobFile, (text) => shell.err.write(`${text}\n`));
  const given = { inputs: flags.inputs ?? [], settings: flags.setting ?? [] };
  const settings = parsePrivateSettings(given, parties, shell.cwd);

  let note: (text: string) => void = () => undefined;
  const stopping = watchStopSignals(shell, (text) => note(text));
  const { clock } = shell;
  const federation = await createThrowAway({
    runId,
    parties,
    settings,
    bounds,
    errorDetail: flags.errorDetail,
    clock,
  });
  try {
    if (!flags.json) shell.out.write(headText(jobFile, parties, shell.colour.out));
    const display = await choosePresenter(shell, flags, parties, parties);
    note = (text) => display.notice('local', text);
    const board = new RunBoard(parties, parties);
    const started = clock.now();
    const children = await runCrew(
      shell,
      {
        runId,
        folder: federation.folder,
        parties,
        bounds,
        command: (party) => [
          shell.entry,
          'run',
          jobFile,
          '--parent-pipe',
          ...(flags.plaintext ? ['--plaintext'] : []),
          '--json',
          `--party=${party}`,
          `--config=${federation.partyFile(party)}`,
          `--run-id=${runId}`,
          `--report=${reportDir ?? federation.reportDir(party)}`,
          ...args.map(([key, value]) => `--arg=${key}=${value}`),
        ],
        onEvent(event: RunEvent) {
          board.apply(event);
          // Without --report, the reports are for the summary only, and gone when this command ends.
          if (event.event !== 'report' || reportDir !== undefined) display.event(event);
        },
        onLine: (party, text) => display.notice(party, text),
      },
      stopping,
    );
    const own = [...board.parties.values()].filter((view) => parties.includes(view.party));
    const startErrors = distinctErrors(children);
    const verdictCode = startErrors[0]?.exitCode ?? exitCodeOf(own);
    const exitCode = exitCodeAfter(verdictCode, failureCodes.CANCELLED.exit, stopping.first());
    const reports = await readReports(parties, reportDir, federation);
    const reportPaths = reportDir === undefined ? [] : own.flatMap((view) => view.reportPath ?? []);
    const durationMs = clock.now() - started;
    const summary = { jobFile, own: parties, board, reports, reportPaths, exitCode, durationMs };
    await display.end(startErrors.length === 0 ? summaryText(summary, false) : undefined);
    if (!flags.json && startErrors.length === 0) shell.out.write(summaryText(summary, shell.colour.out));
    printStartErrors(shell, startErrors, flags.json === true);
    return exitCode;
  } finally {
    stopping.dispose();
    await federation.remove();
  }
}

/** Errors that kept supervisors from taking part at all. The same mistake at every party is told once. */
function distinctErrors(children: readonly SupervisorChild[]): ErrorReport[] {
  const seen = new Map<string, ErrorReport>();
  for (const error of children.flatMap((child) => child.errors)) {
    const key = `${error.error} ${error.message}`;
    if (!seen.has(key)) seen.set(key, error);
  }
  return [...seen.values()];
}

function printStartErrors(shell: Shell, errors: readonly ErrorReport[], json: boolean): void {
  const style = createStyle(shell.colour.err);
  for (const error of errors) shell.err.write(json ? errorLine(error) : `\n${errorText(error, style)}`);
}

async function readReports(
  parties: readonly string[],
  reportDir: string | undefined,
  federation: ThrowAwayFederation,
): Promise<ReadonlyMap<string, RunReport>> {
  const reports = new Map<string, RunReport>();
  for (const party of parties) {
    try {
      const text = await readFile(join(reportDir ?? federation.reportDir(party), `${party}.json`), 'utf8');
      reports.set(party, JSON.parse(text) as RunReport);
    } catch {
      // A supervisor that was killed left none; the summary says so by what it does not have.
    }
  }
  return reports;
}
