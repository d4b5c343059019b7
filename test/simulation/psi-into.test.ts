/** An intersection into a device in the simulated world: what it gives, and that a party dies anywhere in it. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { explore, replay, type SimulatedRun, type TimelineLine } from '../../src/testing/index.ts';
import { share } from '../effort.ts';
import { projectRoot } from '../tidy/project-files.ts';

const job = join(projectRoot, 'test/simulation/jobs/psi-into.ts');
const SEED = 7;
/** Deaths of each party, evenly over the step. */
const INSTANTS = share(3);
/** Runs under seeded plans, and real time for them at most. */
const RUNS = share(25);
const FOR_MS = 6_000;

function at(timeline: readonly TimelineLine[], party: string, text: RegExp): number {
  const line = timeline.find((one) => one.party === party && text.test(one.text));
  assert.ok(line, `${party} never said ${text}`);
  return line.at;
}

const resultsOf = ({ parties }: SimulatedRun): unknown[] =>
  parties.flatMap(({ events }) => events.flatMap((event) => (event.event === 'result' ? [event.value] : [])));

describe('an intersection into a device, in the simulated world', () => {
  let timeline: readonly TimelineLine[] = [];

  it('gives sums by group over rows that both have, and the same trace for the same seed', async () => {
    const first = await replay({ job, seed: SEED, plan: [] });
    assert.deepEqual(first.violations, []);
    // Both have P6 to P11: groups 0, 1, 2, 0, 1, 2 with values 1 to 6.
    const wanted = [
      [2, 2, 2],
      [5, 7, 9],
    ];
    assert.deepEqual(
      resultsOf(first.run),
      first.run.parties.map(() => wanted),
    );
    const again = await replay({ job, seed: SEED, plan: [] });
    assert.equal(again.run.digest, first.run.digest);
    timeline = first.run.timeline;
  });

  const spans = [
    ['alice', 'psi on id'],
    ['bob', 'psi on id'],
    ['carol', 'psi on id as shares'],
    ['bob', 'psi on id as shares'],
  ] as const;
  for (const [party, step] of spans)
    it(`${party} dies in "${step}": all others have one verdict, and nobody a result`, async () => {
      const from = at(timeline, party, new RegExp(`^begins step \\d+ "${step}"$`));
      const to = at(timeline, party, new RegExp(`^step \\d+ "${step}" completed`));
      assert.ok(to > from, 'the step takes time');
      for (let instant = 1; instant <= INSTANTS; instant++) {
        const moment = from + ((to - from) * instant) / (INSTANTS + 1);
        const target = instant % 2 === 0 ? 'both' : 'program';
        const plan = [{ kind: 'crash', party, at: moment, target }] as const;
        const { run, violations } = await replay({ job, seed: SEED, plan });
        assert.deepEqual(violations, []);
        assert.deepEqual(run.happened, [true]);
        const reports = run.parties.flatMap(({ report }) => report ?? []);
        assert.equal(new Set(reports.map(({ verdict }) => verdict.digest)).size, 1, 'one verdict');
        for (const { verdict } of reports) assert.equal(verdict.failure?.origin, party);
        assert.deepEqual(resultsOf(run), []);
      }
    });

  it('keeps every promise under seeded plans', async () => {
    const { breaks, runs, deterministic } = await explore({ job, runs: RUNS, forMs: FOR_MS });
    assert.deepEqual(breaks, []);
    assert.ok(runs > 0);
    assert.equal(deterministic, true);
  });
});
