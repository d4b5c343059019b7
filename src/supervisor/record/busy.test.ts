import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { StepKind } from '../../coordination/failure.ts';
import { LastHeard } from './busy.ts';

const kinds: Readonly<Record<string, StepKind>> = { 1: 'task', 2: 'task', 3: 'transfer', 4: 'psi' };
const lastHeard = (): LastHeard => new LastHeard((stepId) => kinds[stepId]);

describe('what a program does that says nothing', () => {
  it('is the one step that runs, from when it was heard last', () => {
    const last = lastHeard();
    last.heard(10);
    assert.equal(last.busy.stepId, null);
    last.stepStarted('3');
    assert.equal(last.busy.stepId, null, 'a transfer computes nothing');
    last.stepStarted('1');
    last.heard(20);
    assert.deepEqual(last.busy, { stepId: '1', since: 20 });
    last.stepFinished('1');
    assert.equal(last.busy.stepId, null);
  });

  it('of several the one whose beginning was its last word, and else none', () => {
    const last = lastHeard();
    last.heard(1);
    last.stepStarted('1');
    last.heard(2);
    last.stepStarted('4');
    assert.equal(last.busy.stepId, '4');
    last.heard(3);
    assert.equal(last.busy.stepId, null, 'it has turned its event loop since: any of the two can be at work');
    last.stepFinished('4');
    assert.equal(last.busy.stepId, '1');
  });
});
