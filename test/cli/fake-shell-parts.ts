/**
 * A supervisor that only pretends: the same events and reports, without a network. What the real one does is tested
 * with the supervisor; here it is the command line that is under test.
 */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { UsageError } from '../../src/base/errors.ts';
import { type FailureCode, failureCodes } from '../../src/base/failure-codes.ts';
import type { ShellParts } from '../../src/cli/process-shell.ts';
import type { RunEventBody } from '../../src/observe/events.ts';
import type { RunReport } from '../../src/observe/report.ts';
import { writeReport } from '../../src/supervisor/record/report-file.ts';
import type { PartyOptions } from '../../src/supervisor/seam/options.ts';

/** The argument `scenario` says what the pretended run does; `at` names the party that something happens to. */
async function fakeRunParty(options: PartyOptions): Promise<RunReport> {
  const scenario = String(options.args.scenario ?? 'complete');
  const at = String(options.args.at ?? options.federation[0]?.name);
  const here = at === options.party;
  /** Text that a job or a peer had a hand in, in every place where it can stand. */
  const word = String(options.args.word ?? 'load');
  const parties = options.federation.map((member) => member.name);
  const emit = (event: RunEventBody): void =>
    options.onEvent({
      ...event,
      time: new Date().toISOString(),
      runId: options.runId ?? 'agreed-1',
      party: options.party,
    });
  if (scenario === 'usage' && here)
    throw new UsageError('PRIVITY_CONFIG_VALUE', 'the pretended job is wrong');
  if (scenario === 'bug' && here) throw new TypeError('a defect');
  emit({ event: 'process.started', role: 'supervisor', pid: process.pid });
  for (const peer of parties) {
    if (peer !== options.party) emit({ event: 'peer.state', peer, state: 'up' });
  }
  emit({ event: 'run.started', job: options.jobFile, parties, ownRunId: options.runId ?? 'own-1' });
  emit({ event: 'step.started', stepId: '0', name: word, kind: 'task' });
  let code: FailureCode | null = null;
  if (scenario === 'noise') process.stderr.write('text from a job\n');
  if (word !== 'load') {
    process.stderr.write(`printed ${word}\n`);
    emit({ event: 'log', level: 'error', message: word });
    emit({ event: 'peer.state', peer: at, state: 'up', reason: word });
  }
  if (scenario === 'frozen' && here) process.kill(process.pid, 'SIGSTOP');
  if (scenario === 'die' && here) process.kill(process.pid, 'SIGKILL');
  if (scenario === 'hang' || (scenario === 'usage' && !here)) code = await cancelled(options);
  if (scenario === 'fail' || scenario === 'die' || scenario === 'frozen') code = 'TASK_FAILED';
  emit({
    event: 'step.finished',
    stepId: '0',
    name: word,
    kind: 'task',
    outcome: code === null ? 'completed' : 'aborted',
    durationMs: 1,
  });
  const incident = randomBytes(16).toString('hex');
  if (code !== null) {
    const own = here
      ? {
          message: `text of the origin ${word}`,
          stack: `Error: text of the origin ${word}\n    at job.ts:1:1`,
        }
      : {};
    const { blame, retryable } = failureCodes[code];
    const place = { origin: at, reporter: at, stepId: '0', stepName: word };
    emit({ event: 'failure', code, ...place, incident, blame, retryable, ...own });
  }
  const outcome = code === null ? 'completed' : 'failed';
  const digest = `d${outcome}`;
  const place =
    code === null
      ? { origin: null, stepId: null, stepName: null }
      : { origin: at, stepId: '0', stepName: word };
  const info =
    code === null
      ? { incident: null, blame: null, retryable: false }
      : { incident, blame: failureCodes[code].blame, retryable: failureCodes[code].retryable };
  emit({ event: 'verdict', outcome, code, ...place, digest, ...info, attached: [] });
  emit({ event: 'reclaimed', items: { port: 1 }, leftovers: word === 'load' ? [] : [word] });
  if (code === null) {
    const seen = {
      args: options.args,
      settings: options.settings,
      bounds: options.bounds,
      big: 12n,
      bytes: Buffer.from('ab'),
    };
    emit({ event: 'result', value: seen });
  }
  const report = reportOf(options, parties, outcome, digest, code, word);
  if (options.reportDir !== undefined)
    emit({ event: 'report', path: await writeReport(options.reportDir, report) });
  return report;
}

function cancelled(options: PartyOptions): Promise<FailureCode> {
  return new Promise((resolve) => {
    const stop = String(options.args.stop ?? 'cancel') === 'kill' ? options.kill : options.cancel;
    const done = (): void => {
      clearInterval(alive);
      resolve('CANCELLED');
    };
    const alive = setInterval(() => undefined, 1_000);
    if (stop?.aborted) done();
    stop?.addEventListener('abort', done, { once: true });
  });
}

function reportOf(
  options: PartyOptions,
  parties: readonly string[],
  outcome: RunReport['outcome'],
  digest: string,
  code: FailureCode | null,
  word: string,
): RunReport {
  const now = new Date().toISOString();
  return {
    reportVersion: 1,
    runId: options.runId ?? 'agreed-1',
    party: options.party,
    parties,
    job: { file: options.jobFile, hash: null },
    privityVersion: '0',
    startedAt: now,
    endedAt: now,
    outcome,
    verdict: { digest, failure: null, attached: [], contributions: [] },
    code,
    absent: [],
    failures: [],
    waits: [],
    longestWaits: [],
    timeline: [],
    steps: [],
    disclosures: [
      {
        stepId: '1',
        name: word === 'load' ? 'count' : word,
        kind: 'reveal',
        to: parties.filter((party) => party !== options.party),
        type: 'number',
        bytes: 8,
      },
    ],
    withheld: [],
    disclosuresNotListed: 0,
    reclaimed: {},
    leftovers: [],
    exitCode: code === null ? 0 : failureCodes[code].exit,
  };
}

/** What the command line is given in place of the real supervisor, and of what a job says of itself. */
export const fakeShellParts: Omit<ShellParts, 'entry'> = {
  loadRunParty: () => Promise.resolve(fakeRunParty),
  loadJobFacts: async (file) => {
    const text = await readFile(file, 'utf8').catch(() => {
      throw new UsageError('PRIVITY_CONFIG_FILE_MISSING', `${file}: there is no such job`);
    });
    if (text.startsWith('exit')) process.exit(3);
    if (text.startsWith('print')) process.stdout.write('printed while loading\n');
    return { parties: text.trim().split('\n').at(-1)?.split(' ') ?? [] };
  },
};
