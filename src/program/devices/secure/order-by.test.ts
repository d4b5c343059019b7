/** The order of one member, applied to a secret by a job. */
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { useWorlds } from '../../../../test/parts/program-world.ts';
import { closeDatabase } from '../../../data/index.ts';
import { job } from '../../model/job.ts';
import { tensor } from '../../model/tensor.ts';
import { secure } from './device.ts';

const world = useWorlds();
after(closeDatabase);

const three = { parties: ['alice', 'bob', 'carol'] } as const;
const four = { parties: ['alice', 'bob', 'carol', 'dave'] } as const;

describe('permuteBy', () => {
  it('puts rows in the order of a member, who alone has it, and says so in its ledger', async () => {
    const w = await world(
      job(three, async ({ alice, bob, carol, reveal }) => {
        const spu = secure([alice, bob, carol], { protocol: 'rep3' });
        const x = alice
          .run('x', () => tensor([3, 2], Float64Array.of(1, 2, 3, 4, 5, 6)))
          .to(spu, { shape: [3, 2] });
        const order = bob.run('by income', () => Uint32Array.of(2, 0, 1));
        return [...(await reveal(x.permuteBy(order))).data];
      }),
    );
    const results = await w.results();
    for (const party of three.parties) assert.deepEqual(results[party], [5, 6, 1, 2, 3, 4]);
    const orders = (party: 'alice' | 'bob' | 'carol') =>
      w.of(party).host.disclosures.filter(({ type }) => type.startsWith('secret order'));
    assert.deepEqual(
      orders('bob').map(({ to, shape, name }) => ({ to, shape, name })),
      [{ to: ['alice', 'carol'], shape: [3], name: 'permuteBy' }],
    );
    assert.deepEqual([orders('alice'), orders('carol')], [[], []]);
  });

  it('serves what the owner has computed, with a dealer, too, and what is sorted later', async () => {
    const w = await world(
      job(three, async ({ alice, bob, carol, reveal }) => {
        const spu = secure([alice, bob], { protocol: 'semi2k', dealer: carol });
        const ages = alice.run('ages', () => [50, 20, 40, 30]);
        const order = alice.run('order', { ages }, ({ ages }) =>
          [...ages.keys()].sort((a, b) => (ages[a] ?? 0) - (ages[b] ?? 0)),
        );
        const income = bob.run('income', () => [5, 2, 4, 3]).to(spu, { shape: [4] });
        const byAge = income.permuteBy(order);
        return [[...(await reveal(byAge)).data], [...(await reveal(byAge.sort({ descending: true }))).data]];
      }),
    );
    const { alice } = await w.results();
    assert.deepEqual(alice, [
      [2, 3, 4, 5],
      [5, 4, 3, 2],
    ]);
  });

  const refused: readonly (readonly [string, string, readonly number[]])[] = [
    ['a position twice', 'PRIVITY_SECURE_ORDER', [0, 1, 1]],
    ['one beyond the last', 'PRIVITY_SECURE_ORDER', [0, 1, 3]],
    ['one below 0', 'PRIVITY_SECURE_ORDER', [0, -1, 2]],
    ['a fraction', 'PRIVITY_SECURE_ORDER', [0, 1.5, 2]],
    ['no number', 'PRIVITY_SECURE_ORDER', [0, Number.NaN, 2]],
    ['one that would wrap', 'PRIVITY_SECURE_ORDER', [0, 1, 2 ** 32 + 2]],
    ['too few', 'PRIVITY_SECURE_ORDER', [0, 1]],
    ['too many', 'PRIVITY_SECURE_ORDER', [0, 1, 2, 3]],
  ];
  for (const [what, code, positions] of refused) {
    it(`refuses at its owner what is no order, and nothing has left: ${what}`, async () => {
      const w = await world(
        job(three, async ({ alice, bob, carol, reveal }) => {
          const spu = secure([alice, bob, carol], { protocol: 'rep3' });
          const x = alice.run('x', () => [1, 2, 3]).to(spu, { shape: [3] });
          return reveal(x.permuteBy(bob.run('order', () => [...positions])));
        }),
      );
      const outcomes = await w.run();
      for (const outcome of outcomes.values()) assert.equal(outcome.status, 'rejected');
      const [failure] = w.of('bob').host.failures;
      assert.equal(failure?.detail.code, code);
      // Positions are the owner's.
      assert.doesNotMatch(failure.detail.message, /-1|1\.5|NaN|4294967298/);
      const ledger = w.of('bob').host;
      assert.deepEqual(ledger.disclosures, []);
      assert.deepEqual(ledger.withheld.map(({ type, reason }) => [type, reason])[0], [
        'secret order, each position once',
        'refused-for-data',
      ]);
    });
  }

  it('is refused in the call, where nobody of the device has the order, or there are no rows', async () => {
    const codes: unknown[] = [];
    const w = await world(
      // biome-ignore lint/suspicious/noExplicitAny: a job in plain JavaScript, which nothing keeps from these calls
      job(four, (({ alice, bob, carol, dave }: any) => {
        // biome-ignore lint/suspicious/noExplicitAny: as above
        const spu = secure([alice, bob, carol], { protocol: 'rep3' }) as any;
        const x = alice.run('x', () => [1, 2, 3]).to(spu, { shape: [3] });
        const order = alice.run('order', () => [0, 1, 2]);
        for (const call of [
          () => x.permuteBy(dave.run('order', () => [0, 1, 2])),
          () => x.permuteBy([0, 1, 2]),
          () => x.sum().permuteBy(order),
          () => x.gt(1).permuteBy(order),
        ]) {
          try {
            call();
            codes.push(undefined);
          } catch (error) {
            codes.push((error as { readonly code: string }).code);
          }
        }
      }) as never),
    );
    await w.run();
    assert.deepEqual(codes.slice(0, 4), [
      'PRIVITY_SECURE_MEMBER',
      'PRIVITY_HANDLE_EXPECTED',
      'PRIVITY_SHAPE_MISMATCH',
      'PRIVITY_SECURE_DTYPE',
    ]);
  });
});
