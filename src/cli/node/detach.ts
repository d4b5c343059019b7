/** `privity node start --detach`: a node in a process of its own, which serves when this command ends. */
import { spawn } from 'node:child_process';
import { closeSync, fstatSync, mkdirSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { errorCatalogue } from '../../base/error-catalogue.ts';
import { EnvironmentError, PrivityError } from '../../base/errors.ts';
import type { ErrorReport } from '../../record/error-report.ts';
import type { Shell } from '../shell.ts';

/** In the state folder: what a node says that has no terminal. */
const NODE_LOG = 'node.log';

/** What a node says when it serves. */
export interface Serving {
  readonly party: string;
  readonly url: string;
  readonly listen: string;
  readonly pid: number;
}

/** @throws {PrivityError} what the node says instead of serving */
export async function startDetached(
  { entry, cwd }: Pick<Shell, 'entry' | 'cwd'>,
  config: string,
  state: string,
): Promise<Serving & { readonly log: string }> {
  mkdirSync(state, { recursive: true, mode: 0o700 });
  const log = join(state, NODE_LOG);
  const file = openSync(log, 'a', 0o600);
  const { size } = fstatSync(file);
  const child = spawn(process.execPath, [entry, 'node', 'start', '--config', config, '--json'], {
    cwd,
    detached: true,
    stdio: ['ignore', 'pipe', file],
  });
  closeSync(file);
  const out = child.stdout;
  if (out === null) throw new EnvironmentError('PRIVITY_NODE_NOT_RUNNING', 'a node could not be started');
  const line = await new Promise<string | undefined>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', () => resolve(undefined));
    createInterface({ input: out }).once('line', resolve);
  });
  out.destroy();
  child.unref();
  if (line !== undefined) return { ...(JSON.parse(line) as Serving), log };
  throw errorIn((await readFile(log)).subarray(size).toString('utf8'), log);
}

function errorIn(said: string, log: string): PrivityError {
  const last = said.trimEnd().split('\n').at(-1) ?? '';
  let report: Partial<ErrorReport> = {};
  try {
    report = JSON.parse(last) as Partial<ErrorReport>;
  } catch {
    // It was ended from outside, and said nothing.
  }
  const { error, message } = report;
  if (error !== undefined && Object.hasOwn(errorCatalogue, error))
    return new PrivityError(error, message ?? last);
  return new EnvironmentError('PRIVITY_NODE_NOT_RUNNING', `the node has ended before it served; see ${log}`);
}
