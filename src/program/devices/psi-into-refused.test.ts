import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { useWorlds, type World, type WorldParty } from '../../../test/parts/program-world.ts';
import { closeDatabase, type Table, tableOf } from '../../data/index.ts';
import { RunAbortedError } from '../model/abort.ts';
import { job } from '../model/job.ts';
import { psi } from './psi.ts';
import { secure } from './secure/device.ts';

const open = useWorlds();
after(closeDatabase);

/** What a party has begun when another fails may still read its table: nothing closes the database under it. */
async function atRest(w: World): Promise<void> {
  const isBusy = ({ host }: WorldParty): boolean =>
    host.started.some((id) => host.finished.every(({ stepId }) => stepId !== id));
  while ([...w.parties.values()].some(isBusy)) await new Promise((resolve) => setImmediate(resolve));
}

describe('psi into a device is refused', () => {
  const into = { rows: 2 };
  const cases: readonly (readonly [object, string, RegExp])[] = [
    [{ protocol: 'dh' }, 'PRIVITY_PSI_ARGUMENTS', /"protocol" does not go with "into"/],
    [{ receivers: 'alice' }, 'PRIVITY_PSI_ARGUMENTS', /stays on the device, and nobody receives it/],
    [{ join: 'anti' }, 'PRIVITY_PSI_ARGUMENTS', /compute with "matches"/],
    [{ join: 'left' }, 'PRIVITY_PSI_ARGUMENTS', /every row of the left table is there/],
    [{ minimumRows: 3 }, 'PRIVITY_PSI_ARGUMENTS', /nobody sees how many rows match/],
    [{ cardinality: true }, 'PRIVITY_PSI_ARGUMENTS', /sum "matches" on the device/],
    [{ into: { rows: 2, device: {} } }, 'PRIVITY_PSI_ARGUMENTS', /"into.device" is no secure device/],
    [{ into: { rows: 0 } }, 'PRIVITY_PSI_ARGUMENTS', /"into.rows" is a whole number from 1/],
    [{ into: { rows: 2.5 } }, 'PRIVITY_PSI_ARGUMENTS', /whole number/],
    [{ into: { rows: 2, size: 3 } }, 'PRIVITY_PSI_ARGUMENTS', /"into" has "device"/],
    [{ into: true }, 'PRIVITY_PSI_ARGUMENTS', /"into" has "device"/],
    [{ on: [] }, 'PRIVITY_PSI_ARGUMENTS', /"on" names 0 columns/],
    [{ payload: { carol: 'x' } }, 'PRIVITY_PSI_ARGUMENTS', /"carol", which is none of the two parties/],
    [{ payload: { alice: { x: { dtype: 'text' } } } }, 'PRIVITY_PSI_ARGUMENTS', /"payload.alice.x.dtype" is/],
    [{ payload: { alice: { x: { scale: 1 } } } }, 'PRIVITY_PSI_ARGUMENTS', /is { dtype, min, max }/],
    [{ payload: { alice: {} } }, 'PRIVITY_PSI_ARGUMENTS', /"payload.alice" names 0 columns/],
    [
      { payload: { bob: Array.from({ length: 65 }, (_, i) => `c${i}`) } },
      'PRIVITY_PSI_ARGUMENTS',
      /"payload.bob" names 65 columns/,
    ],
    [{ payload: { alice: ['x', 'x'] } }, 'PRIVITY_PSI_ARGUMENTS', /list of different names/],
    [{ payload: { alice: 'a\nb' } }, 'PRIVITY_PSI_ARGUMENTS', /cannot give a secret its name/],
    [{ payload: { alice: { x: { min: 3, max: 1 } } } }, 'PRIVITY_STEP_INVALID', /min is above max/],
    [
      { payload: { alice: { x: { dtype: 'boolean', max: 1 } } } },
      'PRIVITY_STEP_INVALID',
      /booleans have no min/,
    ],
  ];
  for (const [options, code, says] of cases)
    it(JSON.stringify(options), async () => {
      const w = await open(
        job({ parties: ['alice', 'bob', 'carol'] }, async ({ alice, bob, carol }) => {
          const device = secure([alice, bob, carol], { protocol: 'rep3' });
          const a = alice.run('a', () => tableOf({ id: ['x'] }));
          const b = bob.run('b', () => tableOf({ id: ['x'] }));
          const given: Record<string, unknown> = { on: 'id', into, ...options };
          const wanted = typeof given.into === 'object' ? { device, ...given.into } : given.into;
          assert.throws(
            () => psi({ ...given, into: wanted } as never, a, b),
            (error: Error & { code?: string }) => {
              assert.equal(error.code, code);
              assert.match(error.message, says);
              return true;
            },
          );
        }),
      );
      await w.results();
      await atRest(w);
    });

  it('on a device that one of the two is no member of', async () => {
    const w = await open(
      job({ parties: ['alice', 'bob', 'carol', 'dave'] }, async ({ alice, bob, carol, dave }) => {
        const device = secure([bob, carol, dave], { protocol: 'rep3' });
        const a = alice.run('a', () => tableOf({ id: ['x'] }));
        const b = bob.run('b', () => tableOf({ id: ['x'] }));
        assert.throws(() => psi({ on: 'id', into: { device, rows: 1 } } as never, a, b), {
          code: 'PRIVITY_SECURE_MEMBER',
          message: /alice is no member of it: bob, carol, dave/,
        });
      }),
    );
    await w.results();
    await atRest(w);
  });

  it('where a party has the name of the column that says what matches', async () => {
    const w = await open(
      job({ parties: ['alice', 'matches'] }, async ({ alice, matches }) => {
        const device = secure([alice, matches], { protocol: 'semi2k' });
        const a = alice.run('a', () => tableOf({ id: ['x'] }));
        const b = matches.run('b', () => tableOf({ id: ['x'] }));
        assert.throws(() => psi({ on: 'id', into: { device, rows: 1 } } as never, a, b), {
          code: 'PRIVITY_PSI_ARGUMENTS',
        });
      }),
    );
    await w.results();
    await atRest(w);
  });
});

describe('psi into a device fails where a table is wrong, before anything of it leaves', () => {
  const numbers = (...list: number[]): Float64Array => Float64Array.from(list);
  const withGap = async (): Promise<Table> =>
    (await tableOf({ id: ['x', 'y'], n: numbers(1, 2) })).query(
      "SELECT id, CASE WHEN id = 'x' THEN n END AS n FROM rows",
    );
  const cases: readonly (readonly [string, () => Promise<Table>, string, RegExp])[] = [
    ['a column that is missing', () => tableOf({ id: ['x'] }), 'PRIVITY_COLUMN_MISSING', /'n'/],
    ['a column of text', () => tableOf({ id: ['x'], n: ['1'] }), 'PRIVITY_COLUMN_TYPE', /'n' .* is VARCHAR/],
    ['a gap', withGap, 'PRIVITY_COLUMN_NULLS', /no value in 1 of 2 rows/],
    [
      'a number beyond what the job says',
      () => tableOf({ id: ['x'], n: numbers(11) }),
      'PRIVITY_SECURE_DOMAIN',
      /above what the job says/,
    ],
    ['a fraction', () => tableOf({ id: ['x'], n: numbers(0.5) }), 'PRIVITY_SECURE_DOMAIN', /no whole number/],
    ['NaN', () => tableOf({ id: ['x'], n: numbers(Number.NaN) }), 'PRIVITY_SECURE_DOMAIN', /not a number/],
    [
      'more rows than the job says',
      () => tableOf({ id: ['x', 'y', 'z'], n: numbers(1, 2, 3) }),
      'PRIVITY_SHARE_MISMATCH',
      /3 rows .* at most 2/,
    ],
    ['a key twice', () => tableOf({ id: ['x', 'x'], n: numbers(1, 2) }), 'PRIVITY_KEY_DUPLICATE', /./],
  ];
  for (const [what, wrong, code, says] of cases)
    it(what, async () => {
      const w = await open(
        job({ parties: ['alice', 'bob'] }, async ({ alice, bob, reveal }) => {
          const device = secure([alice, bob], { protocol: 'semi2k' });
          const a = alice.run('a', wrong);
          const b = bob.run('b', () => tableOf({ id: ['x', 'y'], n: numbers(1, 2) }));
          const n = { n: { dtype: 'integer', min: 0, max: 10 } } as const;
          const joined = psi({ on: 'id', into: { device, rows: 2 }, payload: { alice: n, bob: n } }, a, b);
          return await reveal(joined.alice.n.sum());
        }),
      );
      for (const outcome of (await w.run()).values())
        assert.ok(outcome.status === 'rejected' && outcome.reason instanceof RunAbortedError);
      await atRest(w);
      const { host } = w.of('alice');
      assert.equal(host.failures[0]?.detail.code, code);
      assert.match(host.failures[0]?.detail.message ?? '', says);
      assert.deepEqual(host.disclosures, []);
    });
});
