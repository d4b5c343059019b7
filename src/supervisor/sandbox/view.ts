/**
 * What a sandboxed program sees of this machine's files, all of it read-only: Node.js, Privity, its own job, and what
 * the run was given.
 */
import { existsSync, lstatSync, readFileSync, readlinkSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, isAbsolute, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface View {
  /** Files and folders, bound where they are; none lies within another. */
  readonly paths: readonly string[];
  /** Links of the system, such as /lib64. */
  readonly links: readonly { readonly at: string; readonly to: string }[];
  /** Of /proc, with nothing in them. */
  readonly hiddenFolders: readonly string[];
  readonly hiddenFiles: readonly string[];
}

/**
 * What this kernel has in /proc that is the machine's and not a namespace's. Such files belong to root, and root
 * outside is their owner inside, whatever else it has lost: a program that the core pattern names is run outside.
 */
const HIDDEN_FOLDERS = ['/proc/sys', '/proc/irq', '/proc/bus', '/proc/acpi', '/proc/scsi'];
const HIDDEN_FILES = ['/proc/sysrq-trigger', '/proc/kcore', '/proc/keys', '/proc/timer_list', '/proc/kmsg'];

/** Of settings nested deeper nothing is a path. */
const SETTINGS_DEPTH_MAX = 16;
/** dist/src/supervisor/sandbox/view.js */
const PACKAGE = fileURLToPath(new URL('../../../..', import.meta.url));

/** @param job the files of the job (bundleOf) */
export function sandboxView(job: readonly string[], settings: Readonly<Record<string, unknown>>): View {
  const system = systemView();
  const given = pathsIn(settings).filter((path) => existsSync(path));
  return {
    paths: outermost([...system.paths, ...ownPaths(), ...job, ...given]),
    links: system.links,
    hiddenFolders: HIDDEN_FOLDERS.filter((path) => existsSync(path)),
    hiddenFiles: HIDDEN_FILES.filter((path) => existsSync(path)),
  };
}

/** Node.js, and the folders of the libraries that this process, which is one, has loaded. */
function systemView(): Pick<View, 'paths' | 'links'> {
  const libraries = readFileSync('/proc/self/maps', 'utf8').matchAll(/ (\/\S+\.so[.\d]*)$/gm);
  const folders = [...libraries]
    .map(([, path = '']) => dirname(path))
    .filter((path) => !path.includes('node_modules'));
  const links: { at: string; to: string }[] = [];
  const paths: string[] = [realpathSync(process.execPath), ...folders];
  for (const at of ['/lib', '/lib64', '/usr/lib64', '/etc/ld.so.cache']) {
    const found = lstatSync(at, { throwIfNoEntry: false });
    if (found?.isSymbolicLink()) links.push({ at, to: readlinkSync(at) });
    else if (found !== undefined) paths.push(at);
  }
  return { paths, links };
}

/** Privity itself, and the folders of packages in which what it needs lies. */
function ownPaths(): readonly string[] {
  const description = join(PACKAGE, 'package.json');
  const { dependencies = {}, peerDependencies = {} } = JSON.parse(readFileSync(description, 'utf8')) as {
    readonly dependencies?: object;
    readonly peerDependencies?: object;
  };
  const { resolve } = createRequire(description);
  const folders = Object.keys({ ...dependencies, ...peerDependencies }).flatMap((name) => {
    const found = (resolve.paths(name) ?? [])
      .map((folder) => join(folder, name))
      .find((path) => existsSync(path));
    return found === undefined ? [] : [found, realpathSync(found)].flatMap((path) => packagesAround(path));
  });
  return [join(PACKAGE, 'dist'), description, ...folders];
}

/** The outermost folder of packages around a path. */
export function packagesAround(path: string): readonly string[] {
  const parts = path.split(sep);
  const at = parts.indexOf('node_modules');
  return at === -1 ? [] : [parts.slice(0, at + 1).join(sep)];
}

/** Texts of settings that are absolute paths; relative ones have been made so before. */
export function pathsIn(value: unknown, depth = 0): readonly string[] {
  if (typeof value === 'string') return isAbsolute(value) && !value.includes('\0') ? [value] : [];
  if (typeof value !== 'object' || value === null || depth > SETTINGS_DEPTH_MAX) return [];
  return Object.values(value).flatMap((inner) => pathsIn(inner, depth + 1));
}

/** In an order in which folders come before what could lie in them, and without what does. */
export function outermost(paths: readonly string[]): readonly string[] {
  const kept: string[] = [];
  for (const path of [...new Set(paths)].sort()) {
    if (!kept.some((above) => path.startsWith(above === '/' ? above : `${above}/`))) kept.push(path);
  }
  return kept;
}
