import { Command, CommanderError, Option } from 'commander';
import { EnvironmentError, UsageError } from '../base/errors.ts';
import { ERROR_DETAILS } from '../coordination/public-details.ts';
import { errorLine, reportOf } from '../record/error-report.ts';
import { OUTPUT_FLUSH_TIMEOUT_MS } from '../record/text-sink.ts';
import { SANDBOX_POLICIES } from '../supervisor/sandbox/policy.ts';
import { collect } from './collect.ts';
import { addContract } from './commands/contract-options.ts';
import type { DoctorFlags } from './commands/doctor.ts';
import type { ExplainFlags } from './commands/explain.ts';
import type { ExploreFlags } from './commands/explore.ts';
import type { FederationCreateFlags, FederationVerifyFlags } from './commands/federation.ts';
import { addInit } from './commands/init-options.ts';
import type { KeygenFlags } from './commands/keygen.ts';
import type { LocalFlags } from './commands/local.ts';
import type { RunFlags } from './commands/run.ts';
import { addRuns, type Exit } from './commands/runs-options.ts';
import { addDemo } from './demo/demo-options.ts';
import { examplesText, exitCodesText, plainExitCodesText } from './help.ts';
import { addNode } from './node/node-options.ts';
import { errorText } from './output/error-text.ts';
import { createStyle } from './output/style.ts';
import type { Shell } from './shell.ts';
import { Stopped } from './stop.ts';

/**
 * Runs one command line. Resolves to the exit code and never rejects: an error is printed on standard error, for people
 * as what, where and remedy, with `--json` as one line of JSON.
 */
export async function runCli(shell: Shell, argv: readonly string[]): Promise<number> {
  let exitCode = 0;
  try {
    await buildProgram(shell, (code) => {
      exitCode = code;
    }).parseAsync([...argv], { from: 'user' });
  } catch (error) {
    exitCode = reportError(shell, error, argv);
  }
  return flushOutput(shell, exitCode, argv);
}

/** What could not be written is said on what is left, and a result that nobody has is no success. */
async function flushOutput(shell: Shell, exitCode: number, argv: readonly string[]): Promise<number> {
  await Promise.all([shell.out.flush(OUTPUT_FLUSH_TIMEOUT_MS), shell.err.flush(OUTPUT_FLUSH_TIMEOUT_MS)]);
  const { out, err } = shell;
  const lost = (name: string, reason: string): EnvironmentError =>
    new EnvironmentError('PRIVITY_FILE_WRITE', `${name} could not be written: ${reason}`);
  if (out.lost !== undefined) {
    const code = reportError(shell, lost('standard output', out.lost), argv);
    await err.flush(OUTPUT_FLUSH_TIMEOUT_MS);
    return exitCode === 0 ? code : exitCode;
  }
  if (err.lost !== undefined && !isJson(argv)) {
    out.write(`${lost('standard error', err.lost).message}\n`);
    await out.flush(OUTPUT_FLUSH_TIMEOUT_MS);
  }
  return exitCode;
}

function reportError(shell: Shell, error: unknown, argv: readonly string[]): number {
  if (error instanceof CommanderError && error.exitCode === 0) return 0;
  if (error instanceof Stopped) return error.exitCode;
  const report = reportOf(error instanceof CommanderError ? commandLineError(error) : error);
  shell.err.write(isJson(argv) ? errorLine(report) : errorText(report, createStyle(shell.colour.err)));
  return report.exitCode;
}

/** An option that stands before `--` only; after it, the text is an operand. */
function isJson(argv: readonly string[]): boolean {
  const operands = argv.indexOf('--');
  return (operands === -1 ? argv : argv.slice(0, operands)).includes('--json');
}

function commandLineError(error: CommanderError): UsageError {
  const text =
    error.code === 'commander.help' ? 'no command is given' : error.message.replace(/^error: /, '');
  return new UsageError('PRIVITY_COMMAND_LINE', text);
}

function buildProgram(shell: Shell, exit: (code: number) => void): Command {
  const program = new Command('privity')
    .description('Runs computations that several organisations share without showing each other their data.')
    .version(shell.version, '-V, --version', 'print the version')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void shell.out.write(text),
      writeErr: (text) => void shell.err.write(text),
      // Errors are printed once, by reportError.
      outputError: () => undefined,
      getOutHasColors: () => shell.colour.out,
    })
    .showSuggestionAfterError()
    .addHelpText(
      'after',
      examplesText([
        'privity init my-run                                # a folder with a job, data and keys',
        'privity local job.ts --inputs alice.table=a.csv     # try a job: all parties here',
        'privity explore job.ts --inputs alice.table=a.csv   # and try it under thousands of failures,',
        'privity contract make job.ts --inputs alice.table=a.csv   # write down what it discloses,',
        'privity keygen --party alice                       # then for real: a key for each party,',
        'privity federation create --name demo --party …    # the list of parties,',
        'privity doctor --config alice.party.yaml           # a check of everything,',
        'privity run job.ts --config alice.party.yaml       # and the run, at every party',
      ]),
    );
  addInit(program, shell, exit);
  addRun(program, shell, exit);
  addLocal(program, shell, exit);
  addExplore(program, shell, exit);
  addContract(program, shell, exit);
  addKeygen(program, shell, exit);
  addFederation(program, shell, exit);
  addDoctor(program, shell, exit);
  addExplain(program, shell, exit);
  addRuns(program, shell, exit);
  addNode(program, shell, exit);
  addDemo(program, shell, exit, runCli);
  program
    .command('inspect-job <job>', { hidden: true })
    .option('--check')
    .action(async (job: string, flags: { check?: boolean }) =>
      exit(await (await import('./commands/inspect-job.ts')).inspectJobCommand(shell, job, flags)),
    );
  return program;
}

/** Options that `run` and `local` share. */
function addRunOptions(command: Command): Command {
  return command
    .option('--arg <key=value>', 'public argument, the same at every party (repeatable)', collect)
    .option('--inputs <party.key=file>', 'private setting that is a file (repeatable)', collect)
    .option('--setting <party.key=value>', 'private setting that is not a file (repeatable)', collect)
    .option('--bound <name=duration>', 'a bound of the run, such as joinTimeoutMs=2m (repeatable)', collect)
    .option('--memory-max <size>', "what a party's program may hold, such as 2GiB (default: by the machine)")
    .addOption(
      new Option(
        '--sandbox [policy]',
        'run the code of the job in a sandbox: preferred (the default of this option), required, off',
      )
        .choices([...SANDBOX_POLICIES])
        .preset('preferred'),
    )
    .option(
      '--contract <file>',
      'disclose nothing that this contract does not list (the same at every party)',
    )
    .option('--report <dir>', 'write DIR/PARTY.json: steps, disclosures, verdict')
    .option('--run-id <id>', 'name the run yourself (the same at every party)')
    .option('--json', 'print one event a line on standard output, nothing else')
    .option('--lines', 'print plain lines even on a terminal')
    .addOption(
      new Option('--quiet', 'print the result and errors, nothing else').conflicts([
        ...['json', 'lines', 'plain'],
      ]),
    )
    .option('--log <file>', 'append a structured log; - is standard error')
    .option('--no-record', 'keep no record of this run for `privity runs`');
}

function addRun(program: Command, shell: Shell, exit: Exit): void {
  const command = program
    .command('run <job>')
    .description("run this party's part of a job, with the other parties elsewhere");
  addRunOptions(
    command
      .option('--party <name>', 'the party that runs here; must be that of the party file')
      .requiredOption('--config <file>', 'the party file'),
  )
    .addOption(new Option('--parent-pipe').hideHelp())
    .addOption(new Option('--driven').hideHelp())
    .addOption(new Option('--record-dir <dir>').hideHelp())
    .addOption(new Option('--node-order <file>').hideHelp())
    .addOption(new Option('--plaintext').hideHelp())
    // What --lines was called before.
    .addOption(new Option('--plain').hideHelp())
    .addHelpText(
      'after',
      `
Every party starts the same job file; the run begins when all are there. The first Ctrl-C cancels the
run at every party, the second ends this party's program at once, the third everything here.
${examplesText([
  'privity run job.ts --party alice --config alice.party.yaml',
  'privity run job.ts --config alice.party.yaml --inputs alice.table=customers.csv --report reports',
  'privity run job.ts --config alice.party.yaml --json | jq -c .',
])}${exitCodesText()}`,
    )
    .action(async (job: string, flags: RunFlags) =>
      exit(await (await import('./commands/run.ts')).runCommand(shell, job, flags)),
    );
}

function addLocal(program: Command, shell: Shell, exit: Exit): void {
  const command = program
    .command('local <job>')
    .description('run all parties of a job on this machine, as real processes with throw-away keys');
  addRunOptions(command)
    .option(
      '--plain',
      'compute secrets in the open, and show what every step really had (data on one machine)',
    )
    .addOption(
      new Option('--error-detail <level>', 'what text of a failure crosses between the parties')
        .choices([...ERROR_DETAILS])
        .default('redacted'),
    )
    .addOption(new Option('--driven').hideHelp())
    .addHelpText(
      'after',
      `
Each party gets its own supervisor and program process, and mutual TLS between them, as for real.
${examplesText([
  'privity local job.ts --inputs alice.table=a.csv --inputs bob.table=b.csv',
  'privity local job.ts --arg threshold=10 --report reports',
  'privity local job.ts --json > events.ndjson',
  'privity local job.ts --plain                       # find min and max of what is shared',
])}${exitCodesText()}`,
    )
    .action(async (job: string, flags: LocalFlags) =>
      exit(await (await import('./commands/local.ts')).localCommand(shell, job, flags)),
    );
}

function addExplore(program: Command, shell: Shell, exit: Exit): void {
  program
    .command('explore <job>')
    .description('run a job under thousands of failures in a simulated world, and check every run')
    .option('--arg <key=value>', 'public argument, the same at every party (repeatable)', collect)
    .option('--inputs <party.key=file>', 'private setting that is a file (repeatable)', collect)
    .option('--setting <party.key=value>', 'private setting that is not a file (repeatable)', collect)
    .option('--bound <name=duration>', 'a bound of the runs, such as lostAfterMs=5s (repeatable)', collect)
    .addOption(
      new Option('--error-detail <level>', 'what text of a failure crosses between the parties')
        .choices([...ERROR_DETAILS])
        .default('redacted'),
    )
    .option('--seed <n>', 'the first seed; each run takes the next', '1')
    .option('--runs <n>', 'how many runs (default: 1000)')
    .option('--for <duration>', 'end after so long, such as 30s or 10m')
    .option('--faults <kinds>', 'only these kinds of faults, with commas between them')
    .option('--replay <seed>', 'show one seed again: its faults, and what happened at every party')
    .option('--json', 'print one JSON object; progress as JSON lines on standard error')
    .addHelpText(
      'after',
      `
All parties run in this process: the code that would run for real, over a simulated network and a
simulated clock (docs/simulation.md). Tasks are executed, also those that read and write files.
Progress goes to standard error, with an estimate of the time left. The first Ctrl-C ends the exploration
and prints what is known so far.
${examplesText([
  'privity explore job.ts --inputs alice.table=a.csv --inputs bob.table=b.csv',
  'privity explore job.ts --runs 20000 --for 10m --faults crash,partition',
  'privity explore job.ts --replay 4711',
])}
Exit codes: 0 everything held, 70 something did not, 64 wrong use.
`,
    )
    .action(async (job: string, flags: ExploreFlags) =>
      exit(await (await import('./commands/explore.ts')).exploreCommand(shell, job, flags)),
    );
}

function addKeygen(program: Command, shell: Shell, exit: Exit): void {
  program
    .command('keygen')
    .description("make a party's private key and certificate")
    .requiredOption('--party <name>', 'the name of the party')
    .option('--out <dir>', 'folder for the files', '.')
    .option('--days <n>', 'days until the certificate expires (default: 825)')
    .option('--address <host:port>', 'where peers will reach the party, for the printed lines')
    .addOption(
      new Option(
        '--renew',
        'make a new certificate around the existing key: the fingerprint stays',
      ).conflicts('force'),
    )
    .option('--force', 'overwrite an existing key: the other parties will need the new fingerprint')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      `${examplesText([
        'privity keygen --party alice --address alice.example.org:7420',
        'privity keygen --party alice --renew --days 365',
      ])}${plainExitCodesText()}`,
    )
    .action(async (flags: KeygenFlags) =>
      exit(await (await import('./commands/keygen.ts')).keygenCommand(shell, flags)),
    );
}

function addFederation(program: Command, shell: Shell, exit: Exit): void {
  const load = (): Promise<typeof import('./commands/federation.ts')> => import('./commands/federation.ts');
  const federation = program
    .command('federation')
    .description('the list of parties that all share: create, show, verify');
  federation
    .command('create')
    .description('make a federation file')
    .requiredOption('--name <name>', 'the name of the federation')
    .requiredOption(
      '--party <name=host:port=identity>',
      'a party, with its fingerprint or certificate file (repeatable)',
      collect,
    )
    .option('--out <file>', 'where to write it (default: standard output)')
    .option('--force', 'overwrite the file')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      `${examplesText([
        'privity federation create --name demo --out federation.yaml \\',
        '      --party alice=alice.example.org:7420=alice.cert.pem \\',
        '      --party bob=bob.example.org:7420=sha256:…',
      ])}${plainExitCodesText()}`,
    )
    .action(async (flags: FederationCreateFlags) =>
      exit(await (await load()).federationCreateCommand(shell, flags)),
    );
  federation
    .command('show <file>')
    .description('print the parties, and the digest that people compare over the phone')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      `${examplesText(['privity federation show federation.yaml'])}${plainExitCodesText()}`,
    )
    .action(async (file: string, flags: { json?: boolean }) =>
      exit(await (await load()).federationShowCommand(shell, file, flags)),
    );
  federation
    .command('verify <file>')
    .description("check certificates, this party's own files, or a digest against a federation file")
    .option('--certificate <file>', 'a certificate of a party (repeatable)', collect)
    .option('--config <file>', "this party's party file")
    .option('--digest <text>', 'the digest that another party reads out')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      `${examplesText([
        'privity federation verify federation.yaml --config alice.party.yaml',
        'privity federation verify federation.yaml --digest K7QF-2M9D-81TX-0R4B',
      ])}${plainExitCodesText()}`,
    )
    .action(async (file: string, flags: FederationVerifyFlags) =>
      exit(await (await load()).federationVerifyCommand(shell, file, flags)),
    );
}

function addDoctor(program: Command, shell: Shell, exit: Exit): void {
  program
    .command('doctor')
    .description('check keys, clock, port, and every peer; say what to do')
    .option('--config <file>', 'the party file')
    .option('--job <job>', 'check a job, too: that it loads, its settings, its tables')
    .option('--arg <key=value>', 'with --job: public argument, as for the run (repeatable)', collect)
    .option('--inputs <party.key=file>', 'with --job: private setting that is a file (repeatable)', collect)
    .option('--setting <party.key=value>', 'with --job: other private setting (repeatable)', collect)
    .option('--clean', 'remove what runs have left whose supervisor was killed')
    .option('--wait <duration>', 'keep listening, and trying peers that do not answer yet, for so long')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      `
Peers listen during a run only, so one that does not answer may be in order. To check each other, all
parties start the doctor with --wait at the same time. With --clean alone, nothing else is checked.
${examplesText(['privity doctor --config alice.party.yaml', 'privity doctor --config alice.party.yaml --job job.ts', 'privity doctor --config alice.party.yaml --wait 60s', 'privity doctor --clean'])}${plainExitCodesText()}`,
    )
    .action(async (flags: DoctorFlags) =>
      exit(await (await import('./commands/doctor.ts')).doctorCommand(shell, flags)),
    );
}

function addExplain(program: Command, shell: Shell, exit: Exit): void {
  program
    .command('explain <what...>')
    .description('say what a code means, or what happened in a run, from the reports of its parties')
    .option('--federation <file>', 'check against it that the contributions in the reports are signed')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      `
WHAT is one failure code or error code, or the reports of one run that parties share with each other:
files, or folders of them. The clocks of different machines are never believed: how they stand to each
other is worked out from what must have come before what, and every estimate says how good it is.
${examplesText([
  'privity explain PEER_CRASHED',
  'privity explain PRIVITY_CONFIG_UNKNOWN_KEY',
  'privity explain reports/alice.json',
  'privity explain alice.json bob.json carol.json --federation federation.yaml',
])}${plainExitCodesText()}`,
    )
    .action(async (what: string[], flags: ExplainFlags) =>
      exit(await (await import('./commands/explain.ts')).explainCommand(shell, what, flags)),
    );
}
