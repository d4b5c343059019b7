import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, describe, it } from 'node:test';
import fc from 'fast-check';
import { itLong, share } from '../../../test/effort.ts';
import { closeDatabase } from '../../data/database.ts';
import { relationOf, type Table } from '../../data/table.ts';
import { tableOf } from '../../data/table-of.ts';
import { keyDigests } from '../keys.ts';
import { ID_BYTES } from '../protocols/protocol.ts';
import { distinctIds } from './distinct.ts';
import { textDigests } from './text-digests.ts';
import { loadTextHasher, typescriptTextHasher } from './text-hasher.ts';
import { TEXT_ROOM_BYTES } from './text-hasher-types.ts';

after(closeDatabase);

const never = new AbortController().signal;
const hashers = { wasm: loadTextHasher, typescript: async () => typescriptTextHasher() };

const digestsOf = (table: Table, load: typeof loadTextHasher): Promise<Uint8Array> =>
  textDigests(
    { select: `SELECT id FROM ${relationOf(table).sqlName}`, rowCount: table.rowCount, signal: never },
    load,
  );

function assertDigests(digests: Uint8Array, texts: readonly string[]): void {
  assert.equal(digests.length, texts.length * ID_BYTES);
  for (const [row, text] of texts.entries()) {
    const expected = createHash('sha256').update(text).digest('hex');
    const actual = Buffer.from(digests.subarray(row * ID_BYTES, (row + 1) * ID_BYTES)).toString('hex');
    assert.equal(actual, expected, `row ${row}, ${text.length} characters`);
  }
}

describe('digests of texts', () => {
  it('come from WebAssembly on this machine', async () => {
    assert.equal((await loadTextHasher()).name, 'wasm');
  });

  for (const [name, load] of Object.entries(hashers)) {
    it(`by ${name} are SHA-256, whatever the texts are and however long`, async () => {
      const every = Array.from({ length: 300 }, (_, length) => 'x'.repeat(length));
      const strange = [
        '\ufeffmark',
        'a\0b',
        '\0',
        'é',
        'e\u0301',
        '\u{1F600}'.repeat(40),
        'ß'.repeat(6),
        'ẞ'.repeat(5),
      ];
      const long = [TEXT_ROOM_BYTES, TEXT_ROOM_BYTES - 1, 2 * TEXT_ROOM_BYTES + 7, 70_000].map((n) =>
        'ü'.repeat(n / 2),
      );
      const texts = [...strange, ...long, ...every, ...long.toReversed(), ...every.toReversed(), 'last'];
      assertDigests(await digestsOf(await tableOf({ id: texts }), load), texts);
    });

    it(`by ${name} stand in the order of the rows, over many vectors of them`, async () => {
      const texts = Array.from(
        { length: 10_007 },
        (_, row) => `${row % 3 === 0 ? 'id' : 'a longer id of row'} ${row}`,
      );
      const table = await tableOf({ id: texts });
      assertDigests(await digestsOf(table, load), texts);
      // Filtered and repeated rows do not lie one behind the other.
      const few = texts.filter((text) => text.startsWith('a longer'));
      const select = `SELECT id FROM ${relationOf(table).sqlName} WHERE id LIKE 'a longer%'`;
      assertDigests(await textDigests({ select, rowCount: few.length, signal: never }, load), few);
      const same = `SELECT 'one text for all rows' FROM ${relationOf(table).sqlName}`;
      const repeated = texts.map(() => 'one text for all rows');
      assertDigests(
        await textDigests({ select: same, rowCount: texts.length, signal: never }, load),
        repeated,
      );
    });
  }

  it('are those of texts that nobody thought of (law)', async () => {
    const text = fc.string({ unit: 'binary', maxLength: 80 }).filter((one) => !/\p{Surrogate}/u.test(one));
    const list = fc.array(text, { minLength: 1, maxLength: 300 });
    await fc.assert(
      fc.asyncProperty(list, async (texts) => {
        const table = await tableOf({ id: texts });
        for (const load of Object.values(hashers)) assertDigests(await digestsOf(table, load), texts);
        await table.drop();
      }),
      { numRuns: share(40) },
    );
  });

  it('are of the canonical form of keys of several columns and types', async () => {
    const table = await tableOf({
      code: ['a', 'ab', '\u{1F600}'],
      number: BigInt64Array.of(1n, -17n, 2n ** 63n - 1n),
      flag: [true, false, true],
    });
    const canonical = ['1:a1:14:true', '2:ab3:-175:false', '4:\u{1F600}19:92233720368547758074:true'];
    const digests = await keyDigests(relationOf(table), ['code', 'number', 'flag'], never);
    assertDigests(digests, canonical);
    assert.ok(digests.buffer instanceof SharedArrayBuffer, 'threads can share them');
  });

  it('are not made of rows without a text', async () => {
    const table = await tableOf({ id: ['a', null, 'c'] });
    await assert.rejects(digestsOf(table, loadTextHasher), { code: 'PRIVITY_INTERNAL' });
  });

  it('end within 100 ms of an abort, with its reason, and leave nothing behind', async () => {
    const table = await tableOf({
      id: Array.from({ length: 100_000 }, (_, row) => `row ${row} of the table`),
    });
    const reason = new Error('verdict');
    const stop = new AbortController();
    const hasher = await loadTextHasher();
    let hashed = 0;
    let abortedAt = 0;
    const hash = (count: number): Uint8Array => {
      if (++hashed === 3) {
        abortedAt = performance.now();
        stop.abort(reason);
      }
      return hasher.hash(count);
    };
    const asked = {
      select: `SELECT id FROM ${relationOf(table).sqlName}`,
      rowCount: table.rowCount,
      signal: stop.signal,
    };
    await assert.rejects(
      textDigests(asked, async () => ({ ...hasher, hash })),
      reason,
    );
    assert.ok(performance.now() - abortedAt < 100);
    assert.ok(hashed < 10, `${hashed} vectors`);
    assert.ok(hasher.bytes.every((byte) => byte === 0));
  });

  itLong('take no memory beside themselves', async () => {
    const rows = 2_000_000;
    await tableOf({ id: ['opens the database'] });
    const before = process.memoryUsage().rss;
    const select = `SELECT 'a key of some length ' || range FROM range(${rows})`;
    await textDigests({ select, rowCount: rows, signal: never });
    const grown = process.memoryUsage().rss - before - rows * ID_BYTES;
    assert.ok(grown < 100e6, `${grown} bytes`);
  });
});

describe('counting different ids', () => {
  const ids = (numbers: readonly number[]): Uint8Array => {
    const all = new Uint8Array(numbers.length * ID_BYTES);
    for (const [row, number] of numbers.entries())
      all.set(createHash('sha256').update(String(number)).digest(), row * ID_BYTES);
    return all;
  };

  it('gives what a set gives, in one pass and in several (law)', async () => {
    const list = fc.array(fc.nat(3000), { minLength: 1, maxLength: 4000, size: 'max' });
    await fc.assert(
      fc.asyncProperty(list, async (numbers) => {
        const again = numbers.findIndex((number, row) => numbers.indexOf(number) < row);
        const expected = {
          rows: numbers.length,
          distinct: new Set(numbers).size,
          repeated: again < 0 ? undefined : [numbers.indexOf(numbers[again] as number), again],
        };
        assert.deepEqual(await distinctIds(ids(numbers), never), expected);
        assert.deepEqual(await distinctIds(ids(numbers), never, 500), expected);
      }),
      { numRuns: share(40) },
    );
  });

  it('tells ids apart that differ in one bit, wherever it is', async () => {
    const one = ids([1]);
    for (let bit = 0; bit < 8 * ID_BYTES; bit += 1) {
      const two = new Uint8Array([...one, ...one]);
      two[ID_BYTES + (bit >> 3)] = (two[ID_BYTES + (bit >> 3)] ?? 0) ^ (1 << (bit & 7));
      assert.equal((await distinctIds(two, never)).distinct, 2);
    }
  });

  it('ends with the reason of an abort', async () => {
    const reason = new Error('verdict');
    await assert.rejects(distinctIds(ids([1]), AbortSignal.abort(reason)), reason);
  });
});
