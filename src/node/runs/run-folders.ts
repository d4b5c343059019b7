/**
 * The folders of a node's runs. `runs/ID` keeps the record of a run as every run has one; `work/ID` has the code and
 * the staged tables, and is removed when the run has ended.
 */
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { reasonOf } from '../../base/system-error.ts';
import type { FoundPackage } from '../../program/loading/packages.ts';
import type { BundleFiles } from '../model/bundle.ts';
import { layOut } from './lay-out.ts';
import { ORDER_FILE, type Order } from './order.ts';

/** Beside the record of the party in the folder of a run. */
export const RESULTS_FOLDER = 'results';

export class RunFolders {
  readonly #state: string;

  constructor(state: string) {
    this.#state = state;
  }

  /** Of all records. */
  get records(): string {
    return join(this.#state, 'runs');
  }

  record(runId: string): string {
    return join(this.records, runId);
  }

  work(runId: string): string {
    return join(this.#state, 'work', runId);
  }

  /** Where a staged table goes. */
  async data(runId: string): Promise<string> {
    const path = join(this.work(runId), 'data');
    await mkdir(path, { recursive: true, mode: 0o700 });
    return path;
  }

  /** Where what the job writes at this party goes. It stays when the run has ended. */
  async results(runId: string): Promise<string> {
    const path = join(this.record(runId), RESULTS_FOLDER);
    await mkdir(path, { recursive: true, mode: 0o700 });
    return path;
  }

  /** Paths of all code that the job may load, the folder of its own files first. */
  layOut(
    runId: string,
    files: BundleFiles,
    packages: readonly FoundPackage[],
  ): Promise<readonly [string, ...string[]]> {
    return layOut(join(this.work(runId), 'job'), files, packages);
  }

  /** Complete or not at all, and behind the code. */
  async prepare(runId: string, order: Order): Promise<string> {
    const path = join(this.work(runId), ORDER_FILE);
    await writeFile(`${path}.part`, JSON.stringify(order), { mode: 0o600 });
    await rename(`${path}.part`, path);
    return path;
  }

  /**
   * Makes the folder of a record, which is made once for each run: false says that a process has been started for it
   * already.
   */
  async claim(runId: string): Promise<boolean> {
    await mkdir(this.records, { recursive: true, mode: 0o700 });
    try {
      await mkdir(this.record(runId), { mode: 0o700 });
      return true;
    } catch (error) {
      if (reasonOf(error) === 'EEXIST') return false;
      throw error;
    }
  }

  /** Ids of runs that have a work folder. */
  async working(): Promise<readonly string[]> {
    try {
      return await readdir(join(this.#state, 'work'));
    } catch (error) {
      if (reasonOf(error) === 'ENOENT') return [];
      throw error;
    }
  }

  async clear(runId: string): Promise<void> {
    await rm(this.work(runId), { recursive: true, force: true, maxRetries: 3 });
  }
}
