import assert from 'node:assert/strict';
import { it } from 'node:test';
import { PrivityError } from '../../base/errors.ts';
import { askedDatasets } from './asked-datasets.ts';

const document = {
  parties: ['alice', 'bob'],
  datasets: { alice: { table: 'members' }, bob: { table: 'orders' } },
};
const asked = (own: readonly string[], published: readonly string[]): readonly string[] =>
  askedDatasets(document, { self: 'alice', own, publishedOf: () => published });
const isUnknown =
  (text: RegExp) =>
  (error: unknown): boolean =>
    error instanceof PrivityError && error.code === 'PRIVITY_DATASET_UNKNOWN' && text.test(error.message);

it('takes datasets that are here, and that the partner has published', () => {
  assert.deepEqual(asked(['members'], ['orders', 'others']), []);
});

it('refuses a name that nobody has, and says which there are', () => {
  assert.throws(() => asked(['member'], ['orders']), isUnknown(/alice\.table=members.* only member$/));
  assert.throws(() => asked([], ['orders']), isUnknown(/none at all$/));
  assert.throws(() => asked(['members'], ['order']), isUnknown(/bob\.table=orders.* only order$/));
});

it('warns of a partner that has published nothing yet, which may grant it still', () => {
  const [warning, ...more] = asked(['members'], []);
  assert.match(warning ?? '', /bob\.table=orders: bob has published nothing/);
  assert.deepEqual(more, []);
});
