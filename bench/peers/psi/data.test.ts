import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { plant, SIDES, type Side, sharedRange, stepOf, wrongIn } from './data.ts';

const folder = mkdtempSync(join(tmpdir(), 'privity-planted-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const planted = { rows: 500, seed: 7 };
const linesOf = (side: Side): string[] =>
  readFileSync(join(folder, `${side}.csv`), 'utf8')
    .trimEnd()
    .split('\n');
await plant(folder, planted);

/** The rows of one side that the other has, too, in the order of their ids, as a right system writes them. */
function rightRows(side: Side): string[] {
  const [, ...mine] = linesOf(side);
  const [, ...theirs] = linesOf(side === 'alice' ? 'bob' : 'alice');
  const known = new Set(theirs.map((line) => line.split(',')[0]));
  return mine.filter((line) => known.has(line.split(',')[0])).sort();
}

async function wrongWith(change: (rows: string[], side: Side) => string[]): Promise<string | null> {
  const results = { alice: join(folder, 'a-result.csv'), bob: join(folder, 'b-result.csv') };
  for (const side of SIDES)
    writeFileSync(results[side], `${['id,number', ...change(rightRows(side), side)].join('\n')}\n`);
  return wrongIn(folder, planted, results);
}

describe('planted files', () => {
  it('have as many rows as asked, ids of 36 characters, each once, in another order at each side', () => {
    for (const side of SIDES) {
      const [head, ...rows] = linesOf(side);
      assert.equal(head, 'id,number');
      assert.equal(rows.length, planted.rows);
      assert.equal(new Set(rows.map((line) => line.split(',')[0])).size, planted.rows);
      assert.ok(rows.every((line) => /^[0-9a-f-]{36},\d+$/.test(line)));
    }
    const order = (side: Side): (string | undefined)[] => {
      const shared = new Set(rightRows(side));
      return linesOf(side).filter((line) => shared.has(line));
    };
    assert.notDeepEqual(order('alice'), order('bob'));
  });

  it('share half of their rows', () => {
    const [from, to] = sharedRange(planted);
    assert.equal(rightRows('alice').length, to - from);
    assert.deepEqual(rightRows('alice'), rightRows('bob'));
  });

  it('are other files with another seed', async () => {
    const before = linesOf('alice');
    await plant(folder, { ...planted, seed: 8 });
    assert.notDeepEqual(linesOf('alice'), before);
    await plant(folder, planted);
    assert.deepEqual(linesOf('alice'), before);
  });

  it('are made by a step that meets every number once', () => {
    for (const rows of [2, 10, 500, 40_000]) {
      const step = stepOf(rows, 0.618);
      assert.equal(new Set(Array.from({ length: rows }, (_, k) => (k * step) % rows)).size, rows);
    }
  });
});

describe('a result', () => {
  it('that is the planted intersection in one order is right', async () => {
    assert.equal(await wrongWith((rows) => rows), null);
  });

  const other = 'ffffffff-ffff-ffff-ffff-ffffffffffff,300';
  const onlyBob = (change: (rows: string[]) => string[]) => (rows: string[], side: Side) =>
    side === 'bob' ? change(rows) : rows;
  const changes: readonly [string, (rows: string[], side: Side) => string[], RegExp][] = [
    ['that lacks a row', onlyBob((rows) => rows.slice(1)), /bob has 249 rows of 250/],
    ['with a row too many', (rows) => [...rows, other], /alice has 251 rows of 250/],
    ['with a row that is not shared', (rows) => [...rows.slice(1), other], /alice has 1 rows that are not/],
    ['with a row twice', (rows) => [...rows.slice(1), rows[1] ?? ''], /alice has 1 rows twice/],
    [
      'with another order at one side',
      onlyBob((rows) => rows.toReversed()),
      /rows stand in another order at bob/,
    ],
    ['that is empty', () => [], /alice has 0 rows of 250/],
  ];
  for (const [title, change, says] of changes) {
    it(`${title} is refused`, async () => {
      assert.match((await wrongWith(change)) ?? 'right', says);
    });
  }
});
