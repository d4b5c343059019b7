import { resolve } from 'node:path';
import { reportOf } from '../../record/error-report.ts';
import { keepPrivate } from '../../supervisor/machine/private-process.ts';
import type { InspectMessage } from '../local/inspected.ts';
import type { JobRequest, Shell } from '../shell.ts';

/**
 * The hidden command by which `local` learns a job's parties and whether it takes what they are given, and the doctor
 * what a job needs: loads the job and tells its parent. With `check`, what to check comes over standard input: settings
 * are private, and a command line is not.
 */
export async function inspectJobCommand(
  shell: Shell,
  jobFile: string,
  flags: { readonly check?: boolean },
): Promise<number> {
  keepPrivate();
  try {
    const request = flags.check ? (JSON.parse(await shell.readInput()) as JobRequest) : undefined;
    const facts = await shell.loadJobFacts(resolve(shell.cwd, jobFile), request);
    await shell.tellParent({ type: 'facts', facts } satisfies InspectMessage);
    return 0;
  } catch (error) {
    const report = reportOf(error);
    await shell.tellParent({
      type: 'error',
      code: report.error,
      message: report.message,
    } satisfies InspectMessage);
    return report.exitCode;
  }
}
