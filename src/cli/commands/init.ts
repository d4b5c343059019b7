import { readdir, rm, rmdir } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { EnvironmentError, UsageError } from '../../base/errors.ts';
import { ignored } from '../../base/ignored.ts';
import { jsonLine } from '../../base/steering.ts';
import { reasonOf } from '../../base/system-error.ts';
import { formatAddress } from '../../config/address.ts';
import { federationDigest } from '../../config/federation-file.ts';
import { makeFolders } from '../../supervisor/machine/folders.ts';
import { JOB_KINDS } from '../init/job-kinds.ts';
import { type NewFile, newProject, type Project } from '../init/project.ts';
import { padEnd } from '../output/columns.ts';
import { printable } from '../output/printable.ts';
import { createStyle } from '../output/style.ts';
import { exists, writeOutput } from '../output-file.ts';
import type { Shell, StopSignal } from '../shell.ts';
import { signalNumbers } from '../stop.ts';

export interface InitFlags {
  readonly job: string;
  readonly json?: boolean;
}

/**
 * `privity init`: a folder with a job of two parties and all that it needs to run. All of it is there afterwards, or
 * nothing.
 */
export async function initCommand(shell: Shell, folder: string, flags: InitFlags): Promise<number> {
  const kind = JOB_KINDS[flags.job];
  if (kind === undefined)
    throw new UsageError('PRIVITY_COMMAND_LINE', `--job: expected ${Object.keys(JOB_KINDS).join(' or ')}`);
  const path = resolve(shell.cwd, folder);
  await refuseTaken(path);
  let stopped: StopSignal | undefined;
  const dispose = shell.onStopSignal((signal) => {
    stopped ??= signal;
  });
  try {
    const project = await newProject(path, flags.job, kind, shell.clock);
    if (await write(path, project.files, () => stopped === undefined)) {
      shell.out.write(flags.json ? projectLine(path, flags.job, project) : projectText(shell, path, project));
      return 0;
    }
  } finally {
    dispose();
  }
  const signal = stopped ?? 'SIGINT';
  shell.err.write(`${signal}: stopped; nothing has been made\n`);
  return 128 + signalNumbers[signal];
}

async function refuseTaken(path: string): Promise<void> {
  const names = await readdir(path).catch((error: unknown) => {
    if (reasonOf(error) === 'ENOENT') return [];
    throw new EnvironmentError(
      'PRIVITY_FILE_WRITE',
      `${path}: not a folder to write into (${reasonOf(error)})`,
      {
        cause: error,
      },
    );
  });
  if (names.length > 0)
    throw new UsageError(
      'PRIVITY_FOLDER_NOT_EMPTY',
      `${path}: the folder is not empty (${names.length === 1 ? '1 name' : `${names.length} names`} in it)`,
    );
}

/** @returns false if it was not to go on; as after an error, what had been written is gone then */
async function write(folder: string, files: readonly NewFile[], goesOn: () => boolean): Promise<boolean> {
  const missing = await missingFolders(folder);
  const written: string[] = [];
  let whole = false;
  try {
    await makeFolders(folder).catch((cause: unknown) => {
      const text = `${folder}: the folder cannot be made (${reasonOf(cause)})`;
      throw new EnvironmentError('PRIVITY_FILE_WRITE', text, { cause });
    });
    for (const { name, text, mode } of files) {
      if (!goesOn()) return false;
      const path = join(folder, name);
      await writeOutput(path, text, mode, false);
      written.push(path);
    }
    whole = goesOn();
    return whole;
  } finally {
    if (!whole) await remove(written, missing);
  }
}

/** The folder and those above it that are not there, the deepest first. */
async function missingFolders(folder: string): Promise<string[]> {
  const missing: string[] = [];
  for (let path = folder; !(await exists(path)) && dirname(path) !== path; path = dirname(path))
    missing.push(path);
  return missing;
}

async function remove(files: readonly string[], folders: readonly string[]): Promise<void> {
  for (const path of files) await rm(path, { force: true });
  for (const path of folders) await ignored(rmdir(path), 'others have put something into it meanwhile');
}

function projectLine(folder: string, job: string, { files, federation, local }: Project): string {
  const parties = federation.parties.map((member) => ({
    name: member.name,
    address: formatAddress(member),
    fingerprint: member.fingerprint,
  }));
  const digest = federationDigest(federation);
  return jsonLine({ folder, job, files: files.map(({ name }) => name), digest, parties, local });
}

function projectText(shell: Shell, folder: string, { files, federation }: Project): string {
  const style = createStyle(shell.colour.out);
  const parties = federation.parties.map(({ name }) => name);
  const place = relative(shell.cwd, folder);
  const lines = [
    `${style.green('✔')} ${style.bold(printable(place === '' ? '.' : place))}: a job of ${parties.join(' and ')}, with data, keys and settings`,
    `  ${style.dim(files.map(({ name }) => name).join('  '))}`,
    '',
    ...(place === '' ? [] : [`  cd ${printable(place)}`]),
    `  npm install          ${style.dim('# Privity, and what the job needs')}`,
    `  npm run local        ${style.dim('# all parties on this machine')}`,
    ...parties.map((party, index) => {
      const hint = index === 0 ? '# for real: each party in a terminal of its own' : '';
      return `  npm run ${padEnd(party, 12)} ${style.dim(hint)}`.trimEnd();
    }),
    '',
    style.dim('README.md says what each file is, and what changes between two organisations.'),
  ];
  return `${lines.join('\n')}\n`;
}
