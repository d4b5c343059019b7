/**
 * Runs that go on without a party, checked on the code itself: see scope-search.ts for what is searched and checked.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { NAMES } from '../../test/core/interned-world.ts';
import type { ScopePlan, ScopeScenario } from '../../test/core/scope-scenario.ts';
import { searchScopes } from '../../test/core/scope-search.ts';

const everybody = (size: number, word: string, path: string): string[] =>
  NAMES.slice(0, size).map((_, party) => `${word} ${party} ${path}`);

/** A quorum of two with a part for each of three parties, as the program room makes it. */
const quorum = (parts: readonly number[], size: number): ScopePlan[] => [
  { path: '0', tolerates: NAMES.slice(0, size).map((_, i) => i) },
  ...parts.map((part) => ({
    path: `0/0/0/${part}/0`,
    tolerates: NAMES.slice(0, size).flatMap((_, i) => (i === part ? [] : [i])),
  })),
];

const without = 'alice goes on without carol; bob goes on without carol';

describe('runs that go on without a party, all interleavings', () => {
  const scenarios: readonly [string, ScopeScenario, string[]][] = [
    [
      'two parties, an attempt, one crashes',
      { size: 2, scopes: [{ path: '0' }], faults: ['crash 1'] },
      ['alice completed without bob', 'alice PEER_UNREACHABLE'],
    ],
    [
      'two parties, an attempt, the first crashes',
      { size: 2, scopes: [{ path: '0' }], faults: ['crash 0'] },
      ['bob PEER_UNREACHABLE'],
    ],
    [
      'two parties, an attempt, their link is cut',
      { size: 2, scopes: [{ path: '0' }], faults: ['cut 0 1'] },
      ['alice completed without bob; bob PEER_UNREACHABLE'],
    ],
    [
      'two parties, two attempts, one fails in the first and crashes',
      {
        size: 2,
        scopes: [
          { path: '0', failing: [1] },
          { path: '1', after: ['0'] },
        ],
        faults: ['crash 1'],
      },
      ['alice completed without bob'],
    ],
    [
      'two parties, an attempt, one program is killed',
      { size: 2, scopes: [{ path: '0' }], faults: ['kill 0'] },
      ['alice PROCESS_KILLED; bob completed without alice'],
    ],
    [
      'two parties, an attempt, one is killed and the other fails',
      { size: 2, scopes: [{ path: '0' }], faults: ['kill 0', 'fail 1'] },
      ['alice PROCESS_KILLED; bob completed without alice'],
    ],
    [
      'three parties, an attempt, one crashes',
      {
        size: 3,
        scopes: [{ path: '0' }],
        faults: ['crash 2'],
        finishing: false,
        begun: everybody(3, 'enter', '0'),
      },
      [without],
    ],
    [
      'three parties, an attempt, one program is killed',
      {
        size: 3,
        scopes: [{ path: '0' }],
        faults: ['kill 2'],
        finishing: false,
        begun: [...everybody(3, 'enter', '0'), 'leave 0 0', 'leave 1 0', 'deliver'],
      },
      [`${without}; carol PROCESS_KILLED`],
    ],
    [
      'three parties, an attempt, one is cut off',
      {
        size: 3,
        scopes: [{ path: '0' }],
        faults: ['isolate 2'],
        finishing: false,
        begun: [...everybody(3, 'enter', '0'), 'leave 0 0', 'leave 1 0'],
      },
      [`${without}; carol PARTITION`],
    ],
    [
      'three parties, an attempt, two crash',
      {
        size: 3,
        scopes: [{ path: '0' }],
        faults: ['crash 2', 'crash 1'],
        finishing: false,
        begun: [...everybody(3, 'enter', '0'), 'leave 0 0'],
      },
      ['alice PARTITION', 'alice PEER_UNREACHABLE without carol'],
    ],
    [
      'three parties, an attempt, one fails in it and crashes',
      {
        size: 3,
        scopes: [{ path: '0', failing: [2] }],
        faults: ['crash 2'],
        finishing: false,
        begun: [...everybody(3, 'enter', '0'), 'leave 0 0', 'leave 1 0'],
      },
      [without],
    ],
    [
      'three parties, a quorum, one crashes in its part',
      {
        size: 3,
        scopes: quorum([2], 3),
        faults: ['crash 2'],
        finishing: false,
        begun: [
          ...everybody(3, 'enter', '0'),
          ...everybody(3, 'enter', '0/0/0/2/0'),
          'leave 0 0/0/0/2/0',
          'leave 1 0/0/0/2/0',
        ],
      },
      [without],
    ],
    [
      'two parties, a quorum with two parts, one crashes',
      { size: 2, scopes: quorum([0, 1], 2), faults: ['crash 1'], finishing: false },
      ['alice goes on without bob'],
    ],
    [
      'two parties, a quorum with two parts, one fails in its own and crashes',
      {
        size: 2,
        scopes: quorum([0, 1], 2).map((plan) =>
          plan.path.includes('/1/') ? { ...plan, failing: [1] } : plan,
        ),
        faults: ['crash 1'],
        finishing: false,
      },
      ['alice goes on without bob'],
    ],
    [
      'three parties close after one has crashed, and another crashes',
      {
        size: 3,
        scopes: [{ path: '0' }],
        faults: ['crash 1'],
        begun: [...everybody(3, 'enter', '0'), 'crash 2', 'settle', 'leave 0 0', 'leave 1 0', 'settle'],
      },
      [
        'alice completed without carol',
        'alice PEER_UNREACHABLE without carol',
        'alice IN_DOUBT without carol',
      ],
    ],
    [
      'three parties close after one has crashed, and their link is cut',
      {
        size: 3,
        scopes: [{ path: '0' }],
        faults: ['cut 0 1'],
        begun: [...everybody(3, 'enter', '0'), 'crash 2', 'settle', 'leave 0 0', 'leave 1 0', 'settle'],
      },
      ['alice completed without carol; bob completed without carol'],
    ],
  ];
  for (const [name, scenario, expected] of scenarios) {
    it(name, (t) => {
      const { states, ends, violation } = searchScopes(scenario);
      assert.equal(violation, null, violation ? [violation.says, ...violation.story].join('\n') : '');
      t.diagnostic(`${states} states; ${[...ends].join(' | ')}`);
      for (const end of expected) assert.ok(ends.has(end), `never: ${end}`);
    });
  }
});
