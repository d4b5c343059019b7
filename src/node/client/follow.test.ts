import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Followed, ProposalView, RunRow } from './answers.ts';
import { followRun } from './follow.ts';

describe('following a proposal', () => {
  // A proposal is asked for before its runs, so a run may end between the two.
  it('tells the end of a run whose proposal was seen before it had ended', async () => {
    const proposal = (next: object | null) =>
      ({
        id: 'p1',
        state: next === null ? 'done' : 'approved',
        decisions: [],
        next,
      }) as unknown as ProposalView;
    const row = { runId: 'p1-1-1', occurrence: 1, state: 'completed', endedAt: 5 } as unknown as RunRow;
    const views = [
      proposal({ occurrence: 1, dueAt: 1 }),
      proposal({ occurrence: 1, dueAt: 1 }),
      proposal(null),
    ];
    const running = { ...row, state: 'running', endedAt: null } as RunRow;
    const rows = [running, row, row];
    let looks = 0;
    const calls = {
      proposals: { show: () => Promise.resolve(views[Math.min(looks, 2)] as ProposalView) },
      runs: {
        list: () => Promise.resolve({ rows: [rows[Math.min(looks++, 2)]] }),
        show: () => assert.fail('no run was named'),
      },
    };
    const told: (readonly [string | undefined, boolean])[] = [];
    const clock = { now: () => 0 };
    for await (const { run, isOver } of followRun(
      calls as never,
      clock as never,
      'p1',
      {},
    ) as AsyncIterable<Followed>)
      told.push([run?.state, isOver]);
    assert.deepEqual(told, [
      ['running', false],
      ['completed', false],
      ['completed', true],
    ]);
  });
});
