/** Networks that lose what a link never loses, and messages that are as long as they may be. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PARTIES_MAX } from '../../src/coordination/limits.ts';
import { itLong, shareOf } from '../effort.ts';
import { check } from './explore-core.ts';
import { MESSAGE_TYPES } from './plan-losses.ts';
import type { Fault, Plan } from './plan-types.ts';
import { FORGED } from './planted.ts';
import { Schedule } from './schedule.ts';
import * as checks from './schedule-checks.ts';

const calm: Plan = {
  seed: 7,
  parties: 3,
  steps: 3,
  scopeAt: 1,
  conclave: { at: 2, members: [0, 1, 2], steps: 2, scope: true },
  stepMs: 20,
  delayMs: 5,
  faults: [],
};

function holds(plan: Plan): Schedule {
  const { schedule, breach } = check(plan);
  assert.equal(breach, null, `${breach?.checker}: ${breach?.says} in ${JSON.stringify(plan.faults)}`);
  return schedule;
}

describe('a network that drops every message of a kind for ever', () => {
  const places = [
    { a: null, b: null, oneWay: false },
    { a: 0, b: 1, oneWay: false },
    { a: 0, b: 1, oneWay: true },
    { a: 1, b: 0, oneWay: true },
  ];
  const others: readonly (readonly Fault[])[] = [
    [],
    [{ kind: 'fail', at: 90, party: 1, code: 'TASK_FAILED' }],
    [{ kind: 'crash', at: 90, party: 2, reset: true, evidence: false }],
    [{ kind: 'diverge', party: 1, position: 0, noticedBy: null }],
    [{ kind: 'fail scope', party: 1 }],
  ];
  for (const type of MESSAGE_TYPES) {
    it(`ends within the formula: ${type}`, () => {
      for (const place of shareOf(places, 1)) {
        for (const parties of shareOf([3, 2, 5])) {
          for (const faults of others) {
            const there = faults.filter((fault) => !('party' in fault) || fault.party < parties);
            const conclave = { at: 2, members: [0, 1], steps: 2, scope: true };
            holds({
              ...calm,
              parties,
              conclave,
              loud: true,
              faults: [{ kind: 'drop', type, ...place }, ...there],
            });
          }
        }
      }
    });
  }

  it('lets a party end by itself, which says so', () => {
    const { parties } = holds({
      ...calm,
      faults: [
        { kind: 'drop', type: 'board', a: null, b: null, oneWay: false },
        { kind: 'fail', at: 90, party: 1, code: 'TASK_FAILED' },
      ],
    });
    const [, bob] = parties;
    assert.deepEqual(
      [bob?.core.outcome?.failure?.code, bob?.core.outcome?.unconfirmed],
      ['TASK_FAILED', true],
    );
  });
});

describe('all parties throw at once, with everything that may cross', () => {
  for (const parties of [2, 3, 5, 7]) {
    it(`${parties} parties`, () => {
      const schedule = holds({ ...calm, parties, loud: true, faults: [{ kind: 'throw all', at: 90 }] });
      for (const { core } of schedule.parties) {
        assert.equal(core.outcome?.failure?.code, 'RESOURCE_EXHAUSTED');
        assert.equal(core.outcome.attached.length, parties - 1);
        // Nothing was lost, so everybody has everybody's text.
        for (const failure of [core.outcome.failure, ...core.outcome.attached]) assert.ok(failure.message);
      }
    });
  }

  itLong(`${PARTIES_MAX} parties`, () => {
    const parties = Array.from({ length: PARTIES_MAX }, (_, i) => i);
    const schedule = holds({
      ...calm,
      parties: PARTIES_MAX,
      conclave: { at: 2, members: parties, steps: 2, scope: true },
      loud: true,
      faults: [{ kind: 'throw all', at: 90 }],
    });
    const digests = new Set(schedule.parties.map(({ core }) => core.outcome?.digest));
    assert.equal(digests.size, 1);
    assert.ok(schedule.parties.every(({ core }) => core.outcome?.unconfirmed === undefined));
  });
});

describe('the checkers of lossy schedules catch what they are for', () => {
  const finished = (): Schedule =>
    new Schedule({ ...calm, faults: [{ kind: 'fail', at: 90, party: 1, code: 'TASK_FAILED' }] }).run();

  it('a message that no link carries', () => {
    const schedule = finished();
    schedule.refusals.push('alice says 70000 bytes of board to bob');
    assert.match(checks.carried(schedule) ?? '', /alice says 70000 bytes/);
  });

  it('a text that has not come, and one that nobody signed', () => {
    const schedule = new Schedule({
      ...calm,
      loud: true,
      faults: [{ kind: 'fail', at: 90, party: 1, code: 'TASK_FAILED' }],
    }).run();
    assert.equal(checks.told(schedule), null);
    const [alice] = schedule.parties;
    assert.ok(alice);
    alice.core = { ...alice.core, texts: alice.core.texts.map(() => ({ message: FORGED })) };
    assert.match(checks.told(schedule) ?? '', /alice believes a text that nobody signed/);
    alice.core = { ...alice.core, texts: alice.core.texts.map(() => null) };
    assert.match(checks.told(schedule) ?? '', /alice does not know what bob has said/);
  });

  it('a party that is not confirmed although nothing was lost', () => {
    const schedule = finished();
    const [alice] = schedule.parties;
    assert.ok(alice?.core.outcome);
    alice.core = { ...alice.core, outcome: { ...alice.core.outcome, unconfirmed: true } };
    assert.match(checks.validity(schedule) ?? '', /alice is not confirmed, and nothing kept/);
  });
});
