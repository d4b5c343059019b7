/**
 * How soon a failure is known to the last party, and how soon everything is gone, over real runs (two processes a
 * party, mutual TLS): the guarantees G1, G2, G3 and G7. The moment of an exception is what the job prints after it has
 * failed; the moment of a signal is this process's; the moment of a decision is the time of that party's `verdict`
 * event. All are read from this machine's clock, in whole milliseconds. RUNS, LARGE_RUNS and SIGNAL_RUNS make it
 * shorter or longer.
 */
import { jobFile, Parties, type Party } from '../test/faults/parties.ts';
import { atMost, figure, quantile, setting } from './parts/figure.ts';

const RUNS = setting('RUNS', 200);
const LARGE_RUNS = setting('LARGE_RUNS', 20);
const SIGNAL_RUNS = setting('SIGNAL_RUNS', 30);
/** Thirty-two processes need a while to start on two cores. */
const PATIENCE_MS = 180_000;
const THREE = ['alice', 'bob', 'carol'];
/**
 * Thirty-two processes that start on two cores keep each other from running for seconds, and silence is not what is
 * measured.
 */
const PATIENT = { lostAfterMs: 30_000 };
const SIXTEEN = Array.from({ length: 16 }, (_, i) => (i < 3 ? (THREE[i] ?? '') : `party${i}`));

interface Times {
  /** From the fault to the last party's verdict. */
  readonly decideMs: number;
  /** From the last verdict to the end of the last process. */
  readonly goneMs: number;
}

interface Start {
  readonly parties: readonly string[];
  readonly job: string;
  readonly args?: Readonly<Record<string, string>>;
  readonly bounds?: Readonly<Record<string, number>>;
  /** For how long the job has been at work when it fails. */
  readonly workMs?: number;
}

/** Starts a run, makes its fault happen, and measures what follows at those who can still speak. */
async function once(
  { parties: names, job, args = {}, bounds = {}, workMs = 0 }: Start,
  fault: (parties: Parties) => Promise<number>,
  silent?: string,
) {
  const specs = names.map((name) => {
    const list = names.join();
    const env = { BENCH_PARTIES: list, BENCH_WORK_MS: `${workMs}`, MATRIX_PARTIES: list, MATRIX_PARTY: name };
    return [name, { job: jobFile(job), env }] as const;
  });
  const parties = await Parties.start({
    parties: Object.fromEntries(specs),
    args,
    bounds,
    patienceMs: PATIENCE_MS,
  });
  try {
    const at = await fault(parties);
    const speaking = parties.all.filter(({ name }) => name !== silent);
    const verdicts = await Promise.all(speaking.map((party) => party.event('verdict')));
    const exits = await Promise.all(speaking.map((party) => party.exited.then(() => Date.now())));
    await parties.ended();
    const leftovers = await parties.leftovers();
    if (leftovers.length > 0) throw new Error(`left behind: ${leftovers.join(', ')}`);
    const decided = Math.max(...verdicts.map((verdict) => Date.parse(verdict.time)));
    return { decideMs: decided - at, goneMs: Math.max(...exits) - decided } satisfies Times;
  } finally {
    parties.dispose();
  }
}

async function many(runs: number, run: () => Promise<Times>): Promise<{ decide: number[]; gone: number[] }> {
  const [decide, gone]: [number[], number[]] = [[], []];
  for (let i = 0; i < runs; i++) {
    const { decideMs, goneMs } = await run();
    decide.push(decideMs);
    gone.push(goneMs);
  }
  return { decide, gone };
}

const thrown = async (parties: Parties): Promise<number> => {
  const bob = parties.get('bob');
  const log = await bob.event('log', (event) => event.message.startsWith('thrown at '));
  return Number(log.message.slice('thrown at '.length));
};

const whileWorking = (party: Party) =>
  party.event('step.started', ({ name, kind }) => name === 'work' && kind === 'task');

/** Signals to processes of bob while he works; resolves with the moment of the first. */
const signalled =
  (signal: NodeJS.Signals, ...roles: readonly ('supervisor' | 'program')[]) =>
  async (parties: Parties): Promise<number> => {
    const bob = parties.get('bob');
    await whileWorking(bob);
    const pids = await Promise.all(roles.map((role) => bob.pid(role)));
    const at = Date.now();
    for (const pid of pids) process.kill(pid, signal);
    if (signal !== 'SIGSTOP') return at;
    // It thaws when the others have ended, and ends as well.
    const others = parties.all.filter((party) => party !== bob);
    void Promise.all(others.map((party) => party.exited)).then(() => {
      for (const pid of pids) process.kill(pid, 'SIGCONT');
    });
    return at;
  };

const throwing = { job: 'throw-at-time.ts' };
const waiting = { parties: THREE, job: 'matrix.ts', args: { act: 'wait', who: 'bob' } };
const spinning = { ...waiting, args: { act: 'spin', who: 'bob' } };
const interrupted = signalled('SIGINT', 'supervisor');

/** Twice each: at once after the start, and in a job that is at work. So far that has made no difference. */
const [WORK_MS, LARGE_WORK_MS] = [1_000, 10_000];

async function exceptions(parties: readonly string[], runs: number, workMs: number): Promise<void> {
  const bounds = parties.length > 3 ? PATIENT : {};
  const { decide, gone } = await many(runs, () => once({ ...throwing, parties, bounds, workMs }, thrown));
  const when = workMs === 0 ? 'in its first step' : `after ${workMs / 1000} s`;
  console.log(`a task throws ${when} at one of ${parties.length} parties, ${runs} runs`);
  const three = parties.length === 3;
  const what = `task throws ${when} at one of ${parties.length}`;
  if (three) figure(`G1: ${what}, to last decided, p50`, quantile(decide, 0.5), 'ms', atMost(5));
  const limit = atMost(three ? 25 : 250);
  figure(`G1: ${what}, to last decided, p99`, quantile(decide, 0.99), 'ms', limit);
  if (three) figure(`G7: ${what}, verdict to all gone, p99`, quantile(gone, 0.99), 'ms', atMost(500));
}

for (const workMs of [0, WORK_MS]) await exceptions(THREE, RUNS, workMs);
for (const workMs of [0, LARGE_WORK_MS]) await exceptions(SIXTEEN, LARGE_RUNS, workMs);

console.log(`signals to one of three parties, ${SIGNAL_RUNS} runs each`);
const program = await many(SIGNAL_RUNS, () => once(waiting, signalled('SIGKILL', 'program')));
figure('G2: SIGKILL to a program, to last decided, p99', quantile(program.decide, 0.99), 'ms', atMost(300));
const supervisor = await many(SIGNAL_RUNS, () => once(waiting, signalled('SIGKILL', 'supervisor'), 'bob'));
figure(
  'G2: SIGKILL to a supervisor, to last decided, p99',
  quantile(supervisor.decide, 0.99),
  'ms',
  atMost(300),
);
const frozen = await many(SIGNAL_RUNS, () =>
  once(waiting, signalled('SIGSTOP', 'supervisor', 'program'), 'bob'),
);
figure('G3: SIGSTOP to both, to last decided, p99', quantile(frozen.decide, 0.99), 'ms', atMost(1_750));
const looping = await many(SIGNAL_RUNS, () => once(spinning, interrupted));
figure(
  'G7: verdict to all gone, with a loop without end, max',
  Math.max(...looping.gone),
  'ms',
  atMost(2_500),
);
