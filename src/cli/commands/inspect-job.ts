import { resolve } from 'node:path';
import type { InspectMessage } from '../local/find-parties.ts';
import { reportOf } from '../output/error-text.ts';
import type { Shell } from '../shell.ts';

/** The hidden command by which `local` learns a job's parties: loads the job and tells its parent. */
export async function inspectJobCommand(shell: Shell, jobFile: string): Promise<number> {
  try {
    const { parties } = await shell.loadJobFacts(resolve(shell.cwd, jobFile));
    await shell.tellParent({ type: 'facts', facts: { parties: [...parties] } } satisfies InspectMessage);
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
