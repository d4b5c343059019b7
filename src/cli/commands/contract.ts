import { basename, resolve } from 'node:path';
import { UsageError } from '../../base/errors.ts';
import { jsonLine } from '../../base/steering.ts';
import { formatContract, readContractFile } from '../../config/contract-file.ts';
import { readSchemaFile } from '../../config/schema-file.ts';
import { closeDatabase, isTableFile, readTable } from '../../data/index.ts';
import { type Comparison, compareContracts, mergeByHand } from '../../observe/contract/compare.ts';
import { contractDigest } from '../../observe/contract/contract.ts';
import { contractSentences } from '../../observe/contract/sentences.ts';
import { loadJob } from '../../program/loading/load-job.ts';
import { type RehearseOptions, rehearse, type TableToMake } from '../../simulation/rehearse/rehearse.ts';
import { schemaOfTable } from '../../simulation/rehearse/schema-of-table.ts';
import { keepPrivate } from '../../supervisor/machine/private-process.ts';
import { parseArgs, parsePrivateSettings, parseWhole } from '../arguments.ts';
import { printable } from '../output/printable.ts';
import { rehearsalProgress } from '../output/rehearsal-progress.ts';
import { createStyle } from '../output/style.ts';
import { exists, fileExists, writeOutput } from '../output-file.ts';
import type { Shell } from '../shell.ts';

export interface RehearsalFlags {
  readonly arg?: readonly string[];
  readonly inputs?: readonly string[];
  readonly setting?: readonly string[];
  readonly schema?: string;
  readonly rows?: string;
  readonly seeds?: string;
  readonly json?: boolean;
}

export interface MakeFlags extends RehearsalFlags {
  readonly out?: string;
  readonly force?: boolean;
  readonly keep?: boolean;
}

export interface CheckFlags extends RehearsalFlags {
  readonly contract?: string;
}

export interface ShowContractFlags {
  readonly for?: string;
  readonly json?: boolean;
}

/** As a process that Ctrl-C has ended. */
const EXIT_STOPPED = 130;

/** `privity contract make`: what a job discloses, into a file. Resolves to the exit code. */
export async function makeCommand(shell: Shell, job: string, flags: MakeFlags): Promise<number> {
  keepPrivate();
  const file = resolve(shell.cwd, flags.out ?? contractFileOf(job));
  const overwrites = flags.force === true || flags.keep === true;
  const isThere = await exists(file);
  if (isThere && !overwrites) throw fileExists(file);
  const byHand = isThere && flags.keep ? await readContractFile(file) : undefined;
  const made = await rehearseJob(shell, job, flags);
  if (made === undefined) return EXIT_STOPPED;
  const contract = byHand ? mergeByHand(made.contract, byHand) : made.contract;
  await writeOutput(file, formatContract(contract, basename(job)), 0o644, overwrites);
  const digest = contractDigest(contract);
  const { warnings } = made;
  if (flags.json) shell.out.write(jsonLine({ file, digest, warnings, contract }));
  else {
    warn(shell, warnings);
    shell.out.write(`${contractSentences(contract).map(printable).join('\n')}\n\n`);
    shell.out.write(
      `${createStyle(shell.colour.out).green('✔')} ${printable(file)}, digest ${digest.slice(0, 12)}\n`,
    );
  }
  return 0;
}

/** `privity contract check`: whether a job would disclose more than its contract allows. Resolves to the exit code. */
export async function checkContractCommand(shell: Shell, job: string, flags: CheckFlags): Promise<number> {
  keepPrivate();
  const file = resolve(shell.cwd, flags.contract ?? contractFileOf(job));
  const contract = await readContractFile(file);
  const made = await rehearseJob(shell, job, flags);
  if (made === undefined) return EXIT_STOPPED;
  const compared = compareContracts(contract, made.contract);
  const { more, less } = compared;
  if (flags.json)
    shell.out.write(jsonLine({ file, fits: more.length === 0, more, less, warnings: made.warnings }));
  else {
    warn(shell, made.warnings);
    shell.out.write(comparisonText(compared, file, shell.colour.out));
  }
  if (more.length === 0) return 0;
  const first = more[0]?.step ? `, in step "${more[0].step}" first` : '';
  throw new UsageError(
    'PRIVITY_CONTRACT_EXCEEDED',
    `${file} does not allow ${more.length} of what the job would disclose${first}`,
  );
}

/** `privity contract show`: a contract in sentences. Resolves to the exit code. */
export async function showContractCommand(
  shell: Shell,
  file: string,
  flags: ShowContractFlags,
): Promise<number> {
  const contract = await readContractFile(resolve(shell.cwd, file));
  const { for: reader } = flags;
  if (reader !== undefined && !contract.parties.includes(reader))
    throw new UsageError(
      'PRIVITY_COMMAND_LINE',
      `--for: ${reader} is none of ${contract.parties.join(', ')}`,
    );
  const sentences = contractSentences(contract, reader);
  const digest = contractDigest(contract);
  if (flags.json) shell.out.write(jsonLine({ digest, sentences, contract }));
  else shell.out.write(`${sentences.map(printable).join('\n')}\nDigest: ${digest}\n`);
  return 0;
}

/** `job.ts` has its contract in `job.contract.yaml`. */
const contractFileOf = (job: string): string => `${job.replace(/\.[cm]?[jt]s$/, '')}.contract.yaml`;

function warn(shell: Shell, warnings: readonly string[]): void {
  const style = createStyle(shell.colour.err);
  for (const text of warnings) shell.err.write(`${style.yellow('!')} ${printable(text)}\n`);
}

function comparisonText({ more, less }: Comparison, file: string, colour: boolean): string {
  const style = createStyle(colour);
  const told = more.map(
    ({ text, entry }) => `- ${printable(text)}${entry === undefined ? '' : ` (entry ${entry})`}\n`,
  );
  const kept = less.map(({ text }) => `- ${printable(text)}\n`);
  const allowed =
    kept.length === 0 ? '' : `The contract allows, and the rehearsal did not show:\n${kept.join('')}`;
  if (more.length === 0) return `${allowed}${style.green('✔')} nothing beyond ${printable(file)}\n`;
  return `${allowed}${style.red('✖')} The job would disclose what ${printable(file)} does not allow:\n${told.join('')}`;
}

type Rehearsed = Awaited<ReturnType<typeof rehearse>>;

/** undefined: it was stopped. */
async function rehearseJob(shell: Shell, job: string, flags: RehearsalFlags): Promise<Rehearsed | undefined> {
  const stopping = new AbortController();
  // The first waits for the run that is on, the second does not: what was made goes with this process.
  const stop = shell.onStopSignal(() => {
    if (stopping.signal.aborted) shell.exitNow(EXIT_STOPPED);
    stopping.abort();
  });
  const progress = rehearsalProgress(shell, flags.json === true);
  try {
    const options = await optionsOf(shell, job, flags);
    return await rehearse({ ...options, signal: stopping.signal, onProgress: progress.show });
  } catch (error) {
    if (stopping.signal.aborted) return undefined;
    throw error;
  } finally {
    progress.clear();
    stop();
  }
}

async function optionsOf(shell: Shell, job: string, flags: RehearsalFlags): Promise<RehearseOptions> {
  const file = resolve(shell.cwd, job);
  const { job: loaded } = await loadJob(file);
  const { parties } = loaded;
  const files = parsePrivateSettings({ inputs: flags.inputs ?? [], settings: [] }, parties, shell.cwd);
  const settings = parsePrivateSettings({ inputs: [], settings: flags.setting ?? [] }, parties, shell.cwd);
  const tables: Record<string, Record<string, TableToMake>> = {};
  const outputs: Record<string, Record<string, string>> = {};
  const others: Record<string, Record<string, unknown>> = { ...settings };
  const published = flags.schema === undefined ? {} : await readSchemaFile(resolve(shell.cwd, flags.schema));
  for (const [party, byName] of Object.entries(published))
    for (const [name, schema] of Object.entries(byName))
      tables[party] = { ...tables[party], [name]: { schema, file: `${name}.parquet` } };
  for (const [party, byName] of Object.entries(files))
    for (const [name, path] of Object.entries(byName)) {
      if (!(await exists(path))) outputs[party] = { ...outputs[party], [name]: basename(path) };
      else if (isTableFile(path)) tables[party] = { ...tables[party], [name]: await tableLike(path) };
      else others[party] = { ...others[party], [name]: path };
    }
  await closeDatabase();
  return {
    job: file,
    args: parseArgs(flags.arg ?? []),
    ...{ tables, outputs, settings: others },
    ...(flags.rows === undefined
      ? {}
      : { rows: flags.rows.split(',').map((text) => parseWhole('--rows', text.trim())) }),
    ...(flags.seeds === undefined ? {} : { seeds: parseWhole('--seeds', flags.seeds) }),
  };
}

async function tableLike(path: string): Promise<TableToMake> {
  const table = await readTable(path);
  const schema = await schemaOfTable(table);
  await table.drop();
  return { schema, file: basename(path).replace(/\.gz$/, '') };
}
