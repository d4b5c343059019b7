/** Where a new folder gets this copy of Privity from: where it was installed from itself. */
import { readFile } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ignored } from '../../base/ignored.ts';

/** The folder of this package, which has templates, and the versions that it was built with. */
export const PACKAGE_FOLDER = fileURLToPath(new URL('../../../../', import.meta.url));

export interface PackageManifest {
  readonly version: string;
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

export async function ownManifest(): Promise<PackageManifest> {
  return JSON.parse(await readFile(join(PACKAGE_FOLDER, 'package.json'), 'utf8')) as PackageManifest;
}

/**
 * What package.json of `folder` says of Privity: the version for one that came from a registry, else the clone or the
 * packed file, which no registry has.
 */
export async function packageSource(
  folder: string,
  version: string,
  packageFolder = resolve(PACKAGE_FOLDER),
): Promise<string> {
  const modules = dirname(packageFolder);
  if (basename(modules) !== 'node_modules') return fileSource(folder, packageFolder);
  const reading = readFile(join(modules, '.package-lock.json'), 'utf8');
  const text = await ignored(reading, 'npm keeps none for some installs; the version says enough');
  const from = text === undefined ? undefined : installedFrom(text);
  return from === undefined ? `^${version}` : fileSource(folder, resolve(dirname(modules), from));
}

function installedFrom(lockfile: string): string | undefined {
  const { packages } = JSON.parse(lockfile) as {
    readonly packages?: Readonly<Record<string, { readonly resolved?: string }>>;
  };
  const { resolved = '' } = packages?.['node_modules/privity'] ?? {};
  return resolved.startsWith('file:') ? resolved.slice('file:'.length) : undefined;
}

const fileSource = (folder: string, path: string): string =>
  `file:${relative(folder, path).split(sep).join('/')}`;
