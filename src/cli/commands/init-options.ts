import { type Command, Option } from 'commander';
import { examplesText, plainExitCodesText } from '../help.ts';
import { JOB_KINDS } from '../init/job-kinds.ts';
import type { Shell } from '../shell.ts';
import type { InitFlags } from './init.ts';
import type { Exit } from './runs-options.ts';

/** `privity init`: a folder to begin with. */
export function addInit(program: Command, shell: Shell, exit: Exit): void {
  const kinds = Object.entries(JOB_KINDS).map(([name, { words }]) => `${name} (${words})`);
  program
    .command('init [folder]')
    .description('make a folder with a job of two parties, data, keys and settings, ready to run')
    .addOption(
      new Option('--job <kind>', `what the job does: ${kinds.join(', ')}`)
        .choices(Object.keys(JOB_KINDS))
        .default('tables'),
    )
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      `
FOLDER is made if it is not there, and has to be empty if it is; without it, the current one.
${examplesText(['privity init my-run', 'privity init my-run --job secrets'])}${plainExitCodesText()}`,
    )
    .action(async (folder: string | undefined, flags: InitFlags) =>
      exit(await (await import('./init.ts')).initCommand(shell, folder ?? '.', flags)),
    );
}
