/**
 * An intersection by a protocol that the product does not have: test/parts/salted-psi.ts, which the test enters in the
 * list.
 */
import { job, type PsiProtocolName, psi, tableOf } from 'privity';

const ids = (from: number) => () => tableOf({ id: Array.from({ length: 30 }, (_, i) => `P${from + i}`) });

export default job({ parties: ['alice', 'bob'] }, async ({ alice, bob, reveal }) => {
  const protocol = 'salted' as PsiProtocolName;
  const both = psi({ on: 'id', protocol }, alice.run('a', ids(0)), bob.run('b', ids(20)));
  const atAlice = alice.run('ids', { rows: both.alice }, async ({ rows }) =>
    (await rows.strings('id')).join(),
  );
  const atBob = bob.run('ids', { rows: both.bob }, async ({ rows }) => (await rows.strings('id')).join());
  return [await reveal(atAlice), await reveal(atBob)];
});
