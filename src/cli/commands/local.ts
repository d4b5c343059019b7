import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { EnvironmentError } from '../../base/errors.ts';
import { failureCodes } from '../../base/failure-codes.ts';
import { readContractFile } from '../../config/contract-file.ts';
import type { RunEvent } from '../../observe/events.ts';
import type { RunReport } from '../../observe/report.ts';
import { type ErrorReport, errorLine } from '../../record/error-report.ts';
import { machineMemoryMax } from '../../supervisor/machine/machine-memory.ts';
import { keepPrivate } from '../../supervisor/machine/private-process.ts';
import { systemLoop } from '../../supervisor/machine/system-loop.ts';
import { chooseSandbox } from '../../supervisor/sandbox/choose.ts';
import type { SandboxPolicy } from '../../supervisor/sandbox/policy.ts';
import { FILE_IO_MS } from '../../supervisor/seam/bounds.ts';
import type { ErrorDetail } from '../../supervisor/seam/options.ts';
import { within } from '../../supervisor/seam/within.ts';
import { allSettings, parseArgs, parseBounds, parseMemory, parseRunId } from '../arguments.ts';
import { runCrew } from '../local/crew.ts';
import { inspectJob } from '../local/find-parties.ts';
import { createThrowAway, type ThrowAwayFederation } from '../local/throw-away.ts';
import { choosePresenter, type DisplayFlags, writeHead, writeSummary } from '../output/choose-presenter.ts';
import { errorText } from '../output/error-text.ts';
import { printable } from '../output/printable.ts';
import { RunBoard } from '../output/run-board.ts';
import { createStyle } from '../output/style.ts';
import { exitCodeOf, summaryText } from '../output/summary.ts';
import { type ParentWatch, tellEnd, watchParent } from '../parent.ts';
import type { Shell } from '../shell.ts';
import { type RecordFlags, startRunFolder } from '../start-record.ts';
import { exitCodeAfter, type Stopping, watchStopSignals } from '../stop.ts';

export interface LocalFlags extends DisplayFlags, Pick<RecordFlags, 'record'> {
  readonly arg?: readonly string[];
  readonly inputs?: readonly string[];
  readonly setting?: readonly string[];
  readonly bound?: readonly string[];
  readonly memoryMax?: string;
  readonly sandbox?: SandboxPolicy;
  readonly contract?: string;
  readonly report?: string;
  readonly runId?: string;
  readonly errorDetail: ErrorDetail;
  /** Set by a program that drives this command (`src/control/`): it says over standard input what the run is given. */
  readonly driven?: boolean;
}

/** `privity local`: every party of a job on this machine, each in processes of its own. Resolves to the exit code. */
export async function localCommand(shell: Shell, job: string, flags: LocalFlags): Promise<number> {
  keepPrivate();
  const jobFile = resolve(shell.cwd, job);
  const parent = flags.driven ? watchParent(shell) : undefined;
  const told = await parent?.given();
  const args = told?.args ?? parseArgs(flags.arg ?? []);
  const bounds = parseBounds(flags.bound ?? []);
  const memoryMax = flags.memoryMax === undefined ? undefined : parseMemory(flags.memoryMax);
  const runId =
    flags.runId === undefined ? `local-${randomBytes(6).toString('hex')}` : parseRunId(flags.runId);
  const reportDir = flags.report === undefined ? undefined : resolve(shell.cwd, flags.report);
  const contract = flags.contract === undefined ? undefined : resolve(shell.cwd, flags.contract);
  // Each party reads it itself; a mistake in it is told once, and before.
  if (contract !== undefined) await readContractFile(contract);
  const policy = flags.sandbox ?? 'off';
  const sandbox = await chooseSandbox(policy);
  const typed = { inputs: flags.inputs ?? [], settings: flags.setting ?? [] };
  const given = told?.settings ?? {};
  const request = { asks: 'local' as const, args, typed, settings: given, cwd: shell.cwd };
  const tell = (text: string): boolean => shell.err.write(`${printable(text)}\n`);
  const { parties } = await inspectJob(shell, jobFile, request, tell, { sandbox });
  const settings = allSettings(typed, given, parties, shell.cwd);

  let note: (text: string) => void = () => undefined;
  const stopping = stoppedBy(
    watchStopSignals(shell, (text) => note(text)),
    parent,
  );
  const { clock } = shell;
  const making = createThrowAway({
    runId,
    parties,
    settings,
    bounds,
    memoryMaxBytes: memoryMax ?? machineMemoryMax(parties.length),
    errorDetail: flags.errorDetail,
    sandbox: policy,
    clock,
  });
  const undo = (late: ThrowAwayFederation): Promise<void> => late.remove();
  const what = 'making a temporary folder with keys';
  const federation = await within(systemLoop, { ms: FILE_IO_MS, what, undo, stop: stopping.kill }, making);
  try {
    writeHead(shell, flags, jobFile, parties);
    const display = await choosePresenter(shell, flags, parties, parties);
    note = (text) => display.notice('local', text);
    const warn = (message: string): void => display.notice('local', message);
    const records = await startRunFolder(shell, flags, runId, warn);
    const board = new RunBoard(parties, parties);
    const started = clock.now();
    const { startErrors: errors } = await runCrew(
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
          ...(flags.plain ? ['--plaintext'] : []),
          '--json',
          `--party=${party}`,
          `--config=${federation.partyFile(party)}`,
          `--run-id=${runId}`,
          `--report=${reportDir ?? federation.reportDir(party)}`,
          records.folder === undefined ? '--no-record' : `--record-dir=${records.folder}`,
          ...(contract === undefined ? [] : [`--contract=${contract}`]),
        ],
        args,
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
    const startErrors = distinctErrors(errors);
    const verdictCode = startErrors[0]?.exitCode ?? exitCodeOf(own);
    const exitCode = exitCodeAfter(verdictCode, failureCodes.CANCELLED.exit, stopping.first());
    const reports = await readReports(parties, reportDir, federation, warn);
    const reportPaths = reportDir === undefined ? [] : own.flatMap((view) => view.reportPath ?? []);
    const durationMs = clock.now() - started;
    const ended = { jobFile, own: parties, board, reports, reportPaths, exitCode, durationMs };
    const { folder } = records;
    const summary = {
      ...ended,
      record: folder === undefined ? undefined : { folder, name: basename(folder) },
    };
    await display.end(startErrors.length === 0 ? summaryText(summary, false) : undefined);
    if (startErrors.length === 0) writeSummary(shell, flags, summary);
    printStartErrors(shell, startErrors, flags.json === true);
    if (flags.driven)
      await tellEnd(shell, { exitCode, reports: Object.fromEntries(reports), record: folder ?? null });
    await records.tidied();
    return exitCode;
  } finally {
    stopping.dispose();
    const removal = { ms: FILE_IO_MS, what: `removing ${federation.folder}` };
    await within(systemLoop, removal, federation.remove()).catch((error: Error) =>
      shell.err.write(`left behind: ${error.message}\n`),
    );
  }
}

/** A program asks over standard input for what a person asks for by signals. */
function stoppedBy(signals: Stopping, parent: ParentWatch | undefined): Stopping {
  if (parent === undefined) return signals;
  return {
    ...signals,
    cancel: AbortSignal.any([signals.cancel, parent.cancel]),
    kill: AbortSignal.any([signals.kill, parent.kill]),
  };
}

/** Errors that kept supervisors from taking part at all. The same mistake at every party is told once. */
function distinctErrors(errors: readonly ErrorReport[]): ErrorReport[] {
  const seen = new Map<string, ErrorReport>();
  for (const error of errors) {
    const key = `${error.error} ${error.message}`;
    if (!seen.has(key)) seen.set(key, error);
  }
  return [...seen.values()];
}

function printStartErrors(shell: Shell, errors: readonly ErrorReport[], json: boolean): void {
  const style = createStyle(shell.colour.err);
  for (const error of errors) shell.err.write(json ? errorLine(error) : `\n${errorText(error, style)}`);
}

/** A supervisor that was killed left none; the summary says so by what it does not have. */
async function readReports(
  parties: readonly string[],
  reportDir: string | undefined,
  federation: ThrowAwayFederation,
  warn: (message: string) => void,
): Promise<ReadonlyMap<string, RunReport>> {
  const reports = new Map<string, RunReport>();
  for (const party of parties) {
    const file = join(reportDir ?? federation.reportDir(party), `${party}.json`);
    try {
      const reading = { ms: FILE_IO_MS, what: `reading ${file}` };
      const text = await within(systemLoop, reading, readFile(file, 'utf8'));
      reports.set(party, JSON.parse(text) as RunReport);
    } catch (error) {
      if (!(error instanceof EnvironmentError)) continue;
      // The others lie on the same disk.
      warn(error.message);
      break;
    }
  }
  return reports;
}
