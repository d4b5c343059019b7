import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { projectRoot } from './project-files.ts';

interface Entry {
  readonly version?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}
type Packages = Readonly<Record<string, Entry>>;

/** Where Node would find a package that is required from `from`. */
function resolvesTo(packages: Packages, from: string, name: string): string | undefined {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))) {
    const path = `${folder === '' ? '' : `${folder}/`}node_modules/${name}`;
    if (packages[path]?.version !== undefined) return path;
    if (folder === '') return undefined;
  }
}

/**
 * Packages that others need and the lockfile lacks. `npm install` drops binaries of other platforms that the registry
 * in use does not have, and then `npm ci` refuses the lockfile on every machine.
 */
function missing(packages: Packages): string[] {
  return Object.entries(packages).flatMap(([path, entry]) =>
    Object.keys({ ...entry.dependencies, ...entry.optionalDependencies })
      .filter((name) => resolvesTo(packages, path, name) === undefined)
      .map((name) => `${path} needs ${name}`),
  );
}

describe('package-lock.json', () => {
  const { packages } = JSON.parse(readFileSync(join(projectRoot, 'package-lock.json'), 'utf8')) as {
    packages: Packages;
  };

  it('has every package of every platform, as npm ci demands', () => {
    assert.ok(Object.keys(packages).length > 100);
    assert.deepEqual(missing(packages), []);
  });

  it('notices a package that is not there', () => {
    const { 'node_modules/zod': zod, ...without } = packages;
    assert.ok(zod);
    assert.ok(missing(without).includes(' needs zod'));
  });
});
