import { resolve } from 'node:path';
import { UsageError } from '../../base/errors.ts';
import { jsonLine } from '../../base/steering.ts';
import { hint } from '../../base/suggest.ts';
import { loadJob } from '../../program/loading/load-job.ts';
import { type ExploreOptions, explore, FAULT_KINDS, type FaultKind, replay } from '../../simulation/index.ts';
import { keepPrivate } from '../../supervisor/machine/private-process.ts';
import type { ErrorDetail } from '../../supervisor/seam/options.ts';
import { parseArgs, parseBounds, parseDuration, parsePrivateSettings, parseWhole } from '../arguments.ts';
import { checkGiven } from '../local/check-given.ts';
import { explorationProgress } from '../output/exploration-progress.ts';
import { explorationText, replayText } from '../output/exploration-text.ts';
import type { Shell } from '../shell.ts';

export interface ExploreFlags {
  readonly arg?: readonly string[];
  readonly inputs?: readonly string[];
  readonly setting?: readonly string[];
  readonly bound?: readonly string[];
  readonly errorDetail: ErrorDetail;
  readonly seed: string;
  readonly runs?: string;
  readonly for?: string;
  readonly faults?: string;
  readonly replay?: string;
  readonly json?: boolean;
}

/** Exit code when something did not hold: a check failed. */
const EXIT_BROKEN = 70;
/** As a process that Ctrl-C has ended. */
const EXIT_STOPPED = 130;
/** `privity explore`: a job under thousands of fault plans in the simulated world. Resolves to the exit code. */
export async function exploreCommand(shell: Shell, job: string, flags: ExploreFlags): Promise<number> {
  keepPrivate();
  const jobFile = resolve(shell.cwd, job);
  const { job: loaded } = await loadJob(jobFile);
  const args = parseArgs(flags.arg ?? []);
  const typed = { inputs: flags.inputs ?? [], settings: flags.setting ?? [] };
  await checkGiven(loaded, { args, typed, settings: {}, cwd: shell.cwd });
  const options: ExploreOptions = {
    job: jobFile,
    args,
    settings: parsePrivateSettings(typed, loaded.parties, shell.cwd),
    bounds: parseBounds(flags.bound ?? []),
    errorDetail: flags.errorDetail,
    ...(flags.faults === undefined ? {} : { faults: parseFaults(flags.faults) }),
  };
  return flags.replay === undefined
    ? exploreJob(shell, job, options, flags)
    : replayJob(shell, options, flags);
}

async function exploreJob(
  shell: Shell,
  job: string,
  options: ExploreOptions,
  flags: ExploreFlags,
): Promise<number> {
  const stopping = new AbortController();
  // The first prints what is known so far, the second does not wait for the run that is on.
  const stop = shell.onStopSignal(() => {
    if (stopping.signal.aborted) shell.exitNow(EXIT_STOPPED);
    stopping.abort();
  });
  const progress = explorationProgress(shell, flags.json === true);
  try {
    const result = await explore({
      ...options,
      seed: parseWhole('--seed', flags.seed),
      ...(flags.runs === undefined ? {} : { runs: parseWhole('--runs', flags.runs) }),
      ...(flags.for === undefined ? {} : { forMs: parseDuration('--for', flags.for) }),
      signal: stopping.signal,
      onProgress: progress.show,
      onBreak: progress.broke,
    });
    progress.clear();
    if (flags.json) shell.out.write(jsonLine(result));
    else shell.out.write(explorationText(job, result, shell.colour.out));
    return result.broken > 0 ? EXIT_BROKEN : 0;
  } finally {
    progress.clear();
    stop();
  }
}

async function replayJob(shell: Shell, options: ExploreOptions, flags: ExploreFlags): Promise<number> {
  const seed = parseWhole('--replay', flags.replay ?? '');
  const checked = await replay({ ...options, seed });
  if (flags.json) {
    const { run, violations } = checked;
    const { plan, digest, timeline, endedAt } = run;
    shell.out.write(jsonLine({ seed, plan, violations, endedAt, digest, timeline }));
  } else shell.out.write(replayText(checked, shell.colour.out));
  return checked.violations.length > 0 ? EXIT_BROKEN : 0;
}

function parseFaults(text: string): readonly FaultKind[] {
  return text.split(',').map((word) => {
    const kind = FAULT_KINDS.find((known) => known === word.trim());
    if (kind === undefined)
      throw new UsageError('PRIVITY_COMMAND_LINE', `--faults: no kind "${word}"; ${hint(word, FAULT_KINDS)}`);
    return kind;
  });
}
