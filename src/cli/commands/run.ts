import { randomBytes } from 'node:crypto';
import { join, resolve } from 'node:path';
import { UsageError } from '../../base/errors.ts';
import { failureCodes } from '../../base/failure-codes.ts';
import { jsonLine } from '../../base/steering.ts';
import { readContractFile } from '../../config/contract-file.ts';
import { readIdentityFiles } from '../../config/identity-files.ts';
import { type PartyConfig, readPartyFile } from '../../config/party-file.ts';
import type { Given } from '../../control/driving.ts';
import { ownRunId } from '../../coordination/handshake.ts';
import { takeOrder } from '../../node/runs/ordered.ts';
import type { RunEvent } from '../../observe/events.ts';
import { reportOf } from '../../record/error-report.ts';
import { RESULT_FILE, writePrivate } from '../../record/record-file.ts';
import { keepPrivate } from '../../supervisor/machine/private-process.ts';
import { systemLoop } from '../../supervisor/machine/system-loop.ts';
import { chooseSandbox } from '../../supervisor/sandbox/choose.ts';
import { type SandboxPolicy, stricter } from '../../supervisor/sandbox/policy.ts';
import { FILE_IO_MS } from '../../supervisor/seam/bounds.ts';
import type { PartyOptions } from '../../supervisor/seam/options.ts';
import { within } from '../../supervisor/seam/within.ts';
import { parseArgs, parseBounds, parseMemory, parsePrivateSettings, parseRunId } from '../arguments.ts';
import { checkJob } from '../check-job.ts';
import { choosePresenter, type DisplayFlags, writeHead, writeSummary } from '../output/choose-presenter.ts';
import { RunBoard } from '../output/run-board.ts';
import { summaryText } from '../output/summary.ts';
import { removeLocalFolder, tellEnd, watchParent } from '../parent.ts';
import type { Shell } from '../shell.ts';
import { type RecordFlags, startRecord } from '../start-record.ts';
import { exitCodeAfter, watchStopSignals } from '../stop.ts';

export interface RunFlags extends DisplayFlags, RecordFlags {
  readonly party?: string;
  readonly config: string;
  readonly arg?: readonly string[];
  readonly inputs?: readonly string[];
  readonly setting?: readonly string[];
  readonly bound?: readonly string[];
  readonly memoryMax?: string;
  readonly sandbox?: SandboxPolicy;
  /** A contract of disclosures. */
  readonly contract?: string;
  readonly report?: string;
  readonly runId?: string;
  /** Set by `privity local`: standard input is a pipe whose end means that the starting process is gone. */
  readonly parentPipe?: boolean;
  /** Set by a program that drives this command (`src/control/`): the same, and the end is told, too. */
  readonly driven?: boolean;
  /** Set by a node: what the run is, and where its connections arrive (src/node/runs/order.ts). */
  readonly nodeOrder?: string;
  /** Set by `privity local --plain`, and refused without it. */
  readonly plaintext?: boolean;
}

/** As processes do whose input cannot be had now, and may be later (sysexits). */
const EXIT_BEGUN_BEFORE = 75;

type Prepared = Omit<PartyOptions, 'onEvent' | 'cancel' | 'kill'> & { readonly ownRunId: string };

/** `privity run`: this party's part of one run, to its end. Resolves to the exit code. */
export async function runCommand(shell: Shell, jobFile: string, flags: RunFlags): Promise<number> {
  keepPrivate();
  const parent = flags.parentPipe || flags.driven ? watchParent(shell) : undefined;
  const ordered =
    flags.nodeOrder === undefined ? undefined : await takeOrder(flags.nodeOrder, flags.recordDir);
  if (ordered === 'begun before') return EXIT_BEGUN_BEFORE;
  const { config: file } = flags;
  const reading = readPartyFile(file);
  const config = await within(systemLoop, { ms: FILE_IO_MS, what: `reading ${file}` }, reading);
  try {
    // Before any code of the job is loaded.
    const sandbox = await chooseSandbox(stricter(config.sandbox, flags.sandbox ?? 'off'));
    const typed = await prepare(shell, config, jobFile, flags, await parent?.given());
    const prepared = ordered === undefined ? typed : ordered.applied(typed);
    const parties = prepared.federation.map((member) => member.name);
    const { args, settings } = prepared;
    const given = { party: config.party, args, settings };
    // `local` and the node have looked at the job already.
    const isChecked = flags.parentPipe === true || ordered !== undefined;
    // The check is a process of its own, so that this one can load meanwhile.
    const [runParty] = await Promise.all([
      shell.loadRunParty(),
      isChecked ? undefined : checkJob(shell, prepared.jobFile, parties, given, sandbox),
    ]);
    writeHead(shell, flags, jobFile, parties);
    const display = await choosePresenter(shell, flags, ownFirst(parties, config.party), [config.party]);
    const board = new RunBoard([config.party], parties);
    const runId = prepared.runId ?? prepared.ownRunId;
    const about = { runId, party: config.party };
    const warn = (message: string): void => display.event(warning(shell, about, message));
    const facts = { ...about, parties, job: prepared.jobFile };
    const { record, tidied } = await startRecord(shell, flags, { ...facts, setting: config.records }, warn);
    const onEvent = (event: RunEvent): void => {
      board.apply(event);
      record?.event(event);
      display.event(event);
    };
    const stopping = watchStopSignals(shell, (text) => {
      record?.notice(config.party, text);
      // `local` tells the person itself; a program knows what it asks for.
      if (parent === undefined) display.notice(config.party, text);
    });
    const started = shell.clock.now();
    try {
      const report = await runParty({
        ...prepared,
        sandbox,
        onEvent,
        cancel: AbortSignal.any([stopping, parent, ordered].flatMap((asks) => (asks ? [asks.cancel] : []))),
        kill: AbortSignal.any([stopping, parent].flatMap((asks) => (asks ? [asks.kill] : []))),
      });
      const exitCode = exitCodeAfter(report.exitCode, failureCodes.CANCELLED.exit, stopping.first());
      const view = board.party(config.party);
      const summary = {
        jobFile,
        own: [config.party],
        board,
        reports: new Map([[config.party, report]]),
        reportPaths: view.reportPath === undefined ? [] : [view.reportPath],
        exitCode,
        durationMs: shell.clock.now() - started,
      };
      // Before the end of the record, which the node waits for.
      if (ordered !== undefined && view.result !== undefined && flags.recordDir !== undefined)
        await writePrivate(
          join(flags.recordDir, config.party),
          RESULT_FILE,
          jsonLine({ value: view.result.value }),
        );
      await record?.end({ exitCode, report, summary: summaryText(summary, false) });
      const shown = { ...summary, record: record?.place };
      await display.end(summaryText(shown, false));
      writeSummary(shell, flags, shown);
      if (flags.driven) {
        const reports = { [config.party]: report };
        await tellEnd(shell, { exitCode, reports, record: record?.place.folder ?? null });
      }
      return exitCode;
    } catch (error) {
      const told = reportOf(error);
      await record?.end({ exitCode: told.exitCode, error: told });
      await display.end();
      throw error;
    } finally {
      stopping.dispose();
      await tidied();
    }
  } finally {
    if (parent?.gone()) await removeLocalFolder(config.file);
  }
}

async function prepare(
  shell: Shell,
  config: PartyConfig,
  jobFile: string,
  flags: RunFlags,
  told: Given | undefined,
): Promise<Prepared> {
  if (flags.party !== undefined && flags.party !== config.party) {
    throw new UsageError(
      'PRIVITY_CONFIG_PARTY_MISMATCH',
      `--party ${flags.party}: ${config.file} is the party file of ${config.party}`,
    );
  }
  const parties = config.federation.parties.map((member) => member.name);
  const given = { inputs: flags.inputs ?? [], settings: flags.setting ?? [] };
  const settings = parsePrivateSettings(given, parties, shell.cwd, config.party)[config.party];
  const reading = { ms: FILE_IO_MS, what: `reading ${config.keyFile} and ${config.certificateFile}` };
  const identity = await within(systemLoop, reading, readIdentityFiles(config));
  return {
    party: config.party,
    federation: config.federation.parties,
    federationName: config.federation.name,
    identity: { certPem: identity.certPem, keyPem: identity.keyPem },
    listen: config.listen,
    files: { federation: config.federationFile },
    jobFile: resolve(shell.cwd, jobFile),
    runId: flags.runId === undefined ? undefined : parseRunId(flags.runId),
    ownRunId: ownRunId(randomBytes(16).toString('hex')),
    args: told?.args ?? parseArgs(flags.arg ?? []),
    settings: { ...config.settings, ...settings, ...told?.settings },
    errorDetail: config.errorDetail,
    psiProtocols: config.psiProtocols,
    ...(flags.contract === undefined
      ? {}
      : { contract: await readContractFile(resolve(shell.cwd, flags.contract)) }),
    plaintext: flags.plaintext === true && flags.parentPipe === true,
    bounds: { ...config.bounds, ...parseBounds(flags.bound ?? []) },
    memoryMaxBytes: flags.memoryMax === undefined ? config.memoryMaxBytes : parseMemory(flags.memoryMax),
    reportDir: flags.report === undefined ? undefined : resolve(shell.cwd, flags.report),
  };
}

function warning(shell: Shell, about: Pick<RunEvent, 'runId' | 'party'>, message: string): RunEvent {
  const time = new Date(shell.clock.wallTime()).toISOString();
  return { event: 'log', time, ...about, level: 'warn', message };
}

function ownFirst(parties: readonly string[], own: string): string[] {
  return [own, ...parties.filter((party) => party !== own)];
}
