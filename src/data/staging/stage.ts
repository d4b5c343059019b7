/**
 * Datasets, for processes that load no database: each look at a source is a process of its own, with bounds of memory
 * and time, which ends with the one that has started it.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { z } from 'zod';
import { type ErrorCode, errorCatalogue } from '../../base/error-catalogue.ts';
import { DataError, EnvironmentError, InternalError, PrivityError, UsageError } from '../../base/errors.ts';
import { ignored } from '../../base/ignored.ts';
import { reasonOf } from '../../base/system-error.ts';
import { environmentOf } from '../datasets/credential.ts';
import { type PublishOptions, publishOptions } from '../datasets/describe.ts';
import type { SourceLimits } from '../datasets/kind.ts';
import { checkedWords, type DatasetSource } from '../datasets/source.ts';
import type { PublishedSchema } from '../published-schema.ts';
import { ANSWER_BYTES_MAX, answer, STAGING_LIMITS, type StageProgress, stageRequest } from './request.ts';
import type { ChangedRows } from './row-memory.ts';
import type { Staged } from './staging.ts';

export interface StagingOptions {
  /** Where extensions of DuckDB are: `httpfs.duckdb_extension`, `postgres_scanner.duckdb_extension`. */
  readonly extensionsFolder?: string | undefined;
  /** Time-outs of servers. */
  readonly limits?: Partial<SourceLimits>;
  /** Default: {@link STAGING_LIMITS}. */
  readonly memoryLimitMb?: number | undefined;
  readonly threads?: number | undefined;
  readonly deadlineMs?: number | undefined;
  /** Ends the process; the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: StageProgress) => void) | undefined;
}

/** What of a dataset is staged. */
export interface StageInput {
  /** As it was published. */
  readonly schema: PublishedSchema;
  /** The columns that are granted, in the order in which they are written. */
  readonly columns: readonly string[];
  /** SQL of the owner: one condition on the columns of the source, also those not granted. Default: all rows. */
  readonly rows?: string | undefined;
  /** Fewer are refused. Default: 0. */
  readonly minimumRows?: number | undefined;
  /** Path of the Parquet file. */
  readonly target: string;
  /** What the node remembers of uses, in private files of its own. */
  readonly memory?: StageMemory | undefined;
}

export interface StageMemory {
  /** The key of its hashes; made when there is none. */
  readonly keyFile: string;
  /** Where this use is remembered. */
  readonly file: string;
  /** Earlier uses to compare with. Default: none. */
  readonly previous?: readonly string[];
}

/**
 * What can be published of a dataset: names and types of columns, and whether they have gaps; ranges, categories and
 * the number of rows only as far as `publish` asks for them.
 * @throws {UsageError} PRIVITY_SOURCE_INVALID if a column is not there, or `publish` is not one
 * @throws {DataError} PRIVITY_PUBLISH_REFUSED, PRIVITY_COLUMN_TYPE, PRIVITY_SOURCE_MISSING, PRIVITY_SOURCE_UNREADABLE
 * @throws {EnvironmentError} PRIVITY_SOURCE_CREDENTIAL, PRIVITY_SOURCE_EXTENSION, PRIVITY_SOURCE_UNREACHABLE,
 *   PRIVITY_SOURCE_DENIED, PRIVITY_STAGING_FAILED
 */
export async function describeSource(
  source: DatasetSource,
  publish: PublishOptions = {},
  options: StagingOptions = {},
): Promise<PublishedSchema> {
  const asked = {
    operation: 'describe',
    source,
    publish: checkedWords(publishOptions, publish, 'what is published'),
  };
  return (await ask(asked, { source, base: tmpdir() }, options)) as PublishedSchema;
}

/**
 * Whether a condition on rows can be computed: checked, and tried on the first rows of the source.
 * @throws {UsageError} PRIVITY_ROW_CONDITION; and as {@link describeSource}
 */
export async function tryRows(
  source: DatasetSource,
  rows: string,
  options: StagingOptions = {},
): Promise<void> {
  await ask({ operation: 'try', source, rows }, { source, base: tmpdir() }, options);
}

/**
 * Writes the granted columns of the rows that the condition leaves to a Parquet file, which only this user can read.
 * It appears complete or not at all.
 * @throws as {@link describeSource}; and
 * @throws {DataError} PRIVITY_SCHEMA_CHANGED, PRIVITY_COLUMN_MISSING, PRIVITY_ROWS_TOO_FEW
 * @throws {UsageError} PRIVITY_ROW_CONDITION
 * @throws {EnvironmentError} PRIVITY_FILE_UNWRITABLE, PRIVITY_MEMORY_FILE
 */
export async function stage(
  source: DatasetSource,
  input: StageInput,
  options: StagingOptions = {},
): Promise<Staged> {
  const asked = { operation: 'stage', source, stage: checkedWords(stageRequest, input, 'what is staged') };
  const staged = await ask(asked, { source, base: dirname(input.target) }, options);
  const { changed, ...rest } = staged as Staged;
  // JSON has no undefined in a list.
  return { ...rest, changed: changed.map((rows) => rows ?? undefined) };
}

/**
 * How many rows differ between two uses that `stage` has remembered; undefined if they were of different columns.
 * @throws {EnvironmentError} PRIVITY_MEMORY_FILE, PRIVITY_STAGING_FAILED
 */
export async function changedRows(
  previous: string,
  now: string,
  options: StagingOptions = {},
): Promise<ChangedRows | undefined> {
  const asked = { operation: 'changed', previous, now };
  return ((await ask(asked, { base: tmpdir() }, options)) as ChangedRows | null) ?? undefined;
}

interface Place {
  readonly source?: DatasetSource;
  /** Folder in which that of the process is made: on the disk of what it writes. */
  readonly base: string;
}

async function ask(asked: object, { source, base }: Place, options: StagingOptions): Promise<unknown> {
  options.signal?.throwIfAborted();
  const folder = await mkdtemp(join(base, '.privity-staging-')).catch((cause: unknown) => {
    const text = `${base}: no temporary folder can be made (${reasonOf(cause)})`;
    throw new EnvironmentError('PRIVITY_TEMPORARY_FOLDER', text, { cause });
  });
  try {
    const { extensionsFolder, limits = {}, memoryLimitMb, threads } = options;
    const request = {
      ...asked,
      folder,
      ...(extensionsFolder === undefined ? {} : { extensionsFolder: resolve(extensionsFolder) }),
      limits,
      memoryLimitMb: memoryLimitMb ?? STAGING_LIMITS.memoryLimitMb,
      threads: threads ?? STAGING_LIMITS.threads,
    };
    const child = start(source, folder);
    return await conversation(child, `${JSON.stringify(request)}\n`, options);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

type Child = ChildProcessByStdio<Writable, Readable, null>;

/** What of the environment it gets: how to find programs and certificates, and the credentials of this source. */
const PASSED = ['PATH', 'SSL_CERT_FILE', 'SSL_CERT_DIR'];

function start(source: DatasetSource | undefined, folder: string): Child {
  const names = [...PASSED, ...(source === undefined ? [] : environmentOf(source))];
  const given = names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]]));
  const main = fileURLToPath(new URL('./stage-main.js', import.meta.url));
  return spawn(process.execPath, [`--max-old-space-size=${STAGING_LIMITS.heapMb}`, main], {
    stdio: ['pipe', 'pipe', 'ignore'],
    cwd: folder,
    env: { ...Object.fromEntries(given), TMPDIR: folder },
  });
}

/** Until the process is gone, whatever comes first: its answer, its end, the deadline or the signal. */
async function conversation(child: Child, request: string, options: StagingOptions): Promise<unknown> {
  const { signal, onProgress, deadlineMs = STAGING_LIMITS.deadlineMs } = options;
  let isLate = false;
  const kill = () => child.kill('SIGKILL');
  const deadline = setTimeout(() => {
    isLate = true;
    kill();
  }, deadlineMs);
  signal?.addEventListener('abort', kill, { once: true });
  // An abort while the folder was being made found nobody to kill.
  if (signal?.aborted) kill();
  const exited = new Promise<string>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, by) => resolve(by === null ? `with code ${code}` : `by ${by}`));
  });
  // A process that is gone cannot be written to; its end tells the story.
  child.stdin.on('error', () => undefined);
  child.stdin.write(request);
  try {
    const [last, how] = await Promise.all([lastAnswer(child, onProgress), exited]);
    signal?.throwIfAborted();
    if (last !== undefined) return resultOf(last);
    throw failed(
      isLate ? `was not done within ${deadlineMs} ms (deadlineMs)` : `ended ${how} without an answer`,
    );
  } catch (error) {
    if (error instanceof PrivityError || signal?.aborted) throw error;
    throw failed(`cannot be started or heard (${reasonOf(error)})`);
  } finally {
    clearTimeout(deadline);
    signal?.removeEventListener('abort', kill);
    kill();
    await ignored(exited, 'one that could not be started has been told of');
  }
}

type Answer = z.output<typeof answer>;
type Last = Exclude<Answer, { progress: unknown }>;

async function lastAnswer(child: Child, onProgress: StagingOptions['onProgress']): Promise<Last | undefined> {
  let last: Last | undefined;
  let left = '';
  let bytes = 0;
  child.stdout.setEncoding('utf8');
  for await (const part of child.stdout as AsyncIterable<string>) {
    bytes += part.length;
    if (bytes > ANSWER_BYTES_MAX) throw failed(`answers with more than ${ANSWER_BYTES_MAX} bytes`);
    const lines = `${left}${part}`.split('\n');
    left = lines.pop() ?? '';
    for (const line of lines) {
      const said = answer.parse(JSON.parse(line));
      if ('progress' in said) onProgress?.(said.progress);
      else last = said;
    }
  }
  return last;
}

function resultOf(last: Last): unknown {
  if ('done' in last) return last.done;
  const { blame, code, message } = last.failed;
  if (!Object.hasOwn(errorCatalogue, code)) throw failed('answers with an error of another version');
  const known = code as ErrorCode;
  if (blame === 'DataError') throw new DataError(known, message);
  if (blame === 'UsageError') throw new UsageError(known, message);
  if (blame === 'InternalError') throw new InternalError('reading a dataset');
  throw new EnvironmentError(known, message);
}

function failed(what: string): EnvironmentError {
  return new EnvironmentError('PRIVITY_STAGING_FAILED', `the process that reads the dataset ${what}`);
}
