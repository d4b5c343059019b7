/**
 * Loads a job file and hashes it. TypeScript is compiled on the way (jiti), and `import ... from 'privity'` always gives the
 * running copy of the package, wherever the job lies: another copy would not know this run's handles.
 */
import { createHash } from 'node:crypto';
import { readFileSync, realpathSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, relative, resolve, sep } from 'node:path';
import { createJiti } from 'jiti';
import { PrivityError, UsageError } from '../base/errors.ts';
import { digestOf } from './branch.ts';
import { isJob, type Job } from './job.ts';

export interface LoadedJob {
  readonly job: Job;
  /** The job file, absolute. */
  readonly path: string;
  /**
   * SHA-256, in hex, over the job file and all files that it imports, but those of packages (node_modules): their bytes and
   * their paths relative to the job's folder. The name of the job file itself does not count.
   */
  readonly hash: string;
  /** The hashed files, relative to the job's folder; the job file first. */
  readonly files: readonly string[];
}

export const JOB_EXTENSIONS: readonly string[] = ['.ts', '.mts', '.js', '.mjs'];
/** Own files of a job; more are a folder that was imported by mistake. */
export const JOB_FILES_MAX = 1_000;
/** A job is code, not data. */
export const JOB_FILE_BYTES_MAX = 16 * 1024 * 1024;

/** What an error message quotes of an error that a job threw while it was loaded. */
const MESSAGE_CHARS_MAX = 500;

const moduleCache: Record<string, unknown> = createRequire(import.meta.url).cache;

/**
 * @throws {UsageError} PRIVITY_JOB_NOT_FOUND, PRIVITY_JOB_SYNTAX, PRIVITY_JOB_LOAD_FAILED, PRIVITY_JOB_NOT_A_JOB, and
 *   PRIVITY_JOB_INVALID from `job` itself
 */
export async function loadJob(file: string): Promise<LoadedJob> {
  const path = findJob(file);
  const publicModule = await import('./public.ts');
  const before = new Set(Object.keys(moduleCache));
  try {
    const exported = evaluate(path, publicModule);
    if (!isJob(exported)) throw notAJob(file, exported);
    const loaded = Object.keys(moduleCache).filter((key) => !before.has(key) && isOwn(key));
    return { job: exported, path, ...hashFiles(path, loaded, exported) };
  } finally {
    // Loading the same file again has to read it again.
    for (const key of Object.keys(moduleCache)) if (!before.has(key) && isOwn(key)) delete moduleCache[key];
  }
}

const isOwn = (path: string): boolean => !path.split(sep).includes('node_modules');

function findJob(file: string): string {
  const path = resolve(file);
  if (!JOB_EXTENSIONS.some((extension) => path.endsWith(extension))) {
    throw new UsageError(
      'PRIVITY_JOB_NOT_FOUND',
      `${file} is no job file: its name has to end in ${JOB_EXTENSIONS.join(', ')}.`,
    );
  }
  try {
    if (statSync(path).isFile()) return realpathSync(path);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    throw new UsageError('PRIVITY_JOB_NOT_FOUND', `The job file ${file} cannot be read (${code}).`, {
      cause: error,
    });
  }
  throw new UsageError('PRIVITY_JOB_NOT_FOUND', `${file} is not a file.`);
}

/** The default export. The package's CommonJS-like mode is used because only there every import passes through jiti. */
function evaluate(path: string, publicModule: object): unknown {
  const load = createJiti(path, {
    fsCache: false,
    moduleCache: true,
    virtualModules: { privity: publicModule },
  });
  try {
    const loaded: unknown = load(path);
    return typeof loaded === 'object' && loaded !== null && 'default' in loaded ? loaded.default : loaded;
  } catch (error) {
    if (error instanceof PrivityError) throw error;
    throw loadFailed(path, error);
  }
}

function loadFailed(path: string, error: unknown): UsageError {
  const { name, message } = (error ?? {}) as Partial<Error>;
  const words = String(message ?? error).split('Require stack:')[0] ?? '';
  const folder = `${dirname(path)}${sep}`;
  const line = words.replaceAll(folder, '').replace(/\s+/g, ' ').trim().slice(0, MESSAGE_CHARS_MAX);
  if (name === 'SyntaxError' || line.startsWith('ParseError')) {
    return new UsageError('PRIVITY_JOB_SYNTAX', `The job does not compile: ${line}`, { cause: error });
  }
  return new UsageError(
    'PRIVITY_JOB_LOAD_FAILED',
    `The job could not be loaded: ${name ?? 'Error'}: ${line}`,
    {
      cause: error,
    },
  );
}

function notAJob(file: string, exported: unknown): UsageError {
  const empty = typeof exported === 'object' && exported !== null && Object.keys(exported).length === 0;
  const what =
    exported === undefined || empty ? 'has no default export' : 'has a default export that is not a job';
  return new UsageError(
    'PRIVITY_JOB_NOT_A_JOB',
    `${file} ${what}. Write: export default job({ parties: [...] }, async ({ ... }) => { ... }).`,
  );
}

/** What a job declares beside its code can come from outside of its files, and has to be the same all the same. */
function hashFiles(
  path: string,
  loaded: readonly string[],
  { stepDeadlineMs }: Job,
): { readonly hash: string; readonly files: readonly string[] } {
  const others = [...new Set(loaded)].filter((file) => file !== path);
  if (others.length >= JOB_FILES_MAX) {
    throw new UsageError(
      'PRIVITY_JOB_LOAD_FAILED',
      `The job imports over ${JOB_FILES_MAX} files of its own.`,
    );
  }
  const named = others
    .map((file) => ({ file, name: relative(dirname(path), file).split(sep).join('/') }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const hashes = [{ file: path, name: '' }, ...named].map(({ file, name }) => [name, hashFile(file)]);
  const declared = stepDeadlineMs === undefined ? [] : [['stepDeadlineMs', String(stepDeadlineMs)]];
  return {
    hash: digestOf(['privity job 1', ...hashes, ...declared]).toString('hex'),
    files: [relative(dirname(path), path), ...named.map(({ name }) => name)],
  };
}

function hashFile(file: string): string {
  if (statSync(file).size > JOB_FILE_BYTES_MAX) {
    throw new UsageError(
      'PRIVITY_JOB_LOAD_FAILED',
      `A file that the job imports has over ${JOB_FILE_BYTES_MAX} bytes.`,
    );
  }
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}
