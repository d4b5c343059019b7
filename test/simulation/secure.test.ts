import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { ledgerProblems } from '../../src/simulation/ledger-check.ts';
import { explore, replay, type SimulatedRun, type TimelineLine } from '../../src/testing/index.ts';
import { itLong, share } from '../effort.ts';
import { projectRoot } from '../tidy/project-files.ts';

const jobOf = (name: string): string => join(projectRoot, 'test/simulation/jobs', `${name}.ts`);

const SEED = 7;
/** Faults inside one operation, evenly over its time. */
const INSTANTS = share(3);
/** Runs of one device, and real time for them at most. */
const RUNS = share(25);
const FOR_MS = 6_000;

/** When a party begins something, and when it is through with it. */
interface Span {
  readonly party: string;
  readonly from: number;
  readonly to: number;
}

function at(timeline: readonly TimelineLine[], party: string, text: RegExp): number {
  const line = timeline.find((one) => one.party === party && text.test(one.text));
  assert.ok(line, `${party} never said ${text}`);
  return line.at;
}

function operation(timeline: readonly TimelineLine[], party: string, name: string): Span {
  const from = at(timeline, party, new RegExp(`^begins step \\d+ "${name}"`));
  return { party, from, to: at(timeline, party, new RegExp(`^step \\d+ "${name}" completed`)) };
}

/**
 * From the first message of a device's line that a party sends to the first operation: seeds, and base oblivious
 * transfers.
 */
function agreement(timeline: readonly TimelineLine[], party: string): Span {
  return {
    party,
    from: at(timeline, party, /message 1 of step/),
    to: at(timeline, party, /^begins step \d+ "matmul"/),
  };
}

function resultsOf({ parties }: SimulatedRun): unknown[] {
  return parties.flatMap(({ events }) =>
    events.flatMap((event) => (event.event === 'result' ? [event.value] : [])),
  );
}

/** Every moment of the span: the member dies, and the others have one verdict that names it. */
async function killedWithin(job: string, { party, from, to }: Span): Promise<void> {
  assert.ok(to > from, 'the operation takes time');
  for (let instant = 1; instant <= INSTANTS; instant++) {
    const moment = from + ((to - from) * instant) / (INSTANTS + 1);
    const target = instant % 2 === 0 ? 'both' : 'program';
    const plan = [{ kind: 'crash', party, at: moment, target }] as const;
    const { run, violations } = await replay({ job, seed: SEED, plan });
    assert.deepEqual(violations, []);
    assert.deepEqual(run.happened, [true]);
    const reports = run.parties.flatMap(({ report }) => report ?? []);
    assert.equal(reports.length, run.parties.length - (target === 'both' ? 1 : 0));
    assert.equal(new Set(reports.map(({ verdict }) => verdict.digest)).size, 1, 'one verdict');
    for (const { verdict } of reports) assert.equal(verdict.failure?.origin, party);
    assert.deepEqual(resultsOf(run), [], 'nobody has a result');
  }
}

const devices = [
  { name: 'secure-rep3', members: ['alice', 'carol'] },
  { name: 'secure-semi2k', members: ['alice', 'bob'] },
  { name: 'secure-dealer', members: ['alice', 'carol'] },
] as const;

for (const { name, members } of devices) {
  describe(`${name} in the simulated world`, () => {
    const job = jobOf(name);
    const [one] = members;
    let timeline: readonly TimelineLine[] = [];

    it('computes, and gives the same trace for the same seed', async () => {
      const first = await replay({ job, seed: SEED, plan: [] });
      const again = await replay({ job, seed: SEED, plan: [] });
      assert.deepEqual(
        resultsOf(first.run),
        first.run.parties.map(() => [-23, 47]),
      );
      assert.equal(again.run.digest, first.run.digest);
      assert.deepEqual(again.run.timeline, first.run.timeline);
      timeline = first.run.timeline;
    });

    itLong('a member killed while a device is set up', () => killedWithin(job, agreement(timeline, one)));
    itLong('a member killed in a product of matrices', () =>
      killedWithin(job, operation(timeline, one, 'matmul')),
    );
    it('a member killed in a comparison', () => killedWithin(job, operation(timeline, one, 'lt')));

    it('keeps every promise under seeded plans', async () => {
      const { breaks, runs, deterministic } = await explore({ job, runs: RUNS, forMs: FOR_MS });
      assert.deepEqual(breaks, []);
      assert.ok(runs > 0);
      assert.equal(deterministic, true);
    });
  });
}

describe('a bit that a computation opens, in the simulated world', () => {
  const job = jobOf('secure-inverse');
  it('stands in every ledger, and left', async () => {
    const { run, violations } = await replay({ job, seed: SEED, plan: [] });
    assert.deepEqual(violations, []);
    assert.deepEqual(resultsOf(run), new Array(3).fill([2000, -2000]));
    for (const { report } of run.parties) {
      assert.ok(report);
      const opened = report.disclosures.filter(({ kind }) => kind === 'secure');
      assert.deepEqual(
        opened.map(({ name, type }) => [name, type]),
        [['solve', 'opened bit: whether the matrix is as promised']],
      );
      assert.deepEqual(ledgerProblems(report, run.wire), []);
      const silent = run.wire.filter(({ kind }) => kind !== 'channel');
      assert.ok(ledgerProblems(report, silent).some((text) => text.includes('"solve" is in the ledger')));
    }
  });
});

describe('correlated randomness in the simulated world', () => {
  /** The largest message between two members is the extension of their oblivious transfers: products come from it. */
  itLong('a member killed while triples are made by oblivious transfer', async () => {
    const job = jobOf('secure-semi2k');
    const { run } = await replay({ job, seed: SEED, plan: [] });
    const sizes = run.timeline.flatMap((line) => {
      const bytes = Number(/message \d+ of step \d+, (\d+) bytes/.exec(line.text)?.[1]);
      return bytes > 0 ? [{ ...line, bytes }] : [];
    });
    const largest = sizes.toSorted((a, b) => b.bytes - a.bytes)[0];
    assert.ok(largest && largest.bytes > 10_000);
    const answer = sizes.find((line) => line.at > largest.at && line.party !== largest.party);
    assert.ok(answer);
    await killedWithin(job, { party: answer.party, from: largest.at, to: answer.at });
  });
});
