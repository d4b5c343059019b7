/** The commands of a node on the command line. */
import { type Command, Option } from 'commander';
import { PROPOSAL_STATES, ROLES } from '../../node/model/records.ts';
import { collect } from '../collect.ts';
import type { Exit } from '../commands/runs-options.ts';
import { examplesText, plainExitCodesText } from '../help.ts';
import type { Shell } from '../shell.ts';
import type { NodeFlags } from './ask.ts';
import { asking } from './asking.ts';
import type { AddGrantFlags, AddTokenFlags } from './commands.ts';
import type { ProposeFlags } from './propose.ts';
import type { FilesFlags } from './proposed-files.ts';
import type { RehearseFlags } from './rehearse.ts';
import type { AddRuleFlags } from './rules.ts';

const commands = (): Promise<typeof import('./commands.ts')> => import('./commands.ts');

function help(command: Command, examples: readonly string[], before = ''): Command {
  return command.addHelpText(
    'after',
    `${before === '' ? '' : `\n${before}\n`}${examplesText([...examples])}${plainExitCodesText()}`,
  );
}

export function addNode(program: Command, shell: Shell, exit: Exit): void {
  addService(program, shell, exit);
  addLists(program, shell, exit);
  addDatasets(program, shell, exit);
  addGrants(program, shell, exit);
  addProposals(program, shell, exit);
  addRules(program, shell, exit);
  addAudit(program, shell, exit);
  addTokens(program, shell, exit);
}

function addService(program: Command, shell: Shell, exit: Exit): void {
  const load = (): Promise<typeof import('./start.ts')> => import('./start.ts');
  const node = program.command('node').description("this party's standing service: start, status, stop");
  help(
    asking(
      node
        .command('start')
        .description('serve: partners propose, people decide, approved runs are started')
        .option('--detach', 'in the background: this command ends when the node serves'),
    ),
    ['privity node start --config node.yaml', 'privity node start --detach'],
    'Serves until it is stopped. Runs that are under way go on without it, and are found when it starts again.',
  ).action(async (flags: NodeFlags) => exit(await (await load()).startCommand(shell, flags)));
  help(asking(node.command('status').description('how it is, what runs, what waits')), [
    'privity node status',
  ]).action(async (flags: NodeFlags) => exit(await (await load()).statusCommand(shell, flags)));
  help(
    asking(
      node
        .command('stop')
        .description('end it; runs go on')
        .option('--keep-port', 'leave the port open for a while, also when no run needs it'),
    ),
    ['privity node stop'],
  ).action(async (flags: NodeFlags) => exit(await (await load()).stopNodeCommand(shell, flags)));
}

function addLists(program: Command, shell: Shell, exit: Exit): void {
  help(
    asking(
      program
        .command('partners')
        .description('the other parties: the link to each, and what it has published'),
    ),
    ['privity partners'],
  ).action(async (flags: NodeFlags) => exit(await (await commands()).listOf(shell, 'partners', flags)));
  help(
    asking(program.command('schedules').description('approved proposals that run again and again, and when')),
    ['privity schedules'],
  ).action(async (flags: NodeFlags) => exit(await (await commands()).listOf(shell, 'schedules', flags)));
}

function addDatasets(program: Command, shell: Shell, exit: Exit): void {
  const datasets = program
    .command('datasets')
    .description("this party's tables under names: add, list, show, schemas, remove");
  help(
    asking(
      datasets
        .command('add <name> <source>')
        .description('publish a table: names and types of its columns, and what --publish asks for')
        .option('--owner <name>', 'who answers for it')
        .option('--description <text>', 'what it is')
        .option('--publish <file>', 'YAML: ranges, values and row count that partners are told'),
    ),
    [
      'privity datasets add customers customers.parquet',
      'privity datasets add loans loans.yaml            # a source of another kind, described in YAML',
    ],
    'SOURCE is a table file, a folder of Parquet files, or a YAML file that describes a source (docs/sources.md).',
  ).action(async (name: string, source: string, flags: NodeFlags) =>
    exit(await (await commands()).addDatasetCommand(shell, name, source, flags)),
  );
  help(
    asking(
      datasets
        .command('schemas <party.setting=dataset...>')
        .description("what is published of own and partners' datasets, as a file for a rehearsal"),
    ),
    [
      'privity datasets schemas alice.table=members bob.table=orders > schemas.yaml',
      'privity contract make job.ts --schema schemas.yaml',
    ],
  ).action(async (settings: string[], flags: NodeFlags) =>
    exit(await (await import('./schemas.ts')).schemasCommand(shell, settings, flags)),
  );
  help(asking(datasets.command('list').description('all of them')), ['privity datasets list']).action(
    async (flags: NodeFlags) => exit(await (await commands()).listOf(shell, 'datasets', flags)),
  );
  help(asking(datasets.command('show <name>').description('one, with its columns')), [
    'privity datasets show customers',
  ]).action(async (name: string, flags: NodeFlags) =>
    exit(await (await commands()).datasetCommand(shell, name, flags)),
  );
  help(
    asking(
      datasets.command('remove <name>').description('forget it, with its grants; the table is not touched'),
    ),
    ['privity datasets remove customers'],
  ).action(async (name: string, flags: NodeFlags) =>
    exit(await (await commands()).deleteCommand(shell, 'datasets', name, flags)),
  );
}

function addGrants(program: Command, shell: Shell, exit: Exit): void {
  const grants = program
    .command('grants')
    .description('what partners may ask of datasets: add, list, show, revoke');
  help(
    asking(
      grants
        .command('add')
        .description('let a partner ask for a dataset')
        .requiredOption('--dataset <name>', 'the dataset')
        .requiredOption('--partner <name>', 'who may ask')
        .requiredOption('--purpose <text>', 'for what; a proposal has to say the same')
        .option('--columns <names>', 'only these columns, with commas between them (default: all)')
        .option('--rows <sql>', 'only rows for which this condition is true, such as "consent = true"')
        .option('--minimum-rows <n>', 'refuse a table, and an intersection, with fewer rows', '0')
        .option('--runs <n>', 'so many runs (default: any number)')
        .option(
          '--changed-rows <n>',
          'refuse a table of which fewer rows have changed since the last run; 0: any',
          '0',
        )
        .option('--refusals <n>', 'so many refusals that depend on values, each of which tells a bit', '10')
        .option('--for <duration>', 'how long it is good for, such as 90d', '90d'),
    ),
    [
      'privity grants add --dataset customers --partner bob --purpose "joint risk study" --columns id,income --runs 12',
    ],
  ).action(async (flags: AddGrantFlags) => exit(await (await commands()).addGrantCommand(shell, flags)));
  help(asking(grants.command('list').description('all, with uses and refusals so far')), [
    'privity grants list',
  ]).action(async (flags: NodeFlags) => exit(await (await commands()).listOf(shell, 'grants', flags)));
  help(asking(grants.command('show <id>').description('one, with the runs that have used it')), [
    'privity grants show g3f9a2c41b07e',
  ]).action(async (id: string, flags: NodeFlags) =>
    exit(await (await commands()).grantCommand(shell, id, flags)),
  );
  help(asking(grants.command('revoke <id>').description('end a grant; runs that have begun go on')), [
    'privity grants revoke g3f9a2c41b07e',
  ]).action(async (id: string, flags: NodeFlags) =>
    exit(await (await commands()).deleteCommand(shell, 'grants', id, flags)),
  );
}

function addProposals(program: Command, shell: Shell, exit: Exit): void {
  help(
    asking(
      program
        .command('propose <job>')
        .description('propose a run of a job to the parties that it concerns')
        .requiredOption('--purpose <text>', 'what it is for; grants are asked for by it')
        .option('--title <text>', 'a name for people (default: that of the file)')
        .option('--contract <file>', 'what it may disclose (default: JOB.contract.yaml beside it)')
        .option(
          '--schema <file>',
          'schemas of the tables, for those who repeat the rehearsal; all parties read them',
        )
        .option('--arg <key=value>', 'public argument (repeatable)', collect)
        .option(
          '--dataset <party.setting=dataset>',
          'which dataset is which setting of the job (repeatable)',
          collect,
        )
        .option(
          '--output <party.setting=file>',
          'a setting that is a file which the job writes there (repeatable)',
          collect,
        )
        .option('--valid <duration>', 'how long it may wait and run', '14d')
        .option(
          '--attempts <n>',
          'attempts, where the verdict says that the whole run may be tried again',
          '1',
        )
        .option('--cron <expression>', 'run again and again, such as "0 6 * * 1" for Mondays at six')
        .option('--timezone <name>', 'of --cron, such as Europe/Berlin (default: UTC)')
        .option('--times <n>', 'with --cron: at most so many times (default: 52)')
        .option('--check', 'look at everything that a proposal is refused for, and send nothing'),
    ),
    [
      'privity contract make job.ts --schema schemas.yaml',
      'privity propose job.ts --purpose "joint risk study" --dataset alice.loans=loans --dataset bob.customers=customers',
    ],
    'The job is packed with its own files and sent to every party. Nothing runs before each of them has approved it.',
  ).action(async (job: string, flags: ProposeFlags) =>
    exit(await (await import('./propose.ts')).proposeCommand(shell, job, flags)),
  );
  const proposals = program
    .command('proposals')
    .description('what was proposed: list, show, files, rehearse');
  help(
    asking(
      proposals
        .command('list')
        .description('the newest first')
        .addOption(new Option('--state <state>', 'only these').choices([...PROPOSAL_STATES]))
        .option('--before <n>', 'the page behind that one')
        .option('--limit <n>', 'rows of a page', '50')
        .option('--wait <duration>', 'if there is none, wait so long for one, such as 10m'),
    ),
    ['privity proposals list --state proposed', 'privity proposals list --state proposed --wait 10m'],
  ).action(async (flags: NodeFlags) => exit(await (await commands()).proposalsCommand(shell, flags)));
  help(
    asking(
      proposals
        .command('show <id>')
        .description('what it would tell, in sentences, and what was told before'),
    ),
    ['privity proposals show p3f9a2c41b07'],
  ).action(async (id: string, flags: NodeFlags) =>
    exit(await (await commands()).proposalCommand(shell, id, flags)),
  );
  help(
    asking(
      proposals
        .command('files <id>')
        .description('the files of the proposed job, to be read before it is approved')
        .option('--out <folder>', 'write them there; the folder has to be empty, or not to be there'),
    ),
    ['privity proposals files p3f9a2c41b07', 'privity proposals files p3f9a2c41b07 --out proposed'],
  ).action(async (id: string, flags: FilesFlags) =>
    exit(await (await import('./proposed-files.ts')).proposedFilesCommand(shell, id, flags)),
  );
  help(
    asking(
      proposals
        .command('rehearse <id>')
        .description(
          'run its job on made-up rows, in a sandbox, and compare what it discloses with its contract',
        )
        .option('--schema <file>', 'schemas of tables of which this node knows nothing')
        .option(
          '--rows <sizes>',
          'rows of the made-up tables, with commas between sizes (default: as the proposer did)',
        )
        .option('--seeds <n>', 'runs of each size, on other rows (default: as the proposer did)'),
    ),
    [
      'privity proposals rehearse p3f9a2c41b07',
      'privity proposals rehearse p3f9a2c41b07 --schema schemas.yaml --rows 50,500',
    ],
    'Nothing is approved by it, and no key and no row of a table is where the job runs. Ctrl-C ends it.',
  ).action(async (id: string, flags: RehearseFlags) =>
    exit(await (await import('./rehearse.ts')).rehearseCommand(shell, id, flags)),
  );
  for (const [verb, description] of VERBS)
    help(
      asking(
        program
          .command(`${verb} <proposal>`)
          .description(description)
          .option('--reason <text>', 'for the others, and the audit log'),
      ),
      [`privity ${verb} p3f9a2c41b07`],
    ).action(async (id: string, flags: NodeFlags) =>
      exit(await (await commands()).answerCommand(shell, verb, id, flags)),
    );
}

function addRules(program: Command, shell: Shell, exit: Exit): void {
  const load = (): Promise<typeof import('./rules.ts')> => import('./rules.ts');
  const rules = program
    .command('rules')
    .description('decisions about proposals to come: add, list, show, remove');
  help(
    asking(
      rules
        .command('add <approve|refuse>')
        .description('let the node decide by itself')
        .option('--like <proposal>', 'approve what is that proposal again, which a person has approved')
        .option('--within <proposal>', 'approve what discloses nothing beyond the contract of that proposal')
        .option('--partner <name>', 'only what that party proposes')
        .option('--purpose <text>', 'only for that purpose')
        .option('--datasets <names>', 'approve: of nothing but these; refuse: of any of these')
        .option('--contract <digest>', 'only with the contract of that digest (privity contract show)')
        .option('--files <digest>', 'only with these files of a job (privity proposals show)')
        .option('--runs <n>', 'approve: at most so many runs of a proposal; refuse: what has more')
        .option('--times <n>', 'decide at most so many proposals (default: any number)')
        .option('--for <duration>', 'how long it is good for', '90d')
        .option('--reason <text>', 'for the others, with each decision'),
    ),
    [
      'privity rules add approve --like p3f9a2c41b07 --times 12 --for 365d',
      'privity rules add refuse --datasets patients --reason "under review"',
    ],
    'A rule that approves needs --like, --within, or --contract with --partner and --purpose. Grants count as they do\nfor a person, and refusals come first. Proposals that wait are looked at, too.',
  ).action(async (verb: string, flags: AddRuleFlags) =>
    exit(await (await load()).addRuleCommand(shell, verb, flags)),
  );
  help(asking(rules.command('list').description('all, with how many proposals each has decided')), [
    'privity rules list',
  ]).action(async (flags: NodeFlags) => exit(await (await commands()).listOf(shell, 'rules', flags)));
  help(asking(rules.command('show <id>').description('one of them')), [
    'privity rules show r3f9a2c41b07e',
  ]).action(async (id: string, flags: NodeFlags) => exit(await (await load()).ruleCommand(shell, id, flags)));
  help(asking(rules.command('remove <id>').description('end a rule; what it has decided stands')), [
    'privity rules remove r3f9a2c41b07e',
  ]).action(async (id: string, flags: NodeFlags) =>
    exit(await (await commands()).deleteCommand(shell, 'rules', id, flags)),
  );
}

const VERBS = [
  ['approve', "this party's yes: when all have said it, the run is started"],
  ['refuse', "this party's no; it stands, and ends what runs of it"],
  ['withdraw', "take this party's own proposal back"],
] as const;

function addAudit(program: Command, shell: Shell, exit: Exit): void {
  const audit = program.command('audit').description('who has done what at this node: list, verify, export');
  help(
    asking(
      audit
        .command('list')
        .description('the newest lines first')
        .option('--about <id>', 'of one proposal, run, dataset or grant')
        .option('--limit <n>', 'so many', '50'),
    ),
    ['privity audit list --about p3f9a2c41b07e'],
  ).action(async (flags: NodeFlags) => exit(await (await commands()).auditCommand(shell, flags)));
  help(asking(audit.command('verify').description('whether every line follows the one before')), [
    'privity audit verify',
  ]).action(async (flags: NodeFlags) => exit(await (await commands()).verifyAuditCommand(shell, flags)));
  help(asking(audit.command('export').description('all lines, as JSON lines')), [
    'privity audit export > audit.ndjson',
  ]).action(async (flags: NodeFlags) => exit(await (await commands()).exportAuditCommand(shell, flags)));
  const evidence = program.command('evidence').description('evidence files of runs: verify');
  evidence
    .command('verify <files...>')
    .description('check all signatures of evidence files, without any node')
    .requiredOption('--federation <file>', 'the federation file, which lists the keys')
    .option('--json', 'print one JSON object for each file')
    .addHelpText(
      'after',
      `${examplesText(['privity evidence verify run.evidence.json --federation federation.yaml'])}${plainExitCodesText()}`,
    )
    .action(async (files: string[], flags: { federation: string; json?: boolean }) =>
      exit(await (await import('./evidence.ts')).verifyEvidenceCommand(shell, files, flags)),
    );
}

function addTokens(program: Command, shell: Shell, exit: Exit): void {
  const tokens = program.command('tokens').description('who may do what at this node: add, list, revoke');
  help(
    asking(
      tokens
        .command('add <name>')
        .description('make a token; it is shown once')
        .addOption(new Option('--role <role>', 'what it may do').choices([...ROLES]).makeOptionMandatory())
        .option('--for <duration>', 'how long it is good for', '365d')
        .option('--out <file>', 'write it into a file that only you can read'),
    ),
    ['privity tokens add ann --role approver --out ann.token'],
  ).action(async (name: string, flags: AddTokenFlags) =>
    exit(await (await commands()).addTokenCommand(shell, name, flags)),
  );
  help(asking(tokens.command('list').description('all of them, without their secrets')), [
    'privity tokens list',
  ]).action(async (flags: NodeFlags) => exit(await (await commands()).listOf(shell, 'tokens', flags)));
  help(asking(tokens.command('revoke <id>').description('end a token')), [
    'privity tokens revoke 3f9a2c41b07e5d88',
  ]).action(async (id: string, flags: NodeFlags) =>
    exit(await (await commands()).deleteCommand(shell, 'tokens', id, flags)),
  );
}
