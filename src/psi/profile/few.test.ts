import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { cleanUp, intersect } from '../../../test/parts/psi-parties.ts';
import { tableOf } from '../../data/table-of.ts';
import type { JoinPlan } from '../joins/plan.ts';
import { fewMatchesText } from './few.ts';

after(cleanUp);

/** What each party's log says of few matches, where so many of 300 and 400 rows match. */
async function said(shared: number, plan: Partial<JoinPlan> = {}): Promise<readonly string[][]> {
  const ids = (rows: number, mark: string) =>
    Array.from({ length: rows }, (_, i) => (i < shared ? `k${i}` : `${mark}${i}`));
  const notes: string[][] = [[], []];
  const tables = [await tableOf({ id: ids(300, 'a') }), await tableOf({ id: ids(400, 'b') })] as const;
  const [alice, bob] = tables.map((table, rank) => ({
    table,
    plan,
    context: { note: (line: string) => void notes[rank]?.push(line) },
  })) as [Parameters<typeof intersect>[0], Parameters<typeof intersect>[1]];
  const { tables: results } = await intersect(alice, bob);
  for (const result of results) if (result instanceof Error && plan.minimumRows === undefined) throw result;
  return notes.map((lines) => lines.filter((line) => line.includes('profileKeys')));
}

const none =
  'psi on id: no row matches; profileKeys, called as psi is, shows in which form each side has its keys';
const few = none.replace('no row matches', 'fewer than 1 % of the rows of the smaller table match');

describe('an intersection that looks as if keys were written in two ways', () => {
  it('is said in the log of each party that receives it, without its size', async () => {
    assert.deepEqual(await said(0), [[none], [none]]);
    assert.deepEqual(await said(2), [[few], [few]]);
    assert.deepEqual(await said(3), [[], []]);
  });

  it('not to a party that does not', async () => {
    assert.deepEqual(await said(2, { receivers: 0 }), [[few], []]);
    assert.deepEqual(await said(0, { receivers: 1, cardinality: true }), [[], [none]]);
  });

  it('also where there are too few rows for a result, or only their number', async () => {
    assert.deepEqual(await said(2, { minimumRows: 10 }), [[few], [few]]);
    assert.deepEqual(await said(2, { cardinality: true }), [[few], [few]]);
  });

  it('is none of small tables that share a row', () => {
    assert.equal(fewMatchesText(['id'], 1, 99, 5), undefined);
    assert.equal(fewMatchesText(['id'], 1, 100, 1_000), undefined);
    assert.ok(fewMatchesText(['id'], 1, 101, 1_000));
  });
});
