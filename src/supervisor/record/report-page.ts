/** The page that a job may leave for people beside the report: read before the folder that has it is removed. */
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { EnvironmentError } from '../../base/errors.ts';
import { reasonOf } from '../../base/system-error.ts';
import type { RunReport } from '../../observe/report.ts';
import { REPORT_PAGE } from '../../program/model/report-page.ts';
import type { TempFolder } from '../seam/platform.ts';

/** Some hundred pictures with their numbers: what is longer is no page for people. It is in memory for a moment. */
const PAGE_BYTES_MAX = 16 * 1024 * 1024;

export class ReportPage {
  readonly #isWanted: boolean;
  #taken: Uint8Array | EnvironmentError | undefined;

  constructor(reportDir: string | undefined) {
    this.#isWanted = reportDir !== undefined;
  }

  /** Reads it from where the program could write, and removes the run's folder, whatever became of the page. */
  async outOf(folder: TempFolder, written = folder.path): Promise<void> {
    if (this.#isWanted) this.#taken = await this.#take(join(written, REPORT_PAGE));
    await folder.remove();
  }

  #take(path: string): Promise<Uint8Array | EnvironmentError | undefined> {
    return read(path).catch((cause: NodeJS.ErrnoException) => {
      if (cause.code === 'ENOENT') return undefined;
      const text = `${path}: the page of the report cannot be kept (${reasonOf(cause)})`;
      return new EnvironmentError('PRIVITY_FILE_WRITE', text, { cause });
    });
  }

  /** What is kept with a report: of a run that failed nothing. @throws {EnvironmentError} PRIVITY_FILE_WRITE */
  of({ outcome }: Pick<RunReport, 'outcome'>): Uint8Array | undefined {
    if (outcome !== 'completed') return undefined;
    if (this.#taken instanceof EnvironmentError) throw this.#taken;
    return this.#taken;
  }
}

/** A link is not followed and a pipe not waited for: a job in a sandbox chooses what lies there. */
async function read(path: string): Promise<Uint8Array> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const stats = await file.stat();
    if (!stats.isFile() || stats.nlink > 1) throw refused('it is no file of its own');
    if (stats.size > PAGE_BYTES_MAX) throw refused(`it is longer than ${PAGE_BYTES_MAX} bytes`);
    const bytes = Buffer.alloc(stats.size);
    const { bytesRead } = await file.read(bytes, 0, bytes.length, 0);
    return bytes.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

const refused = (code: string): Error => Object.assign(new Error('refused'), { code });
