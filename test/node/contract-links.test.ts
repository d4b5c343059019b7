import assert from 'node:assert/strict';
import { it } from 'node:test';
import { formatContract, parseContract } from '../../src/config/contract-file.ts';
import { mergeObservations } from '../../src/simulation/rehearse/merge.ts';
import type { Observation } from '../../src/simulation/rehearse/observation.ts';

function observed(size: number, bytes: Observation['bytes']): Observation {
  return {
    ...{ rows: new Map(), shared: new Map(), steps: [], disclosures: [], texts: [] },
    ...{ completed: true, rounds: 4, size, bytes },
  };
}

it('tells links apart in the price of three parties, and not of two, where it would be the same again', () => {
  const three = mergeObservations(
    ['alice', 'bob', 'carol'],
    [
      observed(10, { alice: { bob: 100, carol: 10 }, bob: { alice: 5, carol: 0 }, carol: {} }),
      observed(20, { alice: { bob: 200, carol: 10 }, bob: { alice: 5, carol: 0 }, carol: {} }),
    ],
    {},
  ).contract;
  const nothing = { fixed: 0, perRow: 0 };
  assert.deepEqual(three.price, {
    rounds: { fixed: 4, perRow: 0 },
    bytes: { alice: { fixed: 10, perRow: 10 }, bob: { fixed: 5, perRow: 0 }, carol: nothing },
    links: {
      alice: { bob: { fixed: 0, perRow: 10 }, carol: { fixed: 10, perRow: 0 } },
      bob: { alice: { fixed: 5, perRow: 0 }, carol: nothing },
      carol: { alice: nothing, bob: nothing },
    },
  });
  assert.deepEqual(parseContract('job.contract.yaml', formatContract(three, 'job.ts')).price, three.price);
  const two = mergeObservations(
    ['alice', 'bob'],
    [observed(10, { alice: { bob: 1 } }), observed(20, { alice: { bob: 1 } })],
    {},
  ).contract;
  assert.equal(two.price?.links, undefined);
});
