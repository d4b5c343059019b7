import type { Command } from 'commander';
import type { Exit } from '../commands/runs-options.ts';
import { examplesText } from '../help.ts';
import type { Shell } from '../shell.ts';
import type { DemoFlags, RunLine } from './nodes.ts';

/** `privity demo nodes`. @param runLine runs another command line in this process */
export function addDemo(program: Command, shell: Shell, exit: Exit, runLine: RunLine): void {
  program
    .command('demo')
    .description('a guided tour on this machine: nodes')
    .command('nodes')
    .description('three nodes with made-up data: propose, approve, run, see, fail')
    .option('--keep', 'leave the nodes up, and say how to talk to them and how to stop them')
    .option('--json', 'print one JSON object for each command that is shown')
    .addHelpText(
      'after',
      `
Everything lies in a temporary folder, which is removed at the end, and at Ctrl-C. It takes about a minute.
${examplesText(['privity demo nodes', 'privity demo nodes --keep'])}
Exit codes: 0 everything went as it was told, 70 something did not, 130 stopped.
`,
    )
    .action(async (flags: DemoFlags) =>
      exit(await (await import('./nodes.ts')).demoNodesCommand(shell, flags, runLine)),
    );
}
