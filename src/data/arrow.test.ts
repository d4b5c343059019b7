import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import * as arrow from 'apache-arrow';
import fc from 'fast-check';
import { share } from '../../test/effort.ts';
import { DataError } from '../base/errors.ts';
import { arrowError, decodeArrow, tableFromArrow } from './arrow-decode.ts';
import { encodeArrow } from './arrow-encode.ts';
import { ARROW_BATCH_ROWS, ARROW_BATCHES_MAX, ARROW_BYTES_MAX } from './arrow-format.ts';
import { type ColumnType, columnTypes } from './column-type.ts';
import { closeDatabase } from './database.ts';
import { FlatTable } from './flatbuffer.ts';
import { relationOf, type Table } from './table.ts';
import { type ColumnInput, tableOf } from './table-of.ts';

after(() => closeDatabase());

async function sample(): Promise<Uint8Array> {
  const table = await tableOf({
    id: ['P1', null, 'ü\0\u{1f600}', ''],
    flag: [true, false, false, true],
    small: Int8Array.of(1, -2, 3, -4),
    big: BigInt64Array.of(1n, -(2n ** 63n), 2n ** 63n - 1n, 0n),
    huge: BigUint64Array.of(0n, 1n, 2n ** 64n - 1n, 3n),
    single: Float32Array.of(0.5, Number.NaN, Number.POSITIVE_INFINITY, -0),
    double: Float64Array.of(0.1, 0.2, 0.3, 0.4),
    bytes: [Uint8Array.of(0, 255), Uint8Array.of(), Uint8Array.of(7), Uint8Array.of(1, 2, 3)],
  });
  const more = await table.query(
    "SELECT *, CASE WHEN flag THEN DATE '2024-02-29' END AS day, TIMESTAMP '2024-02-29 01:02:03.000004' AS at, TIMESTAMPTZ '2024-02-29 01:02:03+00' AS zoned, CASE WHEN flag THEN double END AS gaps FROM rows",
  );
  return more.toArrow();
}

/** Everything that a stream says, as a table would take it. */
function readAll(bytes: Uint8Array, rows = 3): void {
  const { columns, rowCount } = decodeArrow(bytes);
  try {
    for (const column of columns)
      for (let at = 0; at < rowCount; at += rows) column.read(at, Math.min(rows, rowCount - at));
  } catch (error) {
    throw arrowError(error, bytes);
  }
}

/** Where the offset and length of each buffer of the last record batch stand. */
function buffersOf(bytes: Uint8Array): readonly number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let found: readonly number[] = [];
  for (let at = 0; view.getInt32(at + 4, true) !== 0; ) {
    const metadata = at + 8;
    const metadataBytes = view.getInt32(at + 4, true);
    const message = FlatTable.root(bytes.subarray(metadata, metadata + metadataBytes));
    const { start, length } = message.table(2)?.vector(2, 16) ?? { start: 0, length: 0 };
    if (message.uint8(1) === 3) found = Array.from({ length }, (_, i) => metadata + start + 16 * i);
    at = metadata + metadataBytes + message.size(3);
  }
  return found;
}

function corrupt(error: unknown): true {
  assert.ok(error instanceof DataError, `not a DataError: ${error instanceof Error ? error.stack : error}`);
  assert.equal(error.code, 'PRIVITY_TABLE_CORRUPT', error.message);
  return true;
}

/** How the Arrow library prints the type of a column. */
const NAMES_IN_ARROW: Readonly<Record<ColumnType, string>> = {
  ...{ BOOLEAN: 'Bool', TINYINT: 'Int8', SMALLINT: 'Int16', INTEGER: 'Int32', BIGINT: 'Int64' },
  ...{ UTINYINT: 'Uint8', USMALLINT: 'Uint16', UINTEGER: 'Uint32', UBIGINT: 'Uint64' },
  ...{ FLOAT: 'Float32', DOUBLE: 'Float64', DATE: 'Date32<DAY>', TIMESTAMP: 'Timestamp<MICROSECOND>' },
  ...{ TIMESTAMPTZ: 'Timestamp<MICROSECOND, UTC>', VARCHAR: 'Utf8', BLOB: 'Binary' },
};

type SomeValue = boolean | number | bigint | string;

/** A column in values as Arrow keeps them: days, microseconds, and of bytes their hexadecimal digits. */
interface SomeColumn {
  readonly type: ColumnType;
  readonly values: readonly SomeValue[];
  readonly gaps: readonly boolean[];
}

const integersOf = (bits: number, signed: boolean): fc.Arbitrary<number> =>
  signed
    ? fc.integer({ min: -(2 ** (bits - 1)), max: 2 ** (bits - 1) - 1 })
    : fc.integer({ min: 0, max: 2 ** bits - 1 });
const bigIntegers = (min: bigint, max: bigint): fc.Arbitrary<bigint> => fc.bigInt({ min, max });
/** Microseconds of the years 1 to 9999. */
const moments = bigIntegers(-62_135_596_800_000_000n, 253_402_300_799_999_999n);

const valuesFor: Readonly<Record<ColumnType, fc.Arbitrary<SomeValue>>> = {
  BOOLEAN: fc.boolean(),
  TINYINT: integersOf(8, true),
  SMALLINT: integersOf(16, true),
  INTEGER: integersOf(32, true),
  BIGINT: bigIntegers(-(2n ** 63n), 2n ** 63n - 1n),
  UTINYINT: integersOf(8, false),
  USMALLINT: integersOf(16, false),
  UINTEGER: integersOf(32, false),
  UBIGINT: bigIntegers(0n, 2n ** 64n - 1n),
  FLOAT: fc.float(),
  DOUBLE: fc.double(),
  DATE: fc.integer({ min: -719_162, max: 2_932_896 }),
  TIMESTAMP: moments,
  TIMESTAMPTZ: moments,
  // Up to 12 bytes of a text stand in the vector itself, more elsewhere.
  VARCHAR: fc.string({ unit: 'binary', maxLength: 30 }),
  BLOB: fc.uint8Array({ maxLength: 30 }).map((bytes) => Buffer.from(bytes).toString('hex')),
};

function someColumns(): fc.Arbitrary<{ rowCount: number; columns: readonly SomeColumn[] }> {
  return fc.nat(20).chain((rowCount) => {
    const each = { minLength: rowCount, maxLength: rowCount };
    const column = fc.constantFrom(...columnTypes).chain((type) =>
      fc.record({
        type: fc.constant(type),
        values: fc.array(valuesFor[type], each),
        gaps: fc.oneof(fc.constant(Array(rowCount).fill(false)), fc.array(fc.boolean(), each)),
      }),
    );
    const columns = fc.array(column, { minLength: 1, maxLength: 20 });
    return fc.record({ rowCount: fc.constant(rowCount), columns });
  });
}

/** Columns v0, v1, … of these types and values. */
async function tableWith(rowCount: number, columns: readonly SomeColumn[]): Promise<Table> {
  const inputs: Record<string, ColumnInput> = { row: Int32Array.from({ length: rowCount }, (_, row) => row) };
  const list = columns.map(({ type, values, gaps }, index) => {
    inputs[`x${index}`] = inputOf(type, values);
    inputs[`g${index}`] = [...gaps];
    return `CASE WHEN NOT g${index} THEN ${castOf(type, `x${index}`)} END AS v${index}`;
  });
  // Made in two steps where there are no rows: an empty array has no type.
  if (rowCount > 0) return (await tableOf(inputs)).query(`SELECT ${list.join(', ')} FROM rows ORDER BY row`);
  const empty = columns.map(({ type }, index) => `CAST(NULL AS ${type}) AS v${index}`);
  return (await tableOf({ x: Int8Array.of(1) })).query(`SELECT ${empty.join(', ')} FROM rows WHERE x > 1`);
}

function inputOf(type: ColumnType, values: readonly SomeValue[]): ColumnInput {
  if (type === 'BOOLEAN') return values as readonly boolean[];
  if (type === 'VARCHAR') return values as readonly string[];
  if (type === 'BLOB') return values.map((value) => Buffer.from(String(value), 'hex'));
  if (type === 'UBIGINT') return BigUint64Array.from(values as readonly bigint[]);
  return typeof values[0] === 'bigint'
    ? BigInt64Array.from(values as readonly bigint[])
    : Float64Array.from(values as readonly number[]);
}

function castOf(type: ColumnType, input: string): string {
  if (type === 'DATE') return `DATE '1970-01-01' + CAST(${input} AS INTEGER)`;
  if (type === 'TIMESTAMP') return `make_timestamp(${input})`;
  return type === 'TIMESTAMPTZ'
    ? `CAST(make_timestamp(${input}) AS TIMESTAMPTZ)`
    : `CAST(${input} AS ${type})`;
}

/** What the Arrow library has found, before it makes dates of days. Its own decoder takes byte order marks away. */
function valuesOf(vector: arrow.Vector | null): readonly (SomeValue | null)[] {
  assert.ok(vector !== null);
  const inBytes = vector.type instanceof arrow.Utf8 || vector.type instanceof arrow.Binary;
  return vector.data.flatMap((part: arrow.Data) =>
    Array.from({ length: part.length }, (_, row): SomeValue | null => {
      if (!part.getValid(row)) return null;
      if (vector.type instanceof arrow.Bool) return ((part.values[row >> 3] >> (row & 7)) & 1) === 1;
      if (!inBytes) return part.values[row];
      const bytes = Buffer.from(part.values.slice(part.valueOffsets[row], part.valueOffsets[row + 1]));
      return bytes.toString(vector.type instanceof arrow.Utf8 ? 'utf8' : 'hex');
    }),
  );
}

describe('Arrow IPC', () => {
  it('carries every type, gaps and all, there and back', async () => {
    const bytes = await sample();
    const back = await tableFromArrow(bytes);
    assert.equal(
      back.columns.map(({ type }) => type).join(' '),
      'VARCHAR BOOLEAN TINYINT BIGINT UBIGINT FLOAT DOUBLE BLOB DATE TIMESTAMP TIMESTAMPTZ DOUBLE',
    );
    assert.deepEqual(await (await back.query('SELECT id FROM rows WHERE id IS NOT NULL')).column('id'), [
      'P1',
      'ü\0\u{1f600}',
      '',
    ]);
    assert.deepEqual(await back.column('big'), BigInt64Array.of(1n, -(2n ** 63n), 2n ** 63n - 1n, 0n));
    assert.deepEqual(await back.column('flag'), Uint8Array.of(1, 0, 0, 1));
    assert.deepEqual(
      await back.column('gaps', { nulls: 'nan' }),
      Float64Array.of(0.1, Number.NaN, Number.NaN, 0.4),
    );
    assert.deepEqual(await (await back.query('SELECT day FROM rows WHERE day IS NOT NULL')).strings('day'), [
      '2024-02-29',
      '2024-02-29',
    ]);
    // The same table gives the same bytes.
    assert.deepEqual(await back.toArrow(), bytes);
  });

  it('is read by the Arrow library', async () => {
    const read = arrow.tableFromIPC(await sample());
    assert.equal(read.numRows, 4);
    assert.deepEqual(read.getChild('id')?.toArray(), ['P1', null, 'ü\0\u{1f600}', '']);
    assert.deepEqual([...(read.getChild('flag') ?? [])], [true, false, false, true]);
    assert.deepEqual([...(read.getChild('gaps') ?? [])], [0.1, null, null, 0.4]);
    assert.equal(String(read.getChild('zoned')?.type), 'Timestamp<MICROSECOND, UTC>');
  });

  it('means the same to the Arrow library, whatever the types, values and gaps', async () => {
    await fc.assert(
      fc.asyncProperty(someColumns(), async ({ rowCount, columns }) => {
        const table = await tableWith(rowCount, columns);
        const bytes = await table.toArrow();
        const read = arrow.tableFromIPC(bytes);
        assert.equal(read.numRows, rowCount);
        assert.deepEqual(
          read.schema.fields.map(({ name, type }) => [name, String(type)]),
          columns.map(({ type }, index) => [`v${index}`, NAMES_IN_ARROW[type]]),
        );
        for (const [index, { values, gaps }] of columns.entries()) {
          const wanted = values.map((value, row) => (gaps[row] === true ? null : value));
          assert.deepEqual(valuesOf(read.getChildAt(index)), wanted);
        }
        const back = await tableFromArrow(bytes);
        assert.deepEqual(await back.toArrow(), bytes);
        await table.drop();
        await back.drop();
      }),
      { numRuns: share(60) },
    );
  });

  it('means the same to the Arrow library where the rows are many batches', async () => {
    const rowCount = 2 * ARROW_BATCH_ROWS + 17;
    const rows = Array.from({ length: rowCount }, (_, row) => row);
    // The second batch has no gap, and its text none but an empty one.
    const gaps = rows.map((row) => row % 7 === 0 && Math.floor(row / ARROW_BATCH_ROWS) !== 1);
    const columns = [
      { type: 'DOUBLE', values: rows.map((row) => row / 3), gaps },
      { type: 'VARCHAR', values: rows.map((row) => (row % 3 === 0 ? '' : `patient ${row}`)), gaps },
      { type: 'BOOLEAN', values: rows.map((row) => row % 5 === 0), gaps },
    ] as const;
    const read = arrow.tableFromIPC(await (await tableWith(rowCount, columns)).toArrow());
    assert.deepEqual(
      read.batches.map(({ numRows }) => numRows),
      [ARROW_BATCH_ROWS, ARROW_BATCH_ROWS, 17],
    );
    assert.equal(read.batches[1]?.getChildAt(0)?.nullCount, 0);
    for (const [index, { values }] of columns.entries()) {
      const wanted = values.map((value, row) => (gaps[row] === true ? null : value));
      assert.deepEqual(valuesOf(read.getChildAt(index)), wanted);
    }
  });

  it('keeps a byte order mark that a text begins with', async () => {
    const texts = ['\ufeffx', 'x', '\ufeff'];
    const back = await tableFromArrow(await (await tableOf({ s: texts })).toArrow());
    assert.deepEqual(await back.column('s'), texts);
    assert.deepEqual(await back.strings('s'), texts);
  });

  it('reads what the Arrow library writes', async () => {
    const written = arrow.tableToIPC(
      new arrow.Table({
        n: arrow.vectorFromArray([1, null, 3], new arrow.Int32()),
        s: arrow.vectorFromArray(['a', 'b', null], new arrow.Utf8()),
      }),
      'stream',
    );
    const table = await tableFromArrow(written);
    assert.deepEqual(await table.column('n', { nulls: 'nan' }), Float64Array.of(1, Number.NaN, 3));
    assert.deepEqual(await (await table.query("SELECT coalesce(s, '-') AS s FROM rows")).column('s'), [
      'a',
      'b',
      '-',
    ]);
  });

  it('carries tables without rows and with many batches', async () => {
    const empty = await (await tableOf({ x: Float64Array.of(1), s: ['a'] })).query('FROM rows WHERE x > 1');
    const emptyBack = await tableFromArrow(await empty.toArrow());
    assert.equal(emptyBack.rowCount, 0);
    assert.deepEqual(emptyBack.columns, empty.columns);
    const n = 2 * ARROW_BATCH_ROWS + 17;
    const x = Float64Array.from({ length: n }, (_, i) => i / 3);
    const s = Array.from({ length: n }, (_, i) => (i % 5 === 0 ? null : `s${i}`));
    const back = await tableFromArrow(await (await tableOf({ x, s })).toArrow());
    assert.deepEqual(await back.column('x'), x);
    const gaps = await (await back.query('SELECT count(*) - count(s) AS gaps FROM rows')).column('gaps');
    assert.deepEqual(gaps, BigInt64Array.of(BigInt(Math.ceil(n / 5))));
  });

  it('has a limit in both directions', async () => {
    const limit = { code: 'PRIVITY_TABLE_LIMIT' };
    assert.throws(() => decodeArrow({ byteLength: ARROW_BYTES_MAX + 1 } as Uint8Array), limit);
    const relation = relationOf(await tableOf({ x: Float64Array.of(1) }));
    await assert.rejects(encodeArrow({ ...relation, rowCount: 2 ** 29 }), limit);
  });

  it('reads from any offset of a buffer and does not keep or change the bytes', async () => {
    const bytes = await sample();
    const shifted = new Uint8Array(bytes.byteLength + 3);
    shifted.set(bytes, 3);
    const copy = shifted.slice();
    // A Buffer, as transports deliver: its slice() is a view, not a copy.
    const table = await tableFromArrow(Buffer.from(shifted.buffer, 3));
    assert.deepEqual(shifted, copy);
    shifted.fill(0xee);
    assert.deepEqual(await table.toArrow(), bytes);
  });
});

describe('hostile Arrow bytes', () => {
  it('refuses what is no stream, types that tables lack, nesting, dictionaries and other byte orders', async () => {
    const refused: readonly Uint8Array[] = [
      new Uint8Array(),
      Uint8Array.of(255, 255, 255, 255, 0, 0, 0, 0),
      Buffer.from('id,x\n1,2\n'),
      arrow.tableToIPC(new arrow.Table({ l: arrow.vectorFromArray([[1], [2]]) }), 'stream'),
      arrow.tableToIPC(new arrow.Table({ d: arrow.vectorFromArray(['a', 'b']) }), 'stream'),
      arrow.tableToIPC(
        new arrow.Table({ t: arrow.vectorFromArray([1, 2], new arrow.TimeSecond()) }),
        'stream',
      ),
      arrow.tableToIPC(new arrow.Table({ x: arrow.vectorFromArray([1, 2], new arrow.Int32()) }), 'file'),
    ];
    for (const bytes of refused) assert.throws(() => decodeArrow(bytes), corrupt);
    const clash = new arrow.Table({
      a: arrow.vectorFromArray([1], new arrow.Int8()),
      A: arrow.vectorFromArray([1], new arrow.Int8()),
    });
    assert.throws(() => decodeArrow(arrow.tableToIPC(clash, 'stream')), corrupt);
  });

  it('refuses every truncation', async () => {
    const bytes = await sample();
    for (let length = 0; length < bytes.byteLength; length++) {
      assert.throws(() => readAll(bytes.subarray(0, length)), corrupt, `cut at ${length}`);
    }
  });

  it('refuses text that is not UTF-8, and offsets that point elsewhere', async () => {
    const table = await tableOf({ s: ['ok', 'marker-text'] });
    const bytes = await table.toArrow();
    const at = Buffer.from(bytes).indexOf('okmarker-text');
    const bad = bytes.slice();
    bad[at + 3] = 0xff;
    assert.throws(() => readAll(bad), corrupt);
    const offsets = bytes.slice();
    // The offsets 0, 2, 13 stand before the text; let the second lie beyond its column.
    const found = Buffer.from(bytes).indexOf(Buffer.from(Int32Array.of(0, 2, 13).buffer));
    new DataView(offsets.buffer).setInt32(found + 4, 2_000_000_000, true);
    assert.throws(() => readAll(offsets), corrupt);
  });

  it('refuses buffers that overlap, or are out of order: what is paid for once is made once', async () => {
    const many = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`c${i}`, ['a'.repeat(50_000)]]));
    const bytes = await (await tableOf(many)).toArrow();
    readAll(bytes);
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    const buffers = buffersOf(bytes);
    assert.equal(buffers.length, 3 * 40);
    const [first = 0, second = 0] = [buffers[2], buffers[5]];
    const shared = bytes.slice();
    // The text of the second column is that of the first: each would be a text of 50,000 letters.
    shared.copyWithin(second, first, first + 16);
    assert.throws(() => readAll(shared), corrupt);
    const turned = bytes.slice();
    turned.copyWithin(second, first, first + 16);
    turned.set(bytes.subarray(second, second + 16), first);
    assert.throws(() => readAll(turned), corrupt);
    const overlapping = new DataView(bytes.slice().buffer);
    overlapping.setBigInt64(second, view.getBigInt64(second, true) - 8n, true);
    assert.throws(() => readAll(new Uint8Array(overlapping.buffer)), corrupt);
    // An empty buffer may stand anywhere: it is read nowhere.
    const empty = new DataView(bytes.slice().buffer);
    empty.setBigInt64(buffers[3] ?? 0, 0n, true);
    readAll(new Uint8Array(empty.buffer));
  });

  it('takes a bounded number of batches', () => {
    const one = arrow.tableToIPC(
      new arrow.Table({ x: arrow.vectorFromArray([1], new arrow.Int8()) }),
      'stream',
    );
    const schemaBytes = 8 + new DataView(one.buffer, one.byteOffset).getInt32(4, true);
    const batch = one.subarray(schemaBytes, one.length - 8);
    const end = one.subarray(one.length - 8);
    const stream = (count: number): Uint8Array =>
      Buffer.concat([one.subarray(0, schemaBytes), ...Array<Uint8Array>(count).fill(batch), end]);
    assert.equal(decodeArrow(stream(ARROW_BATCHES_MAX)).rowCount, ARROW_BATCHES_MAX);
    assert.throws(() => decodeArrow(stream(ARROW_BATCHES_MAX + 1)), { code: 'PRIVITY_TABLE_LIMIT' });
  });

  it('lets other work have its turn while a wide table is written', async (t) => {
    const wide = Object.fromEntries(
      Array.from({ length: 200 }, (_, i) => [`c${i}`, Array(2_000).fill('ab')]),
    );
    const bytes = await (await tableOf(wide)).toArrow();
    const turns = t.mock.method(globalThis, 'setImmediate').mock;
    await tableFromArrow(bytes);
    // One chunk of rows; a turn after every third of its 200 columns, which are 6,000 texts.
    assert.equal(turns.callCount(), 66);
  });

  it('survives any damage: a table or DataError, and nothing large is allocated', async () => {
    const bytes = await sample();
    const position = fc.nat(bytes.byteLength - 1);
    const value = fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 0x7f, 0x80, 0xff));
    const before = process.memoryUsage().arrayBuffers;
    fc.assert(
      fc.property(fc.array(fc.tuple(position, value), { minLength: 1, maxLength: 6 }), (edits) => {
        const damaged = bytes.slice();
        for (const [at, to] of edits) damaged[at] = to;
        try {
          readAll(damaged);
        } catch (error) {
          assert.ok(error instanceof DataError, error instanceof Error ? error.stack : '');
        }
      }),
      { numRuns: share(4000) },
    );
    assert.ok(process.memoryUsage().arrayBuffers - before < 256 * 1024 * 1024);
  });

  it('survives random bytes behind a plausible beginning', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 8, maxLength: 400 }), (noise) => {
        const head = Buffer.from(Int32Array.of(-1, noise.byteLength & ~7).buffer);
        assert.throws(() => decodeArrow(Buffer.concat([head, noise])), corrupt);
      }),
      { numRuns: share(2000) },
    );
  });

  it('does not let damaged values reach the database in a form that crashes it', async () => {
    const bytes = await sample();
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.byteLength - 1), fc.nat(255), async (at, to) => {
        const damaged = bytes.slice();
        damaged[at] = to;
        try {
          const table = await tableFromArrow(damaged);
          await table.toArrow();
          await table.drop();
        } catch (error) {
          corrupt(error);
        }
      }),
      { numRuns: share(150) },
    );
  });
});
