import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { initialState } from '../../coordination/machine.ts';
import type { CoreState } from '../../coordination/types.ts';
import { DEFAULT_BOUNDS } from '../seam/bounds.ts';
import { Waits } from './waits.ts';

const parties = ['alice', 'bob', 'carol'];
const signer = { sign: () => '', accepts: () => true };
const joining = initialState({ self: 0, parties, bounds: DEFAULT_BOUNDS, nonce: '', signer }, 0);
/** Both peers were heard; bob has said what he runs, and that he is through. */
const met: CoreState = {
  ...joining,
  peers: joining.peers.map((view, i) => ({
    ...view,
    heardAt: 1,
    hello: i === 1 ? ({} as CoreState['hello']) : null,
    fin: i === 1 ? { steps: 1, digest: '' } : null,
  })),
};
const running: CoreState = { ...met, runId: 'r1', phase: 'running' };

const waits = (): Waits => new Waits(parties, (stepId) => (stepId === '3' ? 'load' : undefined));
const words = (of: Waits, state: CoreState, now: number): string[] =>
  of
    .now(state, now)
    .map(({ peer, what, stepName, sinceMs }) => `${what} ${peer} ${stepName ?? '-'} ${sinceMs}`);

describe('who waits for whom', () => {
  it('is known while parties join, while values are under way, and at the end', () => {
    const all = waits();
    assert.deepEqual(words(all, joining, 900), []);
    assert.deepEqual(words(all, joining, 2_000), ['join bob - 2000', 'join carol - 2000']);
    assert.deepEqual(words(all, met, 3_000), ['start carol - 3000']);
    all.take([{ peer: 'carol', stepId: '3', sinceMs: 500 }], 4_000);
    assert.deepEqual(words(all, running, 4_100), []);
    assert.deepEqual(words(all, running, 5_000), ['value carol load 1500']);
    all.stepFinished('3');
    assert.deepEqual(words(all, running, 6_000), []);
    all.through(7_000);
    assert.deepEqual(words(all, running, 9_000), ['end carol - 2000']);
    assert.deepEqual(
      all.longest.map(({ what, sinceMs }) => [what, sinceMs]),
      [
        ['start', 3_000],
        ['join', 2_000],
        ['join', 2_000],
        ['end', 2_000],
        ['value', 1_500],
      ],
    );
  });

  it('says so of a peer whose program does not answer, once it is worth telling', () => {
    const all = waits();
    const busy = (view: CoreState['peers'][number], i: number) =>
      i === 2 ? { ...view, busy: { stepId: '3', since: 1_000 } } : view;
    const state: CoreState = {
      ...running,
      peers: running.peers.map(busy),
      busy: { stepId: null, since: 500 },
    };
    all.take([{ peer: 'carol', stepId: '3', sinceMs: 1_500 }], 2_500);
    assert.equal(all.now(state, 2_500)[0]?.busy, undefined);
    assert.deepEqual(all.busy.now(state, 2_500), []);
    const carol = { stepId: '3', stepName: 'load', sinceMs: 4_000 };
    assert.deepEqual(all.now(state, 5_000)[0]?.busy, carol);
    const alice = { peer: 'alice', stepId: null, stepName: null, sinceMs: 4_500 };
    assert.deepEqual(all.busy.now(state, 5_000), [alice, { peer: 'carol', ...carol }]);
    assert.deepEqual(all.busy.now(running, 9_000), []);
    assert.deepEqual(all.busy.longest, [alice, { peer: 'carol', ...carol }]);
  });

  it('is kept as it was when the run failed, although waits end with it', () => {
    const all = waits();
    all.take([{ peer: 'bob', stepId: '3', sinceMs: 2_000 }], 5_000);
    all.over(running, 6_000);
    all.stepFinished('3');
    all.over(running, 9_000);
    assert.deepEqual(all.atTheEnd, [
      { peer: 'bob', what: 'value', stepId: '3', stepName: 'load', sinceMs: 3_000 },
    ]);
  });
});
