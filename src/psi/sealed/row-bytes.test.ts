import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import fc from 'fast-check';
import { type Column, type ColumnType, columnTypes } from '../../data/column-type.ts';
import { closeDatabase } from '../../data/database.ts';
import { dropRelation } from '../../data/relation.ts';
import { relationOf, type Table } from '../../data/table.ts';
import { relationFrom, tableOf } from '../../data/table-of.ts';
import { longestRow, rawColumns } from './own-rows.ts';
import { decodeRows, encodeRows, isRowBytes, ROW_BYTES_MAX, rowBytes } from './row-bytes.ts';

after(closeDatabase);

const never = new AbortController().signal;

/** A table whose every type has gaps and values at the ends of what it can hold. */
async function everything(): Promise<Table> {
  const start = await tableOf({ n: Int32Array.from({ length: 40 }, (_, i) => i) });
  const values: Readonly<Record<ColumnType, string>> = {
    BOOLEAN: 'n % 2 = 0',
    TINYINT: 'CASE n % 2 WHEN 0 THEN -128 ELSE 127 END',
    SMALLINT: 'CASE n % 2 WHEN 0 THEN -32768 ELSE n END',
    INTEGER: 'CASE n % 2 WHEN 0 THEN -2147483648 ELSE n END',
    BIGINT: 'CASE n % 2 WHEN 0 THEN -9223372036854775808 ELSE 9223372036854775807 END',
    UTINYINT: 'CASE n % 2 WHEN 0 THEN 255 ELSE n END',
    USMALLINT: 'CASE n % 2 WHEN 0 THEN 65535 ELSE n END',
    UINTEGER: 'CASE n % 2 WHEN 0 THEN 4294967295 ELSE n END',
    UBIGINT: 'CASE n % 2 WHEN 0 THEN 18446744073709551615 ELSE n END',
    FLOAT: "CASE n % 4 WHEN 0 THEN 'nan' WHEN 1 THEN '-0' WHEN 2 THEN '-inf' ELSE '1.5' END",
    DOUBLE: "CASE n % 4 WHEN 0 THEN 'nan' WHEN 1 THEN '-0' WHEN 2 THEN 'inf' ELSE '0.1' END",
    DATE: "DATE '0001-01-01' + n",
    TIMESTAMP: "TIMESTAMP '1969-12-31 23:59:59.999999' + to_days(n::INT)",
    TIMESTAMPTZ: "TIMESTAMPTZ '2024-02-29 12:00:00.000001+00' + to_hours(n::INT)",
    VARCHAR:
      "CASE n % 4 WHEN 0 THEN '' WHEN 1 THEN chr(65279) || 'ü' WHEN 2 THEN repeat('x', n) ELSE chr(0) || '🙂' END",
    BLOB: "CASE n % 2 WHEN 0 THEN ''::BLOB ELSE '\\x00\\xFF'::BLOB END",
  };
  const list = columnTypes.flatMap((type, at) => [
    `CAST(${values[type]} AS ${type}) AS whole${at}`,
    `CASE WHEN n % 7 <> ${at % 7} THEN CAST(${values[type]} AS ${type}) END AS gapped${at}`,
  ]);
  return start.query(`SELECT ${list.join(', ')} FROM rows`);
}

async function roundTrip(table: Table): Promise<{ readonly bytes: number; readonly encoded: Uint8Array }> {
  const relation = relationOf(table);
  const { columns, rowCount } = relation;
  const bytes = await longestRow(relation, columns, never);
  const raw = await rawColumns(relation, { first: 0, rows: rowCount }, never);
  const encoded = encodeRows(raw, rowCount, bytes);
  const sources = decodeRows(
    columns.map(({ type }) => type),
    encoded,
    bytes,
  );
  const back = await relationFrom(
    columns.map(({ name }, at) => ({ name, ...(sources[at] as (typeof sources)[0]) })),
    rowCount,
    'rows',
  );
  try {
    const again = encodeRows(await rawColumns(back, { first: 0, rows: rowCount }, never), rowCount, bytes);
    assert.deepEqual(again, encoded);
    assert.deepEqual(back.columns, columns);
    const { tableFrom } = await import('../../data/table.ts');
    assert.deepEqual(await tableFrom(back).toArrow(), await table.toArrow());
  } finally {
    await dropRelation(back);
  }
  return { bytes, encoded };
}

describe('rows as bytes of one length', () => {
  it('give back every type that tables have: gaps, ends of ranges, NaN, -0, marks and zeros in text', async () => {
    const table = await everything();
    const { bytes, encoded } = await roundTrip(table);
    assert.equal(encoded.byteLength, 40 * bytes);
    assert.ok(isRowBytes(table.columns, bytes));
  });

  it('give back any text and any bytes (law)', async () => {
    const cell = fc.option(
      fc.string({ unit: 'binary', maxLength: 40 }).filter((text) => !/\p{Surrogate}/u.test(text)),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(cell, cell), { minLength: 1, maxLength: 20 }), async (rows) => {
        await roundTrip(await tableOf({ a: rows.map(([a]) => a), b: rows.map(([, b]) => b) }));
      }),
      { numRuns: 20 },
    );
  });

  it('have a length that types decide where there is no text, and else one in steps of 16', async () => {
    const numbers = [{ type: 'DOUBLE' }, { type: 'BOOLEAN' }] as const;
    assert.equal(rowBytes(numbers, 0), 1 + 8 + 1);
    const text = [{ type: 'DOUBLE' }, { type: 'VARCHAR' }] as const;
    assert.deepEqual(
      [0, 3, 4, 19, 20].map((longest) => rowBytes(text, longest)),
      [16, 16, 32, 32, 48],
    );
    assert.deepEqual(
      [10, 9, 26].map((bytes) => isRowBytes(numbers, bytes)),
      [true, false, false],
    );
    assert.deepEqual(
      [0, 8, 16, 24, 32, ROW_BYTES_MAX, ROW_BYTES_MAX + 16].map((bytes) => isRowBytes(text, bytes)),
      [false, false, true, false, true, true, false],
    );
  });

  it('that are too long for one another are an error', async () => {
    const table = await tableOf({ a: ['short', 'x'.repeat(ROW_BYTES_MAX)] });
    const { columns } = relationOf(table);
    await assert.rejects(longestRow(relationOf(table), columns, never), {
      code: 'PRIVITY_TABLE_LIMIT',
      message: /takes 655\d\d bytes.*limit is 65536/,
    });
  });

  it('have one form, and any other is refused', async () => {
    const columns: readonly Column[] = [
      { name: 'flag', type: 'BOOLEAN' },
      { name: 'n', type: 'INTEGER' },
      { name: 'text', type: 'VARCHAR' },
    ];
    const types = columns.map(({ type }) => type);
    const table = await (await tableOf({ flag: [true], text: ['é'] })).query(
      'SELECT flag, CAST(NULL AS INTEGER) AS n, text FROM rows',
    );
    const raw = await rawColumns(relationOf(table), { first: 0, rows: 1 }, never);
    const good = encodeRows(raw, 1, 16);
    assert.deepEqual([...good], [2, 1, 0, 0, 0, 0, 2, 0, 0, 0, 0xc3, 0xa9, 0, 0, 0, 0]);
    assert.equal(decodeRows(types, good, 16)[2]?.values[0], 'é');
    const wrong: readonly (readonly [string, number, number])[] = [
      ['a gap of a column that is not there', 0, 2 + 8],
      ['a gap with a value', 2, 1],
      ['a boolean of two', 1, 2],
      ['a text that is longer than the row', 6, 7],
      ['a text whose length is absurd', 9, 255],
      ['a text that is cut in a character', 6, 1],
      ['a gap with text', 0, 2 + 4],
      ['something behind the last column', 15, 1],
    ];
    for (const [what, at, byte] of wrong) {
      const bad = good.slice();
      bad[at] = byte;
      assert.throws(() => decodeRows(types, bad, 16), { code: 'PRIVITY_PSI_CHECK' }, what);
    }
    // Wide text, so that numbers behind it have no room.
    const late = Uint8Array.of(0, 12, 0, 0, 0, ...new Uint8Array(11), 0, 0, 0, 0);
    assert.throws(() => decodeRows(['VARCHAR', 'DOUBLE'], late, late.byteLength), {
      code: 'PRIVITY_PSI_CHECK',
    });
    assert.throws(() => decodeRows(['VARCHAR', 'VARCHAR'], late, late.byteLength), {
      code: 'PRIVITY_PSI_CHECK',
    });
  });
});
