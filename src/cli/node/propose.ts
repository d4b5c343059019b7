/** `privity propose`: a job, packed, with what it may disclose, to the node of this party. */
import { resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { EnvironmentError, UsageError } from '../../base/errors.ts';
import { readContractFile } from '../../config/contract-file.ts';
import { readSchemaFile } from '../../config/schema-file.ts';
import type { ProposeOptions } from '../../node/client/of-proposals.ts';
import { contractBeside, packed } from '../../node/client/pack-job.ts';
import { NODE_LIMITS } from '../../node/model/limits.ts';
import type { Contract } from '../../observe/contract/contract.ts';
import { parseAge, parseArgs, parseCount } from '../arguments.ts';
import { inspectJob } from '../local/find-parties.ts';
import { printable } from '../output/printable.ts';
import { createStyle } from '../output/style.ts';
import type { JobCode, JobFacts, ProposeRequest, Shell } from '../shell.ts';
import { Stopped } from '../stop.ts';
import { clientOf, type NodeFlags, show } from './ask.ts';

export interface ProposeFlags extends NodeFlags {
  readonly title?: string;
  readonly purpose: string;
  readonly contract?: string;
  readonly schema?: string;
  readonly arg?: readonly string[];
  readonly dataset?: readonly string[];
  readonly output?: readonly string[];
  readonly valid: string;
  readonly attempts: string;
  readonly cron?: string;
  readonly timezone?: string;
  readonly times?: string;
  readonly check?: boolean;
}

/** Everything that can be looked at here is, before anything is stored or sent; with `--check` only that. */
export async function proposeCommand(shell: Shell, job: string, flags: ProposeFlags): Promise<number> {
  for (const only of ['times', 'timezone'] as const)
    if (flags.cron === undefined && flags[only] !== undefined)
      throw new UsageError('PRIVITY_COMMAND_LINE', `--${only} is of a schedule: give --cron, too`);
  const contract = await contractOf(shell, job, flags);
  const { parties } = contract;
  const args = parseArgs(flags.arg ?? []);
  const datasets = bySetting('--dataset', flags.dataset ?? [], parties);
  const outputs = bySetting('--output', flags.output ?? [], parties);
  const code = await codeOf(shell, job, parties, {
    args,
    settings: Object.fromEntries(
      parties.map((party) => [
        party,
        { ...pathsOf(datasets[party], STAGED_AS), ...pathsOf(outputs[party], '') },
      ]),
    ),
  });
  const whole = await packed(code, parties, contract);
  const packages = Object.entries(whole.job.packages ?? {});
  const validMs = parseAge('--valid', flags.valid);
  const client = await clientOf(shell, flags);
  const asked = {
    ...whole,
    title: flags.title ?? whole.job.file,
    purpose: flags.purpose,
    ...{ args, datasets, outputs },
    ...(flags.schema === undefined
      ? {}
      : { schemas: await readSchemaFile(resolve(shell.cwd, flags.schema)) }),
    attemptsMax: parseCount('--attempts', flags.attempts, NODE_LIMITS.attemptsMax),
    validMs,
    ...scheduleOf(flags, shell.clock.wallTime() + validMs),
  };
  const checked = await client.proposals.check(asked);
  const warnings = [...otherArguments(contract, args), ...checked.warnings];
  const style = createStyle(shell.colour.out);
  if (flags.check)
    return show(
      shell,
      flags,
      { warnings },
      () => `${warningsText(shell, warnings)}${style.green('✔')} it can be proposed; nothing was sent\n`,
    );
  const { id } = await client.proposals.propose(asked);
  return show(shell, flags, { id, warnings }, () =>
    [
      `${warningsText(shell, warnings)}${style.green('✔')} proposed ${id}`,
      ...packages.map(([name, version]) =>
        printable(`  imports the package ${name} ${version}: each party needs it on its list`),
      ),
      `  to do  privity proposals show ${id.slice(0, 12)}; each party: privity approve ${id.slice(0, 12)}; then: privity runs follow ${id.slice(0, 12)}`,
      '',
    ].join('\n'),
  );
}

const TIMES_DEFAULT = '52';

function scheduleOf(
  { cron, timezone = 'UTC', times = TIMES_DEFAULT }: ProposeFlags,
  until: number,
): Pick<ProposeOptions, 'schedule'> {
  if (cron === undefined) return {};
  const occurrencesMax = parseCount('--times', times, NODE_LIMITS.occurrencesMax);
  return { schedule: { cron, timezone, until, occurrencesMax } };
}

/** As in the folder of a run. */
const STAGED_AS = '.parquet';
const pathsOf = (names: Readonly<Record<string, string>> = {}, end: string): Record<string, string> =>
  Object.fromEntries(Object.entries(names).map(([setting, name]) => [setting, `/run/${name}${end}`]));

function warningsText(shell: Shell, warnings: readonly string[]): string {
  const style = createStyle(shell.colour.out);
  return warnings.map((text) => `${style.yellow('!')} ${printable(text)}\n`).join('');
}

/**
 * @throws {UsageError} PRIVITY_CONTRACT_INVALID, PRIVITY_CONFIG_FILE_MISSING: there is none yet;
 *   PRIVITY_JOB_NOT_FOUND: nor a job
 */
async function contractOf(shell: Shell, job: string, flags: ProposeFlags): Promise<Contract> {
  const file = flags.contract ?? contractBeside(job);
  try {
    return await readContractFile(resolve(shell.cwd, file));
  } catch (error) {
    if (!(error instanceof UsageError) || error.code !== 'PRIVITY_CONFIG_FILE_MISSING') throw error;
    // The compiler of jobs is loaded by those who need it.
    (await import('../../program/loading/load-job.ts')).jobPath(resolve(shell.cwd, job));
    throw new UsageError(
      'PRIVITY_CONFIG_FILE_MISSING',
      `${file}: there is no such contract, and nothing is proposed without one; make it: privity contract make ${job}`,
    );
  }
}

/**
 * In a process of its own: code of a job can neither hang nor end this one.
 *
 * @throws {Stopped}
 * @throws {UsageError} what is wrong with the job, or does not fit it: PRIVITY_JOB_*, PRIVITY_ARGS_INVALID,
 *   PRIVITY_SETTING*, PRIVITY_CONTRACT_INVALID
 * @throws {EnvironmentError} PRIVITY_JOB_NOT_LOADED
 */
async function codeOf(
  shell: Shell,
  job: string,
  parties: readonly string[],
  given: Omit<ProposeRequest, 'asks'>,
): Promise<JobCode> {
  const request = { asks: 'propose', ...given } as const;
  const stopping = new AbortController();
  const stopped = shell.onStopSignal((signal) => stopping.abort(new Stopped(signal)));
  let facts: JobFacts;
  try {
    facts = await inspectJob(shell, resolve(shell.cwd, job), request, () => undefined, {
      signal: stopping.signal,
    });
  } catch (error) {
    throw stopping.signal.aborted ? stopping.signal.reason : error;
  } finally {
    stopped();
  }
  if (facts.parties.length !== parties.length || !facts.parties.every((party) => parties.includes(party)))
    throw new UsageError(
      'PRIVITY_CONTRACT_INVALID',
      `The contract is of ${parties.join(', ')}; the job is of ${facts.parties.join(', ')}.`,
    );
  if (facts.code !== undefined) return facts.code;
  throw new EnvironmentError(
    'PRIVITY_JOB_NOT_LOADED',
    `${job}: the process that loads the job ended before it told its files`,
  );
}

/** The job may tell other things then, which its contract refuses. */
function otherArguments({ rehearsed }: Contract, args: object): readonly string[] {
  if (rehearsed === undefined || isDeepStrictEqual(rehearsed.args, args)) return [];
  const words = (value: object): string => JSON.stringify(value);
  return [
    `the contract was rehearsed with the arguments ${words(rehearsed.args)}, and the proposal has ${words(args)}`,
  ];
}

/** `alice.loans=customers`: the job's setting `loans` at alice is her dataset `customers`. */
export function bySetting(
  option: string,
  texts: readonly string[],
  parties: readonly string[],
): Record<string, Record<string, string>> {
  const found: Record<string, Record<string, string>> = {};
  for (const text of texts) {
    const [, party = '', setting = '', name = ''] = /^([^.=]+)\.([^=]+)=(.+)$/.exec(text) ?? [];
    if (!parties.includes(party))
      throw new UsageError(
        'PRIVITY_COMMAND_LINE',
        `${option} ${text}: expected PARTY.SETTING=NAME, where PARTY is one of ${parties.join(', ')}`,
      );
    found[party] = { ...found[party], [setting]: name };
  }
  return found;
}
