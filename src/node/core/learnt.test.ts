import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { learntFrom } from './learnt.ts';

const told = {
  name: 'mean',
  kind: 'reveal',
  to: ['bob', 'carol'],
  type: 'number',
  stepId: '3',
  bytes: 8,
} as const;
const entry = { step: 'mean', kind: 'reveal', from: 'alice', to: ['bob'], what: 'number', times: 1 };
const contract = {
  version: 1,
  parties: ['alice', 'bob'],
  steps: ['mean'],
  discloses: [entry, { ...entry, from: 'bob', to: ['alice'] }],
};

describe('what partners have learnt of a run', () => {
  it('is every value that left, for each receiver and each table', () => {
    const lines = learntFrom(['loans', 'people'], { disclosures: [told] }, 7);
    assert.deepEqual(
      lines.map(({ dataset, partner, step }) => [dataset, partner, step]),
      [
        ['loans', 'bob', 'mean'],
        ['people', 'bob', 'mean'],
        ['loans', 'carol', 'mean'],
        ['people', 'carol', 'mean'],
      ],
    );
  });

  it('is all that was allowed, where a killed supervisor has left no report', () => {
    const lines = learntFrom(['loans'], { contract, self: 'alice' }, 7);
    assert.deepEqual(lines, [
      {
        dataset: 'loans',
        partner: 'bob',
        step: 'mean',
        kind: 'reveal',
        type: 'number (perhaps)',
        shape: null,
        at: 7,
      },
    ]);
  });
});
