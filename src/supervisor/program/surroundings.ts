/** Under what a party runs a job, beside the job itself: the versions that its results may depend on. */
import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Surroundings } from '../seam/platform.ts';

const LOCKFILES = ['package-lock.json', 'npm-shrinkwrap.json', 'pnpm-lock.yaml', 'yarn.lock', 'bun.lock'];
/** Larger ones are not looked at. The largest known have some 5 MB. */
const LOCKFILE_BYTES_MAX = 64 * 1024 * 1024;
/** Hex digits: as many as of the files of a job. */
const DIGEST_CHARS = 16;

export function surroundingsOf(jobFile: string): Surroundings {
  return { node: process.version, duckdb: duckdbVersion(), lockfile: lockfileOf(dirname(jobFile)) };
}

/** Of the package that Privity itself would load, which is not loaded for this. */
export function duckdbVersion(): string {
  try {
    const entry = createRequire(import.meta.url).resolve('@duckdb/node-api');
    for (let at = dirname(entry); at !== dirname(at); at = dirname(at)) {
      const version = versionIn(at);
      if (version !== undefined) return version;
    }
  } catch {
    // Not installed: tables cannot be used here.
  }
  return '';
}

function versionIn(folder: string): string | undefined {
  try {
    const read: unknown = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    const { name, version } = read as { name?: unknown; version?: unknown };
    return name === '@duckdb/node-api' ? String(version) : undefined;
  } catch {
    return undefined;
  }
}

/** The first folder upwards that has one. */
export function lockfileOf(folder: string): string {
  for (let at = folder; ; at = dirname(at)) {
    for (const name of LOCKFILES) {
      const path = join(at, name);
      const found = statSync(path, { throwIfNoEntry: false });
      if (found?.isFile() && found.size <= LOCKFILE_BYTES_MAX) return `${name} ${digest(path)}`;
    }
    if (at === dirname(at)) return '';
  }
}

function digest(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex').slice(0, DIGEST_CHARS);
}
