import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { emptyBoard } from '../../src/coordination/board.ts';
import type { CoreState, Outcome } from '../../src/coordination/types.ts';
import { share } from '../effort.ts';
import type { CoreStep } from './core-step.ts';
import { check, exploreSeeds, mergeTally, newTally } from './explore-core.ts';
import { planOf } from './plan.ts';
import type { Plan } from './plan-types.ts';
import { plantedFailure } from './planted.ts';
import { Schedule } from './schedule.ts';
import * as checks from './schedule-checks.ts';
import { SeenSet } from './seen-set.ts';
import { shrinkPlan } from './shrink.ts';
import { checkStep } from './step-checks.ts';
import { termination } from './termination.ts';

const calm: Plan = { seed: 1, parties: 3, steps: 2, scopeAt: 0, stepMs: 5, delayMs: 5, faults: [] };

function traceOf(seed: number): string {
  const hash = createHash('sha256');
  check(planOf(seed), { trace: (at, party, words) => hash.update(`${at} ${party} ${words}\n`) });
  return hash.digest('hex');
}

/** A finished schedule of a calm plan, changed as if the core had a defect. */
function changed(change: (schedule: Schedule) => void, plan: Plan = calm): Schedule {
  const schedule = new Schedule(plan).run();
  change(schedule);
  return schedule;
}

function withOutcome(
  schedule: Schedule,
  party: number,
  outcome: Partial<Outcome>,
  more: Partial<CoreState> = {},
): void {
  const record = schedule.parties[party];
  assert.ok(record?.core.outcome);
  record.core = { ...record.core, outcome: { ...record.core.outcome, ...outcome }, ...more };
}

describe('seeded schedules of the core', () => {
  it('hold all checkers', () => {
    const tally = newTally();
    const states = new SeenSet();
    const found = exploreSeeds(1, share(3_000), tally, states);
    assert.equal(found, null, `seed ${found?.seed} breaks ${found?.checker}: ${found?.says}`);
    assert.ok(states.size > share(20_000), `only ${states.size} states`);
    for (const kind of [
      'crash',
      'freeze',
      'cut',
      'break',
      'forge',
      'diverge',
      'mismatch',
      'late',
      'jump',
    ] as const) {
      assert.ok((tally.faults[kind] ?? 0) > 0, `no ${kind}`);
    }
  });

  it('are counted alike, in one go or in parts', () => {
    const [whole, parts, rest] = [newTally(), newTally(), newTally()];
    exploreSeeds(1, 20, whole);
    exploreSeeds(1, 12, parts);
    exploreSeeds(13, 8, rest);
    mergeTally(parts, rest);
    assert.deepEqual(parts, whole);
    assert.equal(whole.schedules, 20);
  });

  it('are the same, event by event, for the same seed', () => {
    for (const seed of [3, 14, 159]) assert.equal(traceOf(seed), traceOf(seed));
    assert.notEqual(traceOf(3), traceOf(14));
  });

  it('shrink to the faults and parties that matter', async () => {
    const plan: Plan = {
      ...calm,
      parties: 5,
      faults: [
        { kind: 'drift', party: 4, rate: 1.005 },
        { kind: 'fail', at: 30, party: 1, code: 'INTERNAL' },
        { kind: 'break', at: 35, a: 0, b: 2, ms: 10 },
      ],
    };
    // A checker that cannot stand a failing party.
    const small = await shrinkPlan(plan, 'planted', (candidate, options) => {
      const checked = check(candidate, options);
      const failed = checked.schedule.parties.some(({ failures }) => failures.length > 0);
      return { ...checked, breach: failed ? { checker: 'planted', says: 'it failed' } : null };
    });
    assert.deepEqual([small.parties, small.faults.map(({ kind }) => kind)], [2, ['fail']]);
  });
});

describe('every checker of schedules catches what it is for', () => {
  it('termination', () => {
    const late = changed(({ parties: [alice] }) => {
      if (alice) alice.leftAt = 60_000;
    });
    assert.match(termination(late) ?? '', /alice left after 60000 ms; the bound is/);
    const never = changed(({ parties: [, bob] }) => {
      if (bob) bob.leftAt = null;
    });
    assert.match(termination(never) ?? '', /bob has not left/);
  });

  it('agreement, of runs and of scopes', () => {
    const two = changed((schedule) => withOutcome(schedule, 1, { digest: 'another' }));
    assert.match(checks.agreement(two) ?? '', /alice .* and bob .* reach each other and disagree/);
    const scopes = changed(({ parties: [alice] }) =>
      alice?.program.scopeOutcomes.splice(0, 1, { scope: '0', outcome: 'another' }),
    );
    assert.match(checks.agreement(scopes) ?? '', /scope 0 has two outcomes/);
  });

  it('no success beside failure', () => {
    const failure = plantedFailure('carol', 'INTERNAL', '0');
    const both = changed((schedule) => withOutcome(schedule, 2, { result: 'failed', failure }));
    assert.match(checks.noSuccessBesideFailure(both) ?? '', /alice completed, carol reports INTERNAL/);
  });

  it('one verdict', () => {
    const twice = changed(({ parties: [, bob] }) => {
      if (bob) bob.ends = 2;
    });
    assert.match(checks.oneVerdict(twice) ?? '', /bob is told twice/);
  });

  it('validity: a failure that nobody had, a completion too early, a run that should have completed', () => {
    const failing: Plan = { ...calm, faults: [{ kind: 'fail', at: 30, party: 1, code: 'INTERNAL' }] };
    assert.equal(checks.validity(changed(() => undefined, failing)), null);
    const denied = changed(({ parties: [, bob] }) => bob?.failures.splice(0), failing);
    assert.match(checks.validity(denied) ?? '', /believes INTERNAL at bob: it did not fail so/);
    const early = changed(({ parties: [, bob] }) => {
      if (bob) bob.program.finished = false;
    });
    assert.match(checks.validity(early) ?? '', /completed before bob was through/);
    const blamed = changed((schedule) => withOutcome(schedule, 0, { result: 'failed' }));
    assert.match(checks.validity(blamed) ?? '', /nothing happened that ends a run, and alice/);
  });

  it('validity: a peer that was given up without a reason, and one too soon', () => {
    const frozen: Plan = { ...calm, faults: [{ kind: 'freeze', at: 30, party: 1, ms: 4_000 }] };
    const schedule = changed(() => undefined, frozen);
    assert.equal(checks.validity(schedule), null);
    // Bob, back again, has given up on the others: that alone would be a reason not to hear him.
    const [, bob] = schedule.parties;
    if (bob) bob.core = { ...bob.core, board: emptyBoard(3), left: false };
    schedule.happened.splice(0);
    assert.match(
      checks.validity(schedule) ?? '',
      /believes PEER_UNREACHABLE at bob: nothing kept it from being heard/,
    );
    const hasty = changed(({ parties: [alice] }) => {
      for (const [i, loss] of alice?.lost.entries() ?? [])
        alice?.lost.splice(i, 1, { ...loss, silentForMs: 300 });
    }, frozen);
    assert.match(checks.validity(hasty) ?? '', /it was silent for 300 ms/);
  });

  it('cause before symptom', () => {
    const failing: Plan = { ...calm, faults: [{ kind: 'fail', at: 30, party: 1, code: 'INTERNAL' }] };
    const missed = changed((schedule) => {
      withOutcome(schedule, 0, {
        failure: { code: 'PEER_UNREACHABLE', origin: 'bob', reporter: 'alice', incident: 'i' },
      });
    }, failing);
    assert.match(checks.causeBeforeSymptom(missed) ?? '', /alice misses bob, whose INTERNAL/);
  });

  it('bounded, and nothing left', () => {
    const chatty = changed(({ network }) => {
      network.sent.board = 1_000;
    });
    assert.match(checks.bounded(chatty) ?? '', /1000 boards for 0 facts/);
    const open = changed(({ parties: [alice] }) => {
      if (alice)
        alice.core = {
          ...alice.core,
          scopes: new Map([['0', { members: [0, 1], tolerates: [], entered: true, votes: [], left: true }]]),
        };
    });
    assert.match(checks.nothingLeft(open) ?? '', /alice keeps a scope/);
  });
});

describe('every check of a single step catches what it is for', () => {
  const steps: CoreStep[] = [];
  new Schedule(
    { ...calm, stepMs: 200, faults: [{ kind: 'fail', at: 330, party: 1, code: 'INTERNAL' }] },
    {
      watch: (before, event, after, effects, wakeAt, now) =>
        steps.push({ name: 'alice', before, event, after, effects, wakeAt, now }),
    },
  ).run();

  const find = (of: (step: CoreStep) => boolean): CoreStep => {
    const step = steps.find(of);
    assert.ok(step);
    assert.equal(checkStep(step), null);
    return step;
  };

  it('a sealed contribution that changes', () => {
    const step = find(
      ({ before, after }) => before.board.contributions[1] !== null && before.board !== after.board,
    );
    const contributions = step.after.board.contributions.with(1, null);
    const after = { ...step.after, board: { ...step.after.board, contributions } };
    assert.match(checkStep({ ...step, after }) ?? '', /the contribution of party 1 has changed/);
  });

  it('a verdict that is not what the contributions say, or comes twice', () => {
    const step = find(({ before, after }) => before.outcome === null && after.outcome !== null);
    assert.ok(step.after.outcome?.failure);
    const failure = { ...step.after.outcome.failure, code: 'CANCELLED' } as const;
    const wrong = { ...step.after, outcome: { ...step.after.outcome, failure } };
    assert.match(
      checkStep({ ...step, after: wrong }) ?? '',
      /names CANCELLED at bob where INTERNAL at bob is due/,
    );
    assert.match(checkStep({ ...step, before: step.after }) ?? '', /decides again/);
  });

  it('a party that leaves too soon, and timers that are missing or spin', () => {
    const left = find(({ before, after }) => !before.left && after.left);
    const { self } = left.after.config;
    const reports = left.after.reports.map((report, party) => (party === self ? report : null));
    const alone = {
      ...left.after,
      reports,
      peers: left.after.peers.map((view) => ({ ...view, gone: false })),
    };
    assert.match(checkStep({ ...left, after: alone }) ?? '', /leaves while (alice|bob|carol) may need it/);
    const tick = find(({ event, after }) => event.type === 'tick' && after.phase === 'joining');
    assert.match(checkStep({ ...tick, wakeAt: null }) ?? '', /never wants to be woken/);
    assert.match(
      checkStep({ ...tick, wakeAt: tick.now + 900 }) ?? '',
      /does not wake for (its next heartbeat|the silence of party)/,
    );
    assert.match(checkStep({ ...tick, wakeAt: tick.after.lastTickAt }) ?? '', /wakes again and again/);
  });
});
