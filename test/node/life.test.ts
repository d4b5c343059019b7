import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { firstLife, IDLE, lifeStep, stateOf, wakeAt } from '../../src/node/life/life.ts';
import type { LifeEvent, LifeFacts, Step } from '../../src/node/life/life-types.ts';
import { effort } from '../effort.ts';
import { type Budget, exploreLife, type Scenario } from './life-world.ts';

const two = { parties: ['alice', 'bob'], proposer: 'alice', attemptsMax: 2, occurrences: 1 };
const three = { ...two, parties: ['alice', 'bob', 'carol'] };
const each = (n: number): Partial<Budget> => ({
  kills: n,
  losses: n,
  repeats: n,
  busy: n,
  unable: n,
  failures: n,
});

/** Each is searched to its end; those behind the line in the long form only. */
const scenarios: readonly (readonly [string, Scenario, boolean])[] = [
  ['two parties, every fault once', { ...two, faults: each(1) }, false],
  [
    'two parties, a no or a withdrawal beside a kill',
    { ...two, faults: { kills: 1, repeats: 1, refusals: 1, withdrawals: 1 } },
    false,
  ],
  [
    'two parties, one at which a rule approves, killed before and after',
    { ...two, rules: { bob: 'approved' }, faults: { kills: 2, losses: 1, repeats: 1, refusals: 1 } },
    false,
  ],
  [
    'three parties, two at which rules decide, and one of them refuses',
    { ...three, rules: { bob: 'approved', carol: 'refused' }, faults: { kills: 2, repeats: 1 } },
    false,
  ],
  [
    'a schedule of two occurrences',
    { ...two, occurrences: 2, faults: { kills: 1, failures: 1, repeats: 1 } },
    false,
  ],
  [
    'two parties, words that are lost or overtaken unnoticed',
    { ...two, faults: { silences: 2, swaps: 1, busy: 1, failures: 1 } },
    false,
  ],
  [
    'two parties, a no beside words that are lost unnoticed, and come to a proposal that is over',
    { ...two, faults: { silences: 1, swaps: 1, refusals: 1, withdrawals: 1 } },
    false,
  ],
  ['three parties, a kill, and one is full', { ...three, faults: { kills: 1, busy: 1 } }, false],
  [
    'two parties, three attempts, faults twice',
    { ...two, attemptsMax: 3, faults: { ...each(1), kills: 2, failures: 2 } },
    true,
  ],
  [
    'three parties, kills and losses',
    { ...three, faults: { kills: 2, losses: 1, repeats: 1, failures: 1 } },
    true,
  ],
  [
    'three parties, a no beside faults',
    { ...three, faults: { kills: 1, repeats: 1, refusals: 1, busy: 1 } },
    true,
  ],
];
const STATES_MAX = 400_000;

/** From which intent to which, and by what: all that these searches have to come to. */
const transitions: readonly (readonly [role: string, from: string, to: string, by: string])[] = [
  ['leader', 'asking', 'none', 'answer; away; busy; tick; withdrawn'],
  ['leader', 'asking', 'staging', 'held'],
  ['leader', 'none', 'queued', 'answer; ended; tick'],
  ['leader', 'queued', 'none', 'answer; withdrawn'],
  ['leader', 'queued', 'asking', 'place'],
  ['leader', 'staging', 'none', 'answer; away; busy; staged; tick; unable; withdrawn'],
  ['member', 'held', 'none', 'answer; release; tick; unable'],
  ['member', 'held', 'preparing', 'stage'],
  ['member', 'none', 'held', 'hold'],
  ['member', 'prepared', 'none', 'answer; go; release; tick; unable'],
  ['member', 'preparing', 'none', 'answer; release; unable'],
  ['member', 'preparing', 'prepared', 'staged'],
];

const planted: readonly (readonly [string, typeof lifeStep, Partial<Budget>, Scenario['rules']?])[] = [
  [
    'a leader that does not count what has failed starts one attempt twice',
    (before, facts, event, ...rest) => {
      const next = lifeStep(before, facts, event, ...rest);
      return event.type === 'ended' ? { ...next, life: { ...next.life, attempt: 0, isOver: false } } : next;
    },
    { failures: 1 },
  ],
  [
    'a node that does not look at decisions starts what was refused',
    (before, facts, event, now, jitter) =>
      event.type === 'go'
        ? { ...before, effects: [{ type: 'start', occurrence: event.occurrence, attempt: event.attempt }] }
        : lifeStep(before, facts, event, now, jitter),
    { refusals: 1 },
  ],
  [
    'a node that does not wait for what a rule will say starts what is undecided',
    (before, facts, event, ...rest) => {
      const { life } = before;
      if (event.type === 'answer') return lifeStep(before, facts, event, ...rest);
      const hoped = { ...before, life: { ...life, answers: { ...life.answers, bob: 'approved' as const } } };
      const next = lifeStep(hoped, facts, event, ...rest);
      return { ...next, life: { ...next.life, answers: life.answers } };
    },
    {},
    { bob: 'refused' },
  ],
  [
    'a node that gives no place back keeps it for nothing',
    (before, ...rest) => {
      const next = lifeStep(before, ...rest);
      return { ...next, effects: next.effects.filter(({ type }) => type !== 'free') };
    },
    { withdrawals: 1 },
  ],
  [
    'a leader that lets go before all have staged waits in vain',
    (before, facts, event, now, jitter) => {
      const next = lifeStep(before, facts, event, now, jitter);
      const { effects } = next;
      const asks = effects.some((effect) => effect.type === 'say' && effect.kind === 'stage');
      return asks ? { ...next, intent: { kind: 'none', notBefore: 1e15, tries: 0 }, effects: [] } : next;
    },
    {},
  ],
];

describe('the life of a proposal, in every order in which things can happen', () => {
  const reached = new Set<string>();
  for (const [name, scenario, isLong] of scenarios)
    if (!isLong || effort >= 1)
      it(`${name}: nothing starts twice or unapproved, and nothing stands still`, () => {
        const found = exploreLife(scenario, STATES_MAX);
        const { complete, violation, states, ends } = found;
        for (const one of found.reached) reached.add(one);
        assert.equal(violation, null, JSON.stringify(violation, null, 2));
        assert.ok(complete, `stopped after ${states} states`);
        assert.ok(ends > 0);
      });

  it('each transition between intents is reached, and no other', () => {
    const changes = [...reached].filter((one) => {
      const [, from, to] = /: (\S+) - .* - (\S+)$/.exec(one) ?? [];
      return from !== to;
    });
    const listed = transitions.flatMap(([role, from, to, by]) =>
      by.split('; ').map((event) => `${role}: ${from} - ${event} - ${to}`),
    );
    assert.deepEqual(changes.sort(), listed.sort());
  });

  for (const [name, step, faults, rules = {}] of planted)
    it(`finds a planted defect: ${name}`, () => {
      const { violation } = exploreLife({ ...two, faults, step, rules }, STATES_MAX);
      assert.ok(violation, 'it was not found');
      assert.ok(violation.story.length > 1);
    });
});

const facts: LifeFacts = {
  self: 'bob',
  proposer: 'alice',
  parties: ['alice', 'bob'],
  expiresAt: 1_000,
  attemptsMax: 2,
  due: (nth) => (nth === 1 ? 0 : null),
};

const after = (events: readonly LifeEvent[], now = 0, of = facts): Step =>
  events.reduce<Step>(
    ({ life, intent }, event) => lifeStep({ life, intent, effects: [] }, of, event, now, 0),
    { life: firstLife(of), intent: IDLE, effects: [] },
  );

const yes: readonly LifeEvent[] = [
  { type: 'answer', party: 'alice', answer: 'approved' },
  { type: 'answer', party: 'bob', answer: 'approved' },
];

describe('how a proposal stands', () => {
  it('is approved by all, whoever says it first', () => {
    for (const order of [yes, [...yes].reverse()])
      assert.equal(stateOf(after(order).life, facts, 0), 'approved');
    assert.equal(stateOf(after(yes.slice(0, 1)).life, facts, 0), 'proposed');
  });

  it('is refused for good: a yes that comes later changes nothing', () => {
    const { life } = after([{ type: 'answer', party: 'bob', answer: 'refused' }, ...yes]);
    assert.equal(stateOf(life, facts, 0), 'refused');
    assert.equal(
      after([{ type: 'answer', party: 'mallory', answer: 'refused' }, ...yes]).life.answers.mallory,
      undefined,
    );
  });

  it('expires, and an attempt that was let go in time goes on', () => {
    const { life } = after(yes);
    assert.equal(stateOf(life, facts, 1_000), 'expired');
    const running = after([...yes, { type: 'go', from: 'alice', occurrence: 1, attempt: 1 }]);
    assert.equal(stateOf(running.life, facts, 1_000), 'approved');
    assert.equal(
      stateOf(
        after([...yes, { type: 'go', from: 'alice', occurrence: 1, attempt: 1 }], 1_000).life,
        facts,
        1_000,
      ),
      'expired',
    );
  });

  it('is begun by its proposer only, within what was approved', () => {
    const starts = (event: LifeEvent): boolean =>
      after([...yes, event]).effects.some(({ type }) => type === 'start');
    assert.ok(starts({ type: 'go', from: 'alice', occurrence: 1, attempt: 1 }));
    assert.ok(!starts({ type: 'go', from: 'bob', occurrence: 1, attempt: 1 }));
    assert.ok(!starts({ type: 'go', from: 'alice', occurrence: 1, attempt: 3 }));
    assert.ok(!starts({ type: 'go', from: 'alice', occurrence: 2, attempt: 1 }));
  });

  it('wakes its node when it is due, and not before', () => {
    const leader = { ...facts, self: 'alice', due: (nth: number) => (nth === 1 ? 400 : null) };
    const step = after(yes, 0, leader);
    assert.equal(wakeAt(step, leader), 400);
    assert.deepEqual(lifeStep({ ...step, effects: [] }, leader, { type: 'tick' }, 399, 0).effects, []);
    assert.deepEqual(lifeStep({ ...step, effects: [] }, leader, { type: 'tick' }, 400, 0).effects, [
      { type: 'queue' },
    ]);
  });
});
