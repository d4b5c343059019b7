/**
 * Loads a job file and hashes it. TypeScript is compiled on the way (jiti), and `import ... from 'privity'` always
 * gives the running copy of the package, wherever the job lies: another copy would not know this run's handles.
 */
import { realpathSync, type Stats, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createJiti, type Jiti } from 'jiti';
import { PrivityError, UsageError } from '../../base/errors.ts';
import type { Item } from '../../coordination/hello-facts.ts';
import { isJob, type Job } from '../model/job.ts';
import { digestOf } from '../state/branch.ts';
import { gatherFiles, nameOf, type Resolve } from './job-files.ts';
import { ImportWatch } from './job-imports.ts';
import { loadPublicModule, NotYetLoaded } from './public-modules.ts';

export interface LoadedJob {
  readonly job: Job;
  /** The job file, absolute. */
  readonly path: string;
  /**
   * SHA-256, in hex, over the job file and all files that it imports, or can import later by a name that stands in its
   * source, those of packages (node_modules) among them: their bytes and names. The name of the job file itself does
   * not count.
   */
  readonly hash: string;
  /** The job's own hashed files, relative to its folder; the job file first. */
  readonly files: readonly string[];
  /** All hashed files by name. */
  readonly items: readonly Item[];
  /** @throws {UsageError} PRIVITY_JOB_LATE_IMPORT: a file that is not among them */
  readonly checkImport: (path: string) => void;
}

export const JOB_EXTENSIONS: readonly string[] = ['.ts', '.mts', '.js', '.mjs'];

/** What an error message quotes of an error that a job threw while it was loaded. */
const MESSAGE_CHARS_MAX = 500;

const moduleCache: Record<string, unknown> = createRequire(import.meta.url).cache;

/**
 * @param code paths of all that it may load, without links. Default: whatever it finds
 * @throws {UsageError} PRIVITY_JOB_NOT_FOUND, PRIVITY_JOB_SYNTAX, PRIVITY_JOB_TOP_LEVEL_AWAIT, PRIVITY_JOB_LOAD_FAILED,
 *   PRIVITY_JOB_NOT_A_JOB, PRIVITY_JOB_PACKAGE, and PRIVITY_JOB_INVALID from `job` itself
 */
export async function loadJob(file: string, code?: readonly string[]): Promise<LoadedJob> {
  for (;;) {
    try {
      return loadedOnce(file, code);
    } catch (error) {
      // Imports come before all else: what ran of the job runs once more.
      if (!(error instanceof NotYetLoaded)) throw error;
      await loadPublicModule(error.module);
    }
  }
}

/** @throws {NotYetLoaded} */
function loadedOnce(file: string, code?: readonly string[]): LoadedJob {
  const path = jobPath(file);
  const watch = new ImportWatch(path);
  const load = createJiti(path, watch.options());
  const before = new Set(Object.keys(moduleCache));
  const isOwn = (key: string): boolean => !relative(dirname(path), key).split(sep).includes('node_modules');
  const fresh = (): readonly string[] => Object.keys(moduleCache).filter((key) => !before.has(key));
  try {
    const exported = evaluate(path, load);
    if (!isJob(exported)) throw notAJob(file, moduleCache[path]);
    const { hash, items, own, known } = gatherFiles(path, [...fresh(), ...watch.asked], resolver(load));
    if (code !== undefined) checkCode(path, known, code);
    watch.seal(known);
    return {
      job: exported,
      path,
      hash: declaredHash(hash, exported),
      files: own,
      items,
      checkImport: (at) => watch.check(at),
    };
  } finally {
    // Loading the same file again has to read it again.
    for (const key of fresh()) if (isOwn(key)) delete moduleCache[key];
  }
}

/** Whatever way the job has found to a file: by a name that it has made, too. */
function checkCode(job: string, known: ReadonlySet<string>, code: readonly string[]): void {
  for (const path of known) {
    const real = realpathSync(path);
    if (code.some((folder) => real.startsWith(`${folder}${sep}`))) continue;
    throw new UsageError(
      'PRIVITY_JOB_PACKAGE',
      `The job loads ${nameOf(dirname(job), path)}, which is not of its own files and of no package that jobs may import here.`,
    );
  }
}

/** As `import` and as `require` find it: a package may have a file for each. */
export function resolver(load: Jiti): Resolve {
  return (name, parentURL) => {
    const found = [true, false].flatMap((async) => {
      try {
        const at = load.esmResolve(name, {
          parentURL,
          try: true,
          ...(async ? {} : { conditions: ['node', 'require'] }),
        });
        return at === undefined ? [] : [at.startsWith('file:') ? fileURLToPath(at) : at];
      } catch {
        // Not there: loading it will say so.
        return [];
      }
    });
    return [...new Set(found)];
  };
}

/** The job file, absolute and without links. @throws {UsageError} PRIVITY_JOB_NOT_FOUND */
export function jobPath(file: string): string {
  const path = resolve(file);
  const refuse = (why: string, cause?: unknown): UsageError =>
    new UsageError('PRIVITY_JOB_NOT_FOUND', why, { cause });
  let found: Stats;
  try {
    found = statSync(path);
  } catch (error) {
    throw refuse(`The job file ${file} cannot be read (${(error as NodeJS.ErrnoException).code}).`, error);
  }
  if (found.isDirectory()) throw refuse(`${file} is a folder, not a job file.`);
  if (!found.isFile()) throw refuse(`${file} is not a file.`);
  if (JOB_EXTENSIONS.some((extension) => path.endsWith(extension))) return realpathSync(path);
  throw refuse(`${file} is no job file: its name has to end in ${JOB_EXTENSIONS.join(', ')}.`);
}

/** The default export. The compiler's CommonJS-like mode is used because only there every import passes through it. */
function evaluate(path: string, load: Jiti): unknown {
  try {
    const loaded: unknown = load(path);
    return typeof loaded === 'object' && loaded !== null && 'default' in loaded ? loaded.default : loaded;
  } catch (error) {
    if (error instanceof PrivityError || error instanceof NotYetLoaded) throw error;
    throw loadFailed(path, error);
  }
}

function loadFailed(path: string, error: unknown): UsageError {
  const { name, message } = (error ?? {}) as Partial<Error>;
  const words = String(message ?? error).split('Require stack:')[0] ?? '';
  const folder = `${dirname(path)}${sep}`;
  const line = words.replaceAll(folder, '').replace(/\s+/g, ' ').trim().slice(0, MESSAGE_CHARS_MAX);
  const awaits = topLevelAwait(error);
  if (awaits !== undefined) {
    const where = awaits.replace(folder, '').replace(/:(\d+)$/, ', line $1');
    return new UsageError(
      'PRIVITY_JOB_TOP_LEVEL_AWAIT',
      `${where}: await outside of any function. A job is loaded in one go: move this into the job function or into a task.`,
      { cause: error },
    );
  }
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

/** `path:line` of an `await` that stands in no function; the compiler lets it pass, and keeps lines. */
function topLevelAwait(error: unknown): string | undefined {
  if (!(error instanceof SyntaxError)) return undefined;
  const [where = '', code = ''] = error.stack?.split('\n') ?? [];
  const isAwait =
    /await is only valid|Unexpected reserved word/.test(error.message) && /\bawait\b/.test(code);
  return isAwait && /:\d+$/.test(where) ? where : undefined;
}

function notAJob(file: string, module: unknown): UsageError {
  const { exports } = (module ?? {}) as { exports?: unknown };
  const named = typeof exports === 'object' && exports !== null ? exports : {};
  const isModule = '__esModule' in named || Object.keys(named).length === 0;
  const job = Object.entries(named).find(([, value]) => isJob(value))?.[0];
  const hint = job === undefined ? '' : ` It exports a job as ${job}.`;
  const what =
    isModule && !('default' in named) ? 'has no default export' : 'has a default export that is not a job';
  return new UsageError(
    'PRIVITY_JOB_NOT_A_JOB',
    `${file} ${what}.${hint} Write: export default job({ parties: [...] }, async ({ ... }) => { ... }).`,
  );
}
/** What a job declares beside its code can come from outside of its files, and has to be the same all the same. */
function declaredHash(hash: string, { stepDeadlineMs }: Job): string {
  if (stepDeadlineMs === undefined) return hash;
  return digestOf(['privity job with deadline', hash, String(stepDeadlineMs)]).toString('hex');
}
