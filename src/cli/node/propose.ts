/** `privity propose`: a job, packed, with what it may disclose, to the node of this party. */
import { readFile } from 'node:fs/promises';
import { dirname, relative, resolve, sep } from 'node:path';
import { UsageError } from '../../base/errors.ts';
import { readContractFile } from '../../config/contract-file.ts';
import { packagesOf } from '../../node/core/packages.ts';
import { type BundleFiles, packBundle } from '../../node/model/bundle.ts';
import { loadJob } from '../../program/loading/load-job.ts';
import { packageFrom } from '../../program/loading/packages.ts';
import { parseAge, parseArgs, parseWhole } from '../arguments.ts';
import { printable } from '../output/printable.ts';
import { createStyle } from '../output/style.ts';
import type { Shell } from '../shell.ts';
import { clientOf, type NodeFlags, show } from './ask.ts';

export interface ProposeFlags extends NodeFlags {
  readonly title?: string;
  readonly purpose: string;
  readonly contract?: string;
  readonly arg?: readonly string[];
  readonly dataset?: readonly string[];
  readonly output?: readonly string[];
  readonly valid: string;
  readonly attempts: string;
  readonly cron?: string;
  readonly timezone: string;
  readonly times: string;
}

export async function proposeCommand(shell: Shell, job: string, flags: ProposeFlags): Promise<number> {
  const loaded = await loadJob(resolve(shell.cwd, job));
  const contract = await readContractFile(resolve(shell.cwd, flags.contract ?? contractBeside(job)));
  const { parties } = loaded.job;
  const { bytes, file, contents } = await bundleOf(loaded.path, loaded.files);
  const packages = await versionsOf(packagesOf(contents), dirname(loaded.path));
  const validMs = parseAge('--valid', flags.valid);
  const client = await clientOf(shell, flags);
  const body = {
    title: flags.title ?? file,
    purpose: flags.purpose,
    parties,
    job: {
      file,
      hash: loaded.hash,
      ...(packages.length > 0 ? { packages: Object.fromEntries(packages) } : {}),
    },
    bundle: bytes.toString('base64'),
    args: parseArgs(flags.arg ?? []),
    datasets: bySetting('--dataset', flags.dataset ?? [], parties),
    outputs: bySetting('--output', flags.output ?? [], parties),
    contract,
    attemptsMax: parseWhole('--attempts', flags.attempts),
    validMs,
    ...(flags.cron === undefined
      ? {}
      : {
          schedule: {
            cron: flags.cron,
            timezone: flags.timezone,
            until: shell.clock.wallTime() + validMs,
            occurrencesMax: parseWhole('--times', flags.times),
          },
        }),
  };
  const answer = await client.post<{ readonly id: string }>('/proposals', body);
  const style = createStyle(shell.colour.out);
  return show(
    shell,
    flags,
    answer,
    ({ id }) =>
      `${style.green('✔')} proposed ${id}\n${packages.map(([name, version]) => printable(`  imports the package ${name} ${version}: each party needs it on its list\n`)).join('')}  to do  privity proposals show ${id.slice(0, 12)}; each party: privity approve ${id.slice(0, 12)}; then: privity runs follow ${id.slice(0, 12)}\n`,
  );
}

const contractBeside = (job: string): string => `${job.replace(/\.[cm]?[jt]s$/, '')}.contract.yaml`;

/** The job's own files, below the folder that all of them share. */
async function bundleOf(
  job: string,
  files: readonly string[],
): Promise<{ readonly bytes: Buffer; readonly file: string; readonly contents: BundleFiles }> {
  const paths = files.map((name) => resolve(dirname(job), name));
  let root = dirname(job);
  while (!paths.every((path) => path.startsWith(root.endsWith(sep) ? root : `${root}${sep}`)))
    root = dirname(root);
  const contents = new Map<string, Uint8Array>();
  for (const path of paths) contents.set(nameIn(root, path), await readFile(path));
  return { bytes: packBundle(contents), file: nameIn(root, job), contents };
}

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

const nameIn = (root: string, path: string): string => relative(root, path).split(sep).join('/');

/** `alice.loans=customers`: the job's setting `loans` at alice is her dataset `customers`. */
export function bySetting(
  option: string,
  texts: readonly string[],
  parties: readonly string[],
): Record<string, Record<string, string>> {
  const found: Record<string, Record<string, string>> = {};
  for (const text of texts) {
    const [, party = '', setting = '', name = ''] = /^([^.=]+)\.([^=]+)=(.+)$/.exec(text) ?? [];
    if (!parties.includes(party))
      throw new UsageError(
        'PRIVITY_COMMAND_LINE',
        `${option} ${text}: expected PARTY.SETTING=NAME, where PARTY is one of ${parties.join(', ')}`,
      );
    found[party] = { ...found[party], [setting]: name };
  }
  return found;
}
