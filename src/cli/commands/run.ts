import { resolve } from 'node:path';
import { UsageError } from '../../base/errors.ts';
import { failureCodes } from '../../base/failure-codes.ts';
import type { RunEvent } from '../../observe/events.ts';
import type { PartyOptions } from '../../supervisor/options.ts';
import { parseArgs, parseBounds, parsePrivateSettings, parseRunId } from '../arguments.ts';
import { readIdentityFiles } from '../config/identity-files.ts';
import { type PartyConfig, readPartyFile } from '../config/party-file.ts';
import { choosePresenter, type DisplayFlags } from '../output/choose-presenter.ts';
import { RunBoard } from '../output/run-board.ts';
import { headText, summaryText } from '../output/summary.ts';
import { removeLocalFolder, watchParent } from '../parent.ts';
import type { Shell } from '../shell.ts';
import { exitCodeAfter, watchStopSignals } from '../stop.ts';

export interface RunFlags extends DisplayFlags {
  readonly party?: string;
  readonly config: string;
  readonly arg?: readonly string[];
  readonly inputs?: readonly string[];
  readonly setting?: readonly string[];
  readonly bound?: readonly string[];
  readonly report?: string;
  readonly runId?: string;
  /** Set by `privity local`: standard input is a pipe whose end means that the starting process is gone. */
  readonly parentPipe?: boolean;
  /** Set by `privity local --plaintext`, and refused without it. */
  readonly plaintext?: boolean;
}

type Prepared = Omit<PartyOptions, 'onEvent' | 'cancel' | 'kill'>;

/** `privity run`: this party's part of one run, to its end. Resolves to the exit code. */
export async function runCommand(shell: Shell, jobFile: string, flags: RunFlags): Promise<number> {
  const parent = flags.parentPipe ? watchParent(shell) : undefined;
  const config = await readPartyFile(flags.config);
  try {
    const prepared = await prepare(shell, config, jobFile, flags);
    const runParty = await shell.loadRunParty();
    const parties = config.federation.parties.map((member) => member.name);
    if (!flags.json) shell.out.write(headText(jobFile, parties, shell.colour.out));
    const display = await choosePresenter(shell, flags, ownFirst(parties, config.party), [config.party]);
    const board = new RunBoard([config.party], parties);
    const onEvent = (event: RunEvent): void => {
      board.apply(event);
      display.event(event);
    };
    const stopping = watchStopSignals(shell, (text) => {
      // `local` tells the person itself.
      if (parent === undefined) display.notice(config.party, text);
    });
    const started = shell.clock.now();
    try {
      const report = await runParty({
        ...prepared,
        onEvent,
        cancel: parent ? AbortSignal.any([stopping.cancel, parent.cancel]) : stopping.cancel,
        kill: parent ? AbortSignal.any([stopping.kill, parent.kill]) : stopping.kill,
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
      await display.end(summaryText(summary, false));
      if (!flags.json) shell.out.write(summaryText(summary, shell.colour.out));
      return exitCode;
    } catch (error) {
      await display.end();
      throw error;
    } finally {
      stopping.dispose();
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
  const identity = await readIdentityFiles(config);
  return {
    party: config.party,
    federation: config.federation.parties,
    identity: { certPem: identity.certPem, keyPem: identity.keyPem },
    listen: config.listen,
    jobFile: resolve(shell.cwd, jobFile),
    runId: flags.runId === undefined ? undefined : parseRunId(flags.runId),
    args: parseArgs(flags.arg ?? []),
    settings: { ...config.settings, ...settings },
    errorDetail: config.errorDetail,
    plaintext: flags.plaintext === true && flags.parentPipe === true,
    bounds: { ...config.bounds, ...parseBounds(flags.bound ?? []) },
    reportDir: flags.report === undefined ? undefined : resolve(shell.cwd, flags.report),
  };
}

function ownFirst(parties: readonly string[], own: string): string[] {
  return [own, ...parties.filter((party) => party !== own)];
}
