import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { PrivityError } from '../../base/errors.ts';
import { systemRandom } from '../../base/system.ts';
import { closeDatabase, tableOf } from '../../data/index.ts';
import { memoryChannels } from '../../testing/memory-channel.ts';
import type { PsiContext } from '../align.ts';
import { plainJoin } from '../joins/plan.ts';
import { ID_BYTES } from '../protocols/protocol.ts';
import { type BinParts, binParts, prepareShares, refuseMinimum, type SharesPlan } from './join.ts';
import { binsOf, wordBits } from './sizes.ts';

after(closeDatabase);

const FRAC_BITS = 18;
const column = { name: 'n', dtype: 'integer', bound: { min: 0n, max: 100n }, declared: true } as const;

function planOf(rows: number, left: 0 | 1 = 0): SharesPlan {
  const plan = { ...plainJoin(['id']), receivers: 'none', left } as const;
  return { plan, rows, columns: [[column], [column]], fracBits: FRAC_BITS };
}

const prepared = async (ids: readonly string[], rank: number, join: SharesPlan) =>
  prepareShares(
    await tableOf({ id: [...ids], n: Float64Array.from(ids, (_, i) => 10 * rank + i + 1) }),
    rank,
    join,
    { signal: AbortSignal.timeout(60_000), random: systemRandom, madeUp: false, checked: true },
  );

type Side = Partial<PsiContext> & { readonly ids: readonly string[]; readonly join: SharesPlan };

/** What both are left with, or fail of. */
function both(...sides: readonly [Side, Side]): Promise<readonly (BinParts | unknown)[]> {
  const stop = new AbortController();
  const { channels } = memoryChannels(2, { signal: stop.signal });
  return Promise.all(
    sides.map(async ({ ids, join, ...context }, rank) => {
      const channel = channels[rank];
      assert.ok(channel);
      const given = { signal: stop.signal, random: systemRandom, threads: 0, ...context };
      try {
        return await binParts(channel, join, await prepared(ids, rank, join), given);
      } catch (error) {
        setImmediate(() => stop.abort(new Error('the other party failed')));
        return error;
      }
    }),
  );
}

describe('bins of two tables', () => {
  for (const left of [0, 1] as const)
    it(`agree where rows match, and give columns in summands: the left table is that of rank ${left}`, async () => {
      const join = planOf(4, left);
      const tables = [
        ['a', 'b', 'c'],
        ['c', 'x', 'a'],
      ] as const;
      const parts = (await both({ ids: tables[0], join }, { ids: tables[1], join })) as BinParts[];
      const [holder, other] = left === 0 ? parts : [...parts].reverse();
      assert.ok(holder && other);
      const bins = holder.words.length;
      assert.equal(bins, binsOf(4));
      const found: string[] = [];
      for (let bin = 0; bin < bins; bin++) {
        assert.ok((holder.words[bin] ?? 0n) < 2n ** BigInt(wordBits(bins)));
        if (holder.words[bin] !== other.words[bin]) continue;
        const sum = (holder.shares[0]?.[bin] ?? 0n) + (other.shares[0]?.[bin] ?? 0n);
        found.push(`${holder.own[0]?.[bin]} ${BigInt.asUintN(64, sum)}`);
      }
      // Rows of rank 0 have 1, 2, 3 and those of rank 1 have 11, 12, 13.
      assert.deepEqual(found.sort(), left === 0 ? ['1 13', '3 11'] : ['11 3', '13 1']);
      const rowsWithValues = holder.own[0]?.filter((value) => value > 0n).length;
      assert.equal(rowsWithValues, 3, 'what fills the table up counts as no row');
      assert.deepEqual(other.own, []);
    });

  it('are refused where the left table is said to have another number of rows', async () => {
    const [, error] = await both({ ids: ['a'], join: planOf(4) }, { ids: ['a'], join: planOf(5) });
    assert.ok(error instanceof PrivityError);
    assert.equal(error.code, 'PRIVITY_PSI_PROTOCOL');
    assert.match(error.message, /another number of rows to the intersection than the job says/);
  });

  it('are refused where both want other columns of keys', async () => {
    const other = { ...planOf(4), plan: { ...planOf(4).plan, nulls: 'leave out' } } as const;
    const [error] = await both({ ids: ['a'], join: planOf(4) }, { ids: ['a'], join: other });
    assert.ok(error instanceof PrivityError);
    assert.equal(error.code, 'PRIVITY_PSI_MISMATCH');
  });

  it('are refused where they take more memory than there is, and else a line says what they take', async () => {
    const lines: string[] = [];
    const join = planOf(40);
    const [error] = await both(
      { ids: ['a'], join, memoryBytes: 1_000 },
      { ids: ['a'], join, note: (line) => lines.push(line) },
    );
    assert.ok(error instanceof PrivityError);
    assert.equal(error.code, 'PRIVITY_PSI_MEMORY');
    await both({ ids: ['a'], join }, { ids: ['a'], join, note: (line) => lines.push(line) });
    assert.match(lines.join(), /^psi on id by bins: 1 rows here, 40 at the peer; takes up to/);
  });
});

describe('a table for bins', () => {
  it('of the left party is filled up with ids of its own in each run, of the other is as it is', async () => {
    const join = planOf(6);
    const [one, two] = [await prepared(['a', 'b'], 0, join), await prepared(['a', 'b'], 0, join)];
    assert.equal(one.ids.byteLength, 6 * ID_BYTES);
    assert.deepEqual(one.ids.slice(0, 2 * ID_BYTES), two.ids.slice(0, 2 * ID_BYTES));
    const rest = [one, two].flatMap(({ ids }) =>
      [2, 3, 4, 5].map((at) => Buffer.from(ids.slice(at * ID_BYTES, (at + 1) * ID_BYTES)).toString('hex')),
    );
    assert.equal(new Set(rest).size, 8);
    assert.equal((await prepared(['a', 'b'], 1, join)).ids.byteLength, 2 * ID_BYTES);
  });

  it('is refused by a party that asks for a number of rows, since nobody sees it', () => {
    refuseMinimum(0);
    assert.throws(() => refuseMinimum(5), { code: 'PRIVITY_ROWS_TOO_FEW', message: /nobody sees how many/ });
  });
});
