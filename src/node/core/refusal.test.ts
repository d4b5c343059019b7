import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RunReport } from '../../observe/report.ts';
import { refusalIn } from './refusal.ts';

type Told = Pick<RunReport, 'failures' | 'withheld'>;
const failure = (origin: string, stepName?: string) => ({ origin, stepName, code: 'TASK_FAILED' });
const withheld = (reason: string) => ({ name: 'mean', reason });
const report = (failures: readonly object[], kept: readonly object[] = []): Told =>
  ({ failures, withheld: kept }) as unknown as Told;

describe('a run has told a bit by failing', () => {
  it('when a step of this party failed', () => {
    assert.equal(refusalIn(report([failure('bob', 'load'), failure('alice', 'count')]), 'alice'), 'count');
  });

  it('when something was kept back for what the data is, though the run went on', () => {
    assert.equal(
      refusalIn(report([], [withheld('run-failed'), withheld('refused-for-data')]), 'alice'),
      'mean',
    );
  });

  it('not when others failed, or no step did', () => {
    assert.equal(refusalIn(report([failure('bob', 'load')], [withheld('run-failed')]), 'alice'), undefined);
    assert.equal(refusalIn(report([failure('alice')]), 'alice'), undefined);
  });
});
