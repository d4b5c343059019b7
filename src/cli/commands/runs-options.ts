import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { examplesText, plainExitCodesText } from '../help.ts';
import type { NodeFlags } from '../node/ask.ts';
import { asking } from '../node/asking.ts';
import type { Shell } from '../shell.ts';
import type { LogsFlags, PurgeFlags, ShowFlags, ShowOther } from './runs.ts';

const asksNode = (): Promise<typeof import('../node/commands.ts')> => import('../node/commands.ts');

/** A node keeps records of its runs in its own state folder. */
async function recordsOf(shell: Shell, { config }: { readonly config?: string }): Promise<Shell> {
  if (config === undefined) return shell;
  const { readNodeFile } = await import('../../config/node-file.ts');
  const { state } = await readNodeFile(resolve(shell.cwd, config));
  return { ...shell, records: { ...shell.records, folder: join(state, 'runs') } };
}

/** A run of a node that did not begin has no record: the node says why. */
const notBegun =
  (shell: Shell, { config, json }: ShowFlags): ShowOther =>
  async (run) =>
    config === undefined
      ? undefined
      : (await asksNode()).showNotBegun(shell, run, { config, ...(json ? { json } : {}) });

export type Exit = (code: number) => void;

/** `privity runs …`: what past runs on this machine were, from the records that they have kept. */
export function addRuns(program: Command, shell: Shell, exit: Exit): void {
  const load = (): Promise<typeof import('./runs.ts')> => import('./runs.ts');
  const runs = program
    .command('runs')
    .description(
      'what past runs on this machine came to, from the records that they have kept: list, show, logs, purge',
    );
  runs
    .command('list')
    .description('the runs of which there is a record, the newest first')
    .option('--config <file>', 'those of a node, by its node file')
    .option('--state <state>', 'with --config: only these')
    .option('--before <n>', 'with --config: the page behind that one')
    .option('--limit <n>', 'with --config: rows of a page')
    .option('--token-file <file>', 'with --config: a file with a token')
    .option('--json', 'print one JSON object')
    .addHelpText('after', `${examplesText(['privity runs list'])}${plainExitCodesText()}`)
    .action(async (flags: { config?: string; json?: boolean }) =>
      exit(
        flags.config === undefined
          ? await (await load()).listCommand(shell, flags)
          : await (await asksNode()).runsCommand(shell, { ...flags, config: flags.config }),
      ),
    );
  runs
    .command('show <run>')
    .description('what a run came to here: verdict, failures in full, where its files are')
    .option('--config <file>', 'a run of a node, by its node file')
    .option('--bundle <file>', 'write what may be given to others into FILE, and nothing else')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      `
RUN is the id of a run, the incident of a failure, or enough of the beginning of either.
With --bundle: the reports, and the logs without texts of errors, output of jobs, settings and paths.
${examplesText([
  'privity runs show local-9f2c',
  'privity runs show 2851bb92                    # by the incident of a failure',
  'privity runs show local-9f2c --bundle for-bob.json',
])}${plainExitCodesText()}`,
    )
    .action(async (run: string, flags: ShowFlags) =>
      exit(
        await (await load()).showCommand(await recordsOf(shell, flags), run, flags, notBegun(shell, flags)),
      ),
    );
  runs
    .command('logs <run>')
    .description('the log of a run; with the incident of a failure, the lines about it')
    .option('--config <file>', 'a run of a node, by its node file')
    .option('--party <name>', 'of this party only, where several have their records here')
    .option('--json', 'print the lines as they are in the log')
    .addHelpText(
      'after',
      `${examplesText(['privity runs logs local-9f2c --party bob', 'privity runs logs 2851bb92 --json | jq -c .'])}${plainExitCodesText()}`,
    )
    .action(async (run: string, flags: LogsFlags) =>
      exit(
        await (await load()).logsCommand(await recordsOf(shell, flags), run, flags, notBegun(shell, flags)),
      ),
    );
  asking(runs.command('stop <run>').description('cancel a run of a node for all parties'))
    .addHelpText('after', `${examplesText(['privity runs stop p3f9…-1-1'])}${plainExitCodesText()}`)
    .action(async (run: string, flags: NodeFlags) =>
      exit(await (await asksNode()).stopRunCommand(shell, run, flags)),
    );
  asking(
    runs
      .command('follow <run>')
      .description('what becomes of a run or a proposal of a node, as it happens, to its end'),
  )
    .addHelpText(
      'after',
      `
RUN is a run, or a proposal: then its next run. Ctrl-C ends the following, not the run. The exit code is that of the
run; 77 if the proposal was refused, withdrawn, or has expired.
${examplesText(['privity runs follow p3f9a2c41b07'])}${plainExitCodesText()}`,
    )
    .action(async (run: string, flags: NodeFlags) =>
      exit(await (await import('../node/follow.ts')).followCommand(shell, run, flags)),
    );
  asking(
    runs
      .command('evidence <run>')
      .description('what proves a run of a node to somebody who has the federation file')
      .option('--out <file>', 'into this file (default: standard output)')
      .option('--force', 'overwrite the file'),
  )
    .addHelpText(
      'after',
      `${examplesText(['privity runs evidence p3f9…-1-1 --out run.evidence.json'])}${plainExitCodesText()}`,
    )
    .action(async (run: string, flags: NodeFlags) =>
      exit(await (await asksNode()).evidenceCommand(shell, run, flags)),
    );
  runs
    .command('purge')
    .description('remove records: without an option, those beyond the bounds that every run heeds')
    .option('--older-than <duration>', 'those of runs that began longer ago, such as 12h or 14d')
    .option('--keep <n>', 'all but the newest so many')
    .option('--all', 'all')
    .option('--config <file>', 'from the history of a node, by its node file: runs that ended longer ago')
    .option('--token-file <file>', 'with --config: a file with a token')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      `
The record of a run that goes on is never removed. A node keeps its history until it is told otherwise: with --config
give one of the options; what partners have learnt, decisions, and the audit log stay. A run without record has no
evidence any more.
${examplesText(['privity runs purge --older-than 14d', 'privity runs purge --keep 10', 'privity runs purge --all', 'privity runs purge --config node.yaml --older-than 365d'])}${plainExitCodesText()}`,
    )
    .action(async (flags: PurgeFlags & { config?: string }) =>
      exit(
        flags.config === undefined
          ? await (await load()).purgeCommand(shell, flags)
          : await (await asksNode()).purgeNodeCommand(shell, { ...flags, config: flags.config }),
      ),
    );
}
