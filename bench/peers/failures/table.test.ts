import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Outcome, PartyOutcome } from './measure.ts';
import type { Scenario } from './scenarios.ts';
import { median, row, tableOf } from './table.ts';

const scenario: Scenario = { name: 'x', title: 'x', parties: ['alice', 'bob'], origin: 'alice' };
const told: PartyOutcome = {
  party: 'bob',
  origin: false,
  heard: 'told',
  toldMs: 10,
  says: 'CODE at alice',
  exit: '70',
  exitMs: 200,
  leftBehind: [],
};
const alice: PartyOutcome = { ...told, party: 'alice', origin: true };

function outcome(bob: PartyOutcome, origin: PartyOutcome = alice): Outcome {
  return { scenario: 'x', system: 'S', parties: [origin, bob] };
}

describe('the table of failures', () => {
  it('gives the median of the runs', () => {
    assert.equal(median([3, 1, 2]), 2);
    assert.equal(median([4, 1, 2, 3]), 2.5);
    const text = row(
      scenario,
      'S',
      [10, 30, 20].map((toldMs) => outcome({ ...told, toldMs })),
    );
    assert.match(text, /\| bob: told 20 ms \|/);
  });

  it('shows who hangs, and how often', () => {
    const hanging: PartyOutcome = {
      ...told,
      heard: 'unaware',
      toldMs: null,
      exit: 'hangs',
      exitMs: null,
      leftBehind: null,
    };
    const text = row(scenario, 'S', [outcome(told), outcome(hanging), outcome(hanging)]);
    assert.match(text, /bob: \*\*no\*\* \(2 of 3\), told 10 ms \(1 of 3\)/);
    assert.match(text, /bob \*\*hangs\*\* 2 of 3, 70 \(200 ms\) 1 of 3/);
  });

  it('does not hold it against a frozen party that it does not exit', () => {
    const frozen: Scenario = {
      ...scenario,
      deed: { signal: 'SIGSTOP', whom: 'party', party: 'alice' },
    };
    const still: PartyOutcome = { ...alice, exit: 'hangs', exitMs: null, leftBehind: null };
    assert.match(row(frozen, 'S', [outcome(told, still)]), /alice frozen/);
    assert.match(row(scenario, 'S', [outcome(told, still)]), /alice \*\*hangs\*\*/);
  });

  it('shows a wrong result and what is left behind', () => {
    const wrong: PartyOutcome = { ...told, heard: 'wrong', toldMs: null, leftBehind: ['raylet', 'raylet'] };
    const text = row(scenario, 'S', [outcome(wrong)]);
    assert.match(text, /\*\*no\*\*, completes with a wrong result/);
    assert.match(text, /bob \*\*2\*\* \(raylet\)/);
  });

  it('does not count a run in which the fault did not happen', () => {
    const broken: Outcome = { scenario: 'x', system: 'S', parties: [], broken: 'why' };
    assert.match(row(scenario, 'S', [broken]), /not measured/);
    assert.match(row(scenario, 'S', [broken, outcome(told)]), /told 10 ms \|/);
  });

  it('can be made again from the outcomes that were kept', () => {
    const kept = JSON.stringify({ ...outcome(told), scenario: 'killed' });
    assert.match(tableOf(`${kept}\n`), /SIGKILL of the program.*told 10 ms/);
  });
});
