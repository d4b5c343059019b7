/**
 * The files of a job: its own and those of packages, whatever it has loaded and whatever its source can load later by a
 * name that stands in it. Their hash is compared by all parties before the start; what is not among them is refused
 * (job-imports.ts).
 */
import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { basename, dirname, extname, join, relative, sep } from 'node:path';
import { UsageError } from '../../base/errors.ts';
import { byName, type Item } from '../../coordination/hello-facts.ts';
import { digestOf } from '../state/branch.ts';
import { isOfPrivity } from './public-modules.ts';

/** Own files of a job; more are a folder that was imported by mistake. */
export const JOB_FILES_MAX = 1_000;
/** Files of packages that a job can load. Large packages have some thousand. */
export const PACKAGE_FILES_MAX = 20_000;
/** A job is code, not data. */
export const JOB_FILE_BYTES_MAX = 16 * 1024 * 1024;

export interface JobFiles {
  /** SHA-256, in hex, over names and bytes. */
  readonly hash: string;
  /** By name; the job file has the name ''. */
  readonly items: readonly Item[];
  /** Names of the job's own files, relative to its folder; the job file first. */
  readonly own: readonly string[];
  /** Paths of everything that was hashed. */
  readonly known: ReadonlySet<string>;
}

/** Where a name in a file leads; more than one where that depends on how it is loaded. */
export type Resolve = (name: string, from: string) => readonly string[];

export const CODE: ReadonlySet<string> = new Set([
  '.ts',
  '.mts',
  '.cts',
  '.tsx',
  '.js',
  '.mjs',
  '.cjs',
  '.jsx',
]);
/**
 * The names that a source imports: `from 'x'`, `import 'x'`, `import('x')`, `require('x')`. One too many does no harm.
 */
const IMPORTS =
  /\b(?:from|import|require)\s*\(?\s*(?:\/\*[^*]*\*\/\s*)*(?:'([^'\\\n]+)'|"([^"\\\n]+)"|`([^`$\\\n]+)`)/g;
/** Of a file or a package; other texts behind such a word are none. */
const NAME = /^[./@#\w~][^\s:<>|*?"'`]{0,300}$/;

/**
 * @param loaded what has been loaded already, the job file among it
 * @throws {UsageError} PRIVITY_JOB_LOAD_FAILED: too many files, or one that is too large
 */
export function gatherFiles(job: string, loaded: readonly string[], resolve: Resolve): JobFiles {
  const folder = dirname(job);
  const known = new Set<string>([job, ...loaded]);
  const items: Item[] = [];
  const own: string[] = [];
  // Grows while it is gone through.
  for (const path of known) {
    if (isExempt(folder, path)) continue;
    const name = nameOf(folder, path);
    if (!isPackaged(folder, path)) own.push(name);
    checkCount(own.length, known.size - own.length);
    const bytes = read(path, name);
    items.push({
      name: path === job ? '' : name,
      digest: sha256(bytes),
      also: sha256(withOneLineEnd(bytes)),
    });
    if (!CODE.has(extname(path))) continue;
    for (const found of importedBy(bytes.toString('utf8'), path, resolve)) known.add(found);
  }
  const sorted = numbered(items.sort((a, b) => byName(a, b) || (a.digest < b.digest ? -1 : 1)));
  const hash = digestOf(['privity job 2', ...sorted.map(({ name, digest }) => [name, digest])]).toString(
    'hex',
  );
  const others = own.filter((name) => name !== nameOf(folder, job)).sort();
  return { hash, items: sorted, own: [nameOf(folder, job), ...others], known };
}

/**
 * Whether a file is no part of what parties compare: machine code of packages, which is another one for each kind of
 * machine. npm marks the packages that are only for some machines.
 */
export function isExempt(folder: string, path: string): boolean {
  if (!isPackaged(folder, path)) return false;
  return extname(path) === '.node' || isForSomeMachines(path);
}

/** By folder; a package has many files. */
const forSomeMachines = new Map<string, boolean>();

function isForSomeMachines(path: string): boolean {
  const folder = dirname(path);
  const known = forSomeMachines.get(folder);
  if (known !== undefined) return known;
  const found = packageAt(folder);
  const isSo = found === undefined ? isBelowSuch(folder) : found.os !== undefined || found.cpu !== undefined;
  forSomeMachines.set(folder, isSo);
  return isSo;
}

/** The package begins further up, if this is one. */
function isBelowSuch(folder: string): boolean {
  const up = dirname(folder);
  return basename(folder) !== 'node_modules' && up !== folder && isForSomeMachines(folder);
}

/** The description of the package that begins here. */
function packageAt(folder: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const read: unknown = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    return typeof read === 'object' && read !== null && 'name' in read ? { ...read } : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a file lies below a folder called node_modules, as seen from the job; the job itself may lie in one. */
function isPackaged(folder: string, path: string): boolean {
  return relative(folder, path).split(sep).includes('node_modules');
}

/**
 * Relative to the job; of a package's file from the last node_modules on, because that folder may lie elsewhere at
 * another party.
 */
export function nameOf(folder: string, path: string): string {
  const parts = relative(folder, path).split(sep);
  return parts.slice(Math.max(0, parts.lastIndexOf('node_modules'))).join('/');
}

function importedBy(source: string, path: string, resolve: Resolve): readonly string[] {
  const names = new Set([...source.matchAll(IMPORTS)].map(([, a, b, c]) => a ?? b ?? c ?? ''));
  return [...names].flatMap((name) => {
    if (!NAME.test(name) || isOfPrivity(name) || isBuiltin(name)) return [];
    return resolve(name, path).filter((found) => isFile(found));
  });
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

function checkCount(own: number, packaged: number): void {
  const [what, max] =
    own > JOB_FILES_MAX ? ['of its own', JOB_FILES_MAX] : ['of packages', PACKAGE_FILES_MAX];
  if (own <= JOB_FILES_MAX && packaged <= PACKAGE_FILES_MAX) return;
  throw new UsageError('PRIVITY_JOB_LOAD_FAILED', `The job imports over ${max} files ${what}.`);
}

function read(path: string, name: string): Buffer {
  if (statSync(path).size <= JOB_FILE_BYTES_MAX) return readFileSync(path);
  const message = `${name}, which the job imports, has over ${JOB_FILE_BYTES_MAX} bytes.`;
  throw new UsageError('PRIVITY_JOB_LOAD_FAILED', message);
}

/** Two versions of one package have files of one name: the second is told apart. */
function numbered(items: readonly Item[]): readonly Item[] {
  return items.map((item, i) => {
    let before = 0;
    while (items[i - before - 1]?.name === item.name) before++;
    return before === 0 ? item : { ...item, name: `${item.name} (${before + 1})` };
  });
}

function withOneLineEnd(bytes: Buffer): Buffer {
  return Buffer.from(bytes.toString('latin1').replace(/\r\n?/g, '\n'), 'latin1');
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
