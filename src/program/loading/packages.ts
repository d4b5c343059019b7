/** Packages as they lie on a machine: where one is found from a folder, and what it needs beside itself. */
import { readFile, realpath } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { dirname, join } from 'node:path';
import { ignored } from '../../base/ignored.ts';
import { namedImports } from './named-imports.ts';

/** As npm takes them, with those of former times. */
export const PACKAGE_NAME = /^(?:@[A-Za-z0-9~][\w.~-]{0,100}\/)?[A-Za-z0-9~][\w.~-]{0,212}$/;

/** Of a version that somebody reads. */
export const VERSION_CHARS_MAX = 100;

export interface FoundPackage {
  readonly name: string;
  /** Without links. */
  readonly folder: string;
  readonly version: string;
  /** Names of the packages that it says it needs. */
  readonly needs: readonly string[];
}

/** Names of the packages that a source imports, but Privity, which every job has. */
export function namedPackages(source: string): readonly string[] {
  const names = namedImports(source).flatMap((name) => {
    if (isBuiltin(name)) return [];
    const [first = '', second = ''] = name.split('/');
    const found = first.startsWith('@') ? `${first}/${second}` : first;
    return PACKAGE_NAME.test(found) && name !== 'privity' ? [found] : [];
  });
  return [...new Set(names)];
}

/** Below `node_modules` of a folder; undefined: it is not there. */
export async function packageIn(folder: string, name: string): Promise<FoundPackage | undefined> {
  const at = join(folder, 'node_modules', name);
  const text = await ignored(readFile(join(at, 'package.json'), 'utf8'), 'it is not there');
  const words = text === undefined ? undefined : descriptionIn(text);
  if (words === undefined) return undefined;
  const needs = ['dependencies', 'optionalDependencies', 'peerDependencies'].flatMap((key) =>
    Object.keys(Object(words[key]) as object).filter((one) => PACKAGE_NAME.test(one)),
  );
  return {
    name,
    folder: await realpath(at),
    version: String(words.version ?? 'of no version').slice(0, VERSION_CHARS_MAX),
    needs,
  };
}

/** As Node.js finds it from a folder: there, or further up. */
export async function packageFrom(folder: string, name: string): Promise<FoundPackage | undefined> {
  for (let at = folder; ; at = dirname(at)) {
    const found = await packageIn(at, name);
    if (found !== undefined || at === dirname(at)) return found;
  }
}

/** Folders of packages and of all that they need; what is missing is missed when it is loaded. */
export async function foldersOf(
  packages: readonly FoundPackage[],
  foldersMax: number,
): Promise<readonly string[]> {
  const found = new Map(packages.map((one) => [one.folder, one]));
  // Grows while it is gone through.
  for (const { folder, needs } of found.values())
    for (const name of needs) {
      if (found.size > foldersMax) throw new RangeError(`more than ${foldersMax} packages`);
      const needed = await packageFrom(folder, name);
      if (needed !== undefined) found.set(needed.folder, needed);
    }
  return [...found.keys()];
}

function descriptionIn(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return Object(JSON.parse(text)) as Readonly<Record<string, unknown>>;
  } catch {
    return undefined;
  }
}
