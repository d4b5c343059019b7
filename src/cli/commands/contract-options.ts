import type { Command } from 'commander';
import { collect } from '../collect.ts';
import { examplesText } from '../help.ts';
import type { Shell } from '../shell.ts';
import type { CheckFlags, MakeFlags, ShowContractFlags } from './contract.ts';
import type { Exit } from './runs-options.ts';

/** `privity contract …`: what a job may disclose, as a file beside it. */
export function addContract(program: Command, shell: Shell, exit: Exit): void {
  const load = (): Promise<typeof import('./contract.ts')> => import('./contract.ts');
  const contract = program
    .command('contract')
    .description('what a job may disclose, as a file that every party agrees to: make, check, show');
  addRehearsal(contract.command('make <job>'))
    .description('rehearse a job on made-up rows, and write down everything that it discloses')
    .option('--out <file>', 'where to write it (default: JOB.contract.yaml, beside the job)')
    .option('--force', 'overwrite the file')
    .option('--keep', 'overwrite the file, and keep what it lists beyond the rehearsal')
    .addHelpText(
      'after',
      `${HOW}${examplesText([
        'privity contract make job.ts --inputs alice.table=a.csv --inputs bob.table=b.csv',
        'privity contract make job.ts --schema schemas.yaml --rows 100,1000',
        'privity contract make job.ts --inputs alice.table=a.csv --inputs alice.model=model.json --force',
      ])}${EXITS}`,
    )
    .action(async (job: string, flags: MakeFlags) =>
      exit(await (await load()).makeCommand(shell, job, flags)),
    );
  addRehearsal(contract.command('check <job>'))
    .description('rehearse a job again, and fail where it would disclose more than its contract allows')
    .option('--contract <file>', 'the contract (default: JOB.contract.yaml, beside the job)')
    .addHelpText(
      'after',
      `${HOW}${examplesText([
        'privity contract check job.ts --inputs alice.table=a.csv --inputs bob.table=b.csv',
        'privity contract check job.ts --schema schemas.yaml --json | jq .more',
      ])}${EXITS}`,
    )
    .action(async (job: string, flags: CheckFlags) =>
      exit(await (await load()).checkContractCommand(shell, job, flags)),
    );
  contract
    .command('show <file>')
    .description('say a contract in sentences: who will learn what from whom')
    .option('--for <party>', 'say it to this party')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      `${examplesText(['privity contract show job.contract.yaml', 'privity contract show job.contract.yaml --for bob'])}${EXITS}`,
    )
    .action(async (file: string, flags: ShowContractFlags) =>
      exit(await (await load()).showContractCommand(shell, file, flags)),
    );
}

const HOW = `
The job runs in the simulated world, with all parties in this process, on rows that are made up from
schemas: types, ranges, categories and gaps, of the tables given with --inputs or in the file of --schema.
No row of a table is in the contract. Files that are no tables, and settings, are given to the job as they
are; a file that is not there is one that the job writes. Ctrl-C ends it, and leaves nothing behind.
`;

const EXITS =
  '\nExit codes: 0 done, 64 wrong use, 66 a file is missing, 74 a file could not be\n  written, 77 the job would disclose more, 130 stopped.\n';

function addRehearsal(command: Command): Command {
  return command
    .option('--arg <key=value>', 'public argument, the same at every party (repeatable)', collect)
    .option('--inputs <party.key=file>', 'private setting that is a file (repeatable)', collect)
    .option('--setting <party.key=value>', 'private setting that is not a file (repeatable)', collect)
    .option('--schema <file>', 'published schemas of tables, by party and setting, in place of files')
    .option('--rows <sizes>', 'rows of the made-up tables, with commas between sizes (default: 6,80,160)')
    .option('--seeds <n>', 'runs of each size, on other rows (default: 2)')
    .option('--json', 'print one JSON object; progress as JSON lines on standard error');
}
