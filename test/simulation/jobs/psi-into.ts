/** Sums by group over an intersection that stays on a device. */
import { job, psi, secure, tableOf } from 'privity';

const ids = (from: number): string[] => Array.from({ length: 12 }, (_, i) => `P${from + i}`);
const groups = () => tableOf({ id: ids(0), group: Float64Array.from({ length: 12 }, (_, i) => i % 3) });
const values = () => tableOf({ id: ids(6), value: Float64Array.from({ length: 12 }, (_, i) => i + 1) });

export default job({ parties: ['alice', 'bob', 'carol'] }, async ({ alice, bob, carol, reveal }) => {
  const device = secure([alice, bob, carol], { protocol: 'rep3' });
  const dtype = 'integer';
  const payload = { alice: { group: { dtype, max: 3 } }, bob: { value: { dtype } } } as const;
  const into = { device, rows: 16 };
  const joined = psi({ on: 'id', into, payload }, alice.run('a', groups), bob.run('b', values));
  const { group } = joined.alice;
  const counts = joined.matches.cast('integer').groupSum(group, 3);
  const sums = joined.bob.value.groupSum(group, 3);
  const shown = [reveal(counts), reveal(sums)] as const;
  return [[...(await shown[0]).data], [...(await shown[1]).data]];
});
