import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { PrivityError, UsageError } from '../../base/errors.ts';
import { jsonLine } from '../../base/steering.ts';
import { federationDigest } from '../../config/federation-file.ts';
import { type IdentityFiles, parseCertificate, readIdentityFiles } from '../../config/identity-files.ts';
import { type PartyConfig, readPartyFile } from '../../config/party-file.ts';
import { readTextFile } from '../../config/yaml-file.ts';
import { PROTOCOL_VERSION } from '../../coordination/handshake.ts';
import { reportOf } from '../../record/error-report.ts';
import { clearOrphan, findOrphans, type Orphan, orphanText } from '../../supervisor/machine/orphans.ts';
import { keepPrivate } from '../../supervisor/machine/private-process.ts';
import { duckdbVersion } from '../../supervisor/program/surroundings.ts';
import { chooseSandbox } from '../../supervisor/sandbox/choose.ts';
import { type FoundSandbox, findSandbox } from '../../supervisor/sandbox/launch.ts';
import { keyExchange, keyExchangeText } from '../../transport/grpc/key-exchange.ts';
import { parseArgs, parseDuration, parsePrivateSettings } from '../arguments.ts';
import { type Check, failed, ok, warning } from '../doctor/check.ts';
import { checkDisk } from '../doctor/disk-checks.ts';
import { checkName, checkPeer, checkVisit, openPort } from '../doctor/network-checks.ts';
import {
  type ComputesWith,
  checkClock,
  checkKeyMode,
  checkNativeCode,
  checkNodeVersion,
  checkSandbox,
  checkValidity,
} from '../doctor/own-checks.ts';
import { type Inspection, inspectJob } from '../local/find-parties.ts';
import { padEnd, wrapText } from '../output/columns.ts';
import { printable, printableText } from '../output/printable.ts';
import { count } from '../output/quantity.ts';
import { createStyle } from '../output/style.ts';
import type { Shell } from '../shell.ts';

export interface DoctorFlags {
  /** May be left out with `clean` or `job`. */
  readonly config?: string;
  readonly job?: string;
  readonly arg?: readonly string[];
  readonly inputs?: readonly string[];
  readonly setting?: readonly string[];
  /** Remove what supervisors have left that were killed. */
  readonly clean?: boolean;
  /** How long to wait, and to listen, for peers whose doctor or run is not up yet. */
  readonly wait?: string;
  readonly json?: boolean;
}

/** The exit code of SETUP_FAILED: this party could not start its part of a run. */
const DOCTOR_FAILED_EXIT = 78;

/**
 * `privity doctor`: looks at everything that a run will need and says what to do. Exit code 0 unless a check failed.
 */
export async function doctorCommand(shell: Shell, flags: DoctorFlags): Promise<number> {
  if (flags.config === undefined && flags.job === undefined && !flags.clean) {
    throw new UsageError(
      'PRIVITY_COMMAND_LINE',
      'doctor: give --config FILE for the checks of a party, --job JOB for those of a job, --clean to clear up, or several',
    );
  }
  keepPrivate();
  const waitMs = flags.wait === undefined ? 0 : parseDuration('--wait', flags.wait);
  const checks: Check[] = [];
  const add = (check: Check): void => {
    checks.push(check);
    if (!flags.json) shell.out.write(checkText(shell, check));
  };
  add(checkNodeVersion(process.version));
  add(
    ok(
      'versions',
      `Privity ${shell.version}, protocol ${PROTOCOL_VERSION}, Node.js ${process.version}, DuckDB ${duckdbVersion() || 'none'}; a run compares them with the peers'`,
    ),
  );
  add(checkNativeCode(await computesWith()));
  for (const check of checkDisk()) add(check);
  const sandbox = await findSandbox();
  add(checkSandbox(sandbox));
  add(ok('key exchange', keyExchangeText(keyExchange(), process.versions.openssl)));
  const { orphans, cleared } = await checkLeftovers(flags.clean === true, add);
  const { config: file } = flags;
  const config = file === undefined ? undefined : await attempt('party file', () => readPartyFile(file), add);
  if (config !== undefined) {
    const { federation } = config;
    add(
      ok(
        'party file',
        `${config.party} in ${federation.name} (${federation.parties.map((member) => member.name).join(', ')})`,
      ),
    );
    add(ok('federation', `digest ${federationDigest(federation)}; compare it with the other parties'`));
    await checkOwn(shell, config, add);
    const identity = await attempt('identity', () => readIdentityFiles(config), add);
    if (identity !== undefined) {
      add(ok('identity', `key, certificate and federation belong together: ${identity.fingerprint}`));
      await checkNetwork(shell, config, identity, waitMs, add);
    }
  }
  if (flags.job !== undefined) await checkJobOf(shell, flags.job, flags, config, sandbox, add);
  const bad = checks.filter((check) => check.status === 'failed').length;
  if (flags.json) {
    const party = config?.party ?? null;
    shell.out.write(jsonLine({ party, ok: bad === 0, checks, orphans, cleared }));
  } else {
    shell.out.write(conclusion(shell, checks, config !== undefined));
  }
  return bad === 0 ? 0 : DOCTOR_FAILED_EXIT;
}

/** Loaded here only: no other command needs native code. */
async function computesWith(): Promise<ComputesWith> {
  const [{ curveLibrary }, { loadKernels }] = await Promise.all([
    import('../../psi/protocols/dh/curve.ts'),
    import('../../secure/kernels/load.ts'),
  ]);
  return { curve: await curveLibrary(), kernels: (await loadKernels()).name };
}

/**
 * The job as this party would run it: with the settings of the party file, and the settings of the command line over
 * them.
 */
async function checkJobOf(
  shell: Shell,
  job: string,
  flags: DoctorFlags,
  config: PartyConfig | undefined,
  sandbox: FoundSandbox,
  add: (check: Check) => void,
): Promise<void> {
  const members = config?.federation.parties.map(({ name }) => name);
  const party = config?.party ?? null;
  const given = { inputs: flags.inputs ?? [], settings: flags.setting ?? [] };
  if (party === null && given.inputs.length + given.settings.length > 0)
    throw new UsageError(
      'PRIVITY_COMMAND_LINE',
      'doctor: --inputs and --setting need --config: whose are they?',
    );
  const typed =
    party === null || members === undefined
      ? {}
      : parsePrivateSettings(given, members, shell.cwd, party)[party];
  const request = {
    asks: 'doctor' as const,
    party,
    args: parseArgs(flags.arg ?? []),
    settings: { ...config?.settings, ...typed },
  };
  const notice = (text: string): boolean => shell.err.write(`${printable(text)}\n`);
  const file = resolve(shell.cwd, job);
  const facts = await attempt(
    'job',
    async () => inspectJob(shell, file, request, notice, await inspectionOf(config, sandbox)),
    add,
  );
  if (facts === undefined) return;
  const { parties } = facts;
  const isSame = members?.length === parties.length && members.every((name) => parties.includes(name));
  if (members === undefined || isSame) add(ok('job', `${job} loads; a job for ${parties.join(', ')}`));
  else {
    const remedy = 'use the job and the federation file that all parties have agreed on';
    add(
      failed('job', `${job} is for ${parties.join(', ')}; the federation is ${members.join(', ')}`, remedy),
    );
  }
  for (const check of facts.checks ?? []) add(check);
}

/** As a run of this party would load the job. */
async function inspectionOf(config: PartyConfig | undefined, found: FoundSandbox): Promise<Inspection> {
  return { sandbox: await chooseSandbox(config?.sandbox ?? 'off', () => Promise.resolve(found)) };
}

/** What an orphan is, for `--json`. */
interface OrphanFacts {
  readonly kind: Orphan['claim']['kind'];
  readonly party: string | null;
  readonly runId: string;
  readonly supervisorPid: number;
  readonly since: string;
  readonly folder: string;
  readonly files: number;
  readonly bytes: number;
  readonly processes: readonly number[];
}

/** What was removed; null if that was not asked for. */
type ClearedFacts = { items: Record<string, number>; leftovers: string[] } | null;

async function checkLeftovers(
  clean: boolean,
  add: (check: Check) => void,
): Promise<{ orphans: readonly OrphanFacts[]; cleared: ClearedFacts }> {
  const found = findOrphans();
  const orphans = found.map(({ claim, folder, files, bytes, processes }) => {
    const { kind, party, runId, owner, since } = claim;
    return { kind, party, runId, supervisorPid: owner.pid, since, folder, files, bytes, processes };
  });
  if (found.length === 0) add(ok('leftovers', 'nothing is left of runs that were killed'));
  if (!clean) {
    const remedy = 'privity doctor --clean removes it; so does the next privity run';
    for (const orphan of found) add(warning('leftovers', orphanText(orphan), remedy));
    return { orphans, cleared: null };
  }
  const cleared: { items: Record<string, number>; leftovers: string[] } = { items: {}, leftovers: [] };
  for (const orphan of found) {
    const { items, leftovers } = await clearOrphan(orphan);
    for (const [kind, n] of Object.entries(items)) cleared.items[kind] = (cleared.items[kind] ?? 0) + n;
    cleared.leftovers.push(...leftovers);
    const removed = Object.entries(items).map(([kind, n]) =>
      count(n, kind, kind === 'process' ? 'processes' : undefined),
    );
    if (leftovers.length === 0) add(ok('cleared', `${orphanText(orphan)}; removed: ${removed.join(', ')}`));
    else add(failed('cleared', `${orphanText(orphan)}; still there: ${leftovers.join(', ')}`));
  }
  return { orphans, cleared };
}

async function attempt<T>(
  name: string,
  work: () => Promise<T>,
  add: (check: Check) => void,
): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof PrivityError)) throw error;
    add(failed(name, error.message, reportOf(error).remedy));
    return undefined;
  }
}

async function checkOwn(shell: Shell, config: PartyConfig, add: (check: Check) => void): Promise<void> {
  const modes = await attempt('key file', () => modeOf(config.keyFile), add);
  if (modes !== undefined) add(checkKeyMode(config.keyFile, modes, process.platform));
  const now = shell.clock.wallTime();
  const times = await Promise.all(
    [config.file, config.federationFile, config.keyFile, config.certificateFile].map(modified),
  );
  add(checkClock(now, Math.max(...times)));
  const certificate = await attempt(
    'certificate',
    async () =>
      parseCertificate(config.certificateFile, await readTextFile(config.certificateFile, 'certificate')),
    add,
  );
  if (certificate === undefined) return;
  const validity = {
    notBeforeMs: Date.parse(certificate.validFrom),
    notAfterMs: Date.parse(certificate.validTo),
  };
  add(checkValidity(config.party, validity, now));
}

async function modeOf(path: string): Promise<number> {
  await readTextFile(path, 'private key');
  return (await stat(path)).mode;
}

const modified = (path: string): Promise<number> =>
  stat(path).then(
    (found) => found.mtimeMs,
    () => 0,
  );

async function checkNetwork(
  shell: Shell,
  config: PartyConfig,
  identity: IdentityFiles,
  waitMs: number,
  add: (check: Check) => void,
): Promise<void> {
  const port = await attempt('port', () => openPort(shell, config, identity), add);
  if (port === undefined) return;
  try {
    add(port.check);
    const peers = config.federation.parties.filter((member) => member.name !== config.party);
    const deadline = shell.clock.now() + waitMs;
    const found = await Promise.all(
      peers.map(async (member) => {
        const name = await checkName(shell, member);
        if (name.status === 'failed') return [name];
        const peer = await checkPeer(shell, port.transport, member, waitMs);
        if (waitMs === 0 || peer.status === 'unknown') return [name, peer];
        // Staying until the peer has found us, too: otherwise the first doctor to finish leaves the other alone.
        const came = await port.visited(member.name, deadline - shell.clock.now());
        return peer.status === 'ok' ? [name, peer, checkVisit(member, came)] : [name, peer];
      }),
    );
    for (const check of found.flat()) add(check);
  } finally {
    await port.close();
  }
}

const NAME_COLUMNS = 16;
const TEXT_COLUMNS = 84;

function checkText(shell: Shell, check: Check): string {
  const style = createStyle(shell.colour.out);
  const marks = {
    ok: style.green('✔'),
    warning: style.yellow('!'),
    failed: style.red('✖'),
    unknown: style.dim('?'),
  };
  const lines = wrapText(printableText(check.text), TEXT_COLUMNS);
  const remedy = check.remedy === undefined ? [] : wrapText(`→ ${printableText(check.remedy)}`, TEXT_COLUMNS);
  const pad = ' '.repeat(NAME_COLUMNS + 4);
  const [first = '', ...more] = lines;
  const head = `${marks[check.status]} ${style.bold(padEnd(check.name, NAME_COLUMNS))}  ${first}`;
  return `${[head, ...more.map((line) => pad + line), ...remedy.map((line) => pad + line)].join('\n')}\n`;
}

function conclusion(shell: Shell, checks: readonly Check[], isWhole: boolean): string {
  const style = createStyle(shell.colour.out);
  const count = (status: Check['status']): number => checks.filter((check) => check.status === status).length;
  const bad = count('failed');
  if (bad > 0) return `\n${style.red(`${bad} of ${checks.length} checks failed.`)} Mend these first.\n`;
  const open = count('unknown');
  if (!isWhole) return '';
  const rest = open > 0 ? `; ${open} could not be told from here` : '';
  const warned = count('warning') > 0 ? `, ${count('warning')} with a warning` : '';
  return `\n${style.green('This party is ready')}${warned}${rest}.\n`;
}
