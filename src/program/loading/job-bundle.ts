/** The files that a job can load, found without running any of them. */
import { existsSync, statSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { createJiti } from 'jiti';
import { gatherFiles } from './job-files.ts';
import { jobPath, resolver } from './load-job.ts';

/**
 * The job file and all files that its source names, of packages the whole folder of each; and what says how they are to
 * be read: the package.json of their folders.
 *
 * @throws {UsageError} PRIVITY_JOB_NOT_FOUND, PRIVITY_JOB_LOAD_FAILED
 */
export function bundleOf(file: string): { readonly path: string; readonly files: readonly string[] } {
  const path = jobPath(file);
  const { known } = gatherFiles(path, [], resolver(createJiti(path, { fsCache: false })));
  const found = new Set<string>();
  for (const each of known) {
    const parts = each.split(sep);
    const at = parts.lastIndexOf('node_modules');
    if (at === -1) for (const one of [each, ...descriptionsAbove(each)]) found.add(one);
    else found.add(parts.slice(0, at + (parts[at + 1]?.startsWith('@') ? 3 : 2)).join(sep));
  }
  return { path, files: [...found] };
}

function descriptionsAbove(file: string): readonly string[] {
  for (let at = dirname(file); ; at = dirname(at)) {
    const description = join(at, 'package.json');
    if (existsSync(description) && statSync(description).isFile()) return [description];
    if (at === dirname(at)) return [];
  }
}
