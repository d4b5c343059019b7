/** A job file as it is proposed. */
import { readFile } from 'node:fs/promises';
import { dirname, relative, resolve, sep } from 'node:path';
import { UsageError } from '../../base/errors.ts';
import { readContractFile } from '../../config/contract-file.ts';
import type { Contract } from '../../observe/contract/contract.ts';
import { packageFrom } from '../../program/loading/packages.ts';
import { packagesOf } from '../core/packages.ts';
import { type BundleFiles, packBundle } from '../model/bundle.ts';
import type { PackedJob } from './of-proposals.ts';

/**
 * A job with all files of its own, and its contract, as a node takes it, for `propose`. Loads the job into this
 * process, as an import does. Relative paths count from the current folder.
 *
 * @param contract the contract file; default: beside the job, `job.contract.yaml` of `job.ts`
 * @throws {UsageError} PRIVITY_JOB_NOT_FOUND and other mistakes of the job; PRIVITY_CONTRACT_INVALID and those of the
 *   contract file
 */
export async function packJob(job: string, contract: string = contractBeside(job)): Promise<PackedJob> {
  // The compiler of jobs is loaded by those who need it.
  const { loadJob } = await import('../../program/loading/load-job.ts');
  const loaded = await loadJob(resolve(job));
  return packed(loaded, loaded.job.parties, await readContractFile(resolve(contract)));
}

/** Where the contract of a job lies if nobody says otherwise. */
export const contractBeside = (job: string): string => `${job.replace(/\.[cm]?[jt]s$/, '')}.contract.yaml`;

/** A job that was loaded: its file, the hash that parties compare, and all files of its own. */
export interface LoadedCode {
  readonly path: string;
  readonly hash: string;
  readonly files: readonly string[];
}

/** @throws {UsageError} PRIVITY_JOB_PACKAGE, PRIVITY_PROPOSAL_BUNDLE */
export async function packed(
  { path, hash, files }: LoadedCode,
  parties: readonly string[],
  contract: Contract,
): Promise<PackedJob> {
  const contents = await ownFiles(path, files);
  const packages = await versionsOf(packagesOf(contents.files), dirname(path));
  return {
    parties,
    job: {
      file: contents.file,
      hash,
      ...(packages.length > 0 ? { packages: Object.fromEntries(packages) } : {}),
    },
    bundle: packBundle(contents.files).toString('base64'),
    contract,
  };
}

/** Named below the folder that all of them share. */
async function ownFiles(
  job: string,
  files: readonly string[],
): Promise<{ readonly files: BundleFiles; readonly file: string }> {
  const paths = files.map((name) => resolve(dirname(job), name));
  let root = dirname(job);
  while (!paths.every((path) => path.startsWith(root.endsWith(sep) ? root : `${root}${sep}`)))
    root = dirname(root);
  const contents = new Map<string, Uint8Array>();
  for (const path of paths) contents.set(nameIn(root, path), await readFile(path));
  return { files: contents, file: nameIn(root, job) };
}

const nameIn = (root: string, path: string): string => relative(root, path).split(sep).join('/');

/** As they are here, which is what the job was rehearsed with. */
async function versionsOf(
  names: readonly string[],
  folder: string,
): Promise<readonly (readonly [string, string])[]> {
  return Promise.all(
    names.map(async (name) => {
      const found = await packageFrom(folder, name);
      if (found !== undefined) return [name, found.version] as const;
      throw new UsageError(
        'PRIVITY_JOB_PACKAGE',
        `the job imports the package ${name}, which is not found from ${folder}`,
      );
    }),
  );
}
