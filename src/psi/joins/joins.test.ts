import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { cleanUp, fails, intersect, type Party } from '../../../test/parts/psi-parties.ts';
import { salted } from '../../../test/parts/salted-psi.ts';
import { Table } from '../../data/table.ts';
import { tableOf } from '../../data/table-of.ts';
import { psiCost } from '../exchange.ts';
import { dh } from '../protocols/dh/protocol.ts';
import { payloadMessages } from './payload.ts';
import type { JoinPlan } from './plan.ts';

after(cleanUp);

const tableOfIds = (list: readonly (string | null)[]) => tableOf({ id: [...list] });
const both = (plan: Partial<JoinPlan>, a: Table, b: Table): readonly [Party, Party] => [
  { table: a, plan },
  { table: b, plan },
];

async function joined(
  plan: Partial<JoinPlan>,
  a: Table,
  b: Table,
): Promise<readonly [Table | undefined, Table | undefined]> {
  const { tables } = await intersect(...both(plan, a, b));
  for (const table of tables) if (table !== undefined && !(table instanceof Table)) throw table;
  return tables as [Table | undefined, Table | undefined];
}

const sorted = async (table: Table | undefined, name = 'id'): Promise<readonly string[]> => {
  assert.ok(table);
  return [...(await table.strings(name))].sort();
};

describe('rows without a key', () => {
  it('are left out of everything, at each party its own', async () => {
    const plan = { nulls: 'leave out' } as const;
    const a = await tableOfIds([null, 'x', 'y', null, 'z']);
    const b = await tableOfIds(['z', null, 'x']);
    const { tables, frames } = await intersect(...both(plan, a, b));
    assert.deepEqual(await sorted(tables[0] as Table), ['x', 'z']);
    assert.deepEqual(await sorted(tables[1] as Table), ['x', 'z']);
    const hello = (frames[0] ?? []).find((frame) => frame[4] === 1);
    assert.equal(hello?.[8], 3, 'the size that is told is of those that take part');
  });

  it('bring their own columns along in the right rows', async () => {
    const n = 1_000;
    const id = (i: number): string | null => (i % 7 === 3 ? null : `P${(i * 31) % n}`);
    const a = await tableOf({
      id: Array.from({ length: n }, (_, i) => id(i)),
      x: Float64Array.from({ length: n }, (_, i) => (i * 31) % n),
    });
    const [atAlice, atBob] = await joined({ nulls: 'leave out' }, a, a);
    const [x, y] = [await atAlice?.numbers('x'), await atBob?.numbers('x')];
    assert.deepEqual(x, y);
    assert.deepEqual(
      await atAlice?.strings('id'),
      [...(x ?? [])].map((value) => `P${value}`),
    );
  });

  it('of several columns are those in which any is missing', async () => {
    const a = await tableOf({ id: ['1', null, '3', '4'], day: ['a', 'b', null, 'd'] });
    const on = ['id', 'day'];
    const [atAlice] = await joined({ nulls: 'leave out', on: [on, on] }, a, a);
    assert.deepEqual(await sorted(atAlice), ['1', '4']);
  });

  it('are an error where nobody says otherwise, and where none is left', async () => {
    const gaps = await tableOfIds(['a', null]);
    const good = await tableOfIds(['a']);
    await fails({ table: gaps }, { table: good }, 0, 'PRIVITY_KEY_NULL', { framesMax: 0, part: '1 of 2' });
    const none = await tableOfIds([null, null]);
    await fails(...both({ nulls: 'leave out' }, none, good), 0, 'PRIVITY_TABLE_EMPTY', {
      framesMax: 0,
      part: '0 rows beside the 2 without a key',
    });
  });
});

describe('names of columns', () => {
  it('can be those that the database has for its own numbers of rows', async () => {
    const n = 60;
    const table = await tableOf({
      id: Array.from({ length: n }, (_, i) => (i % 10 === 9 ? null : `P${i}`)),
      RowId: Uint32Array.from({ length: n }, (_, i) => n - 1 - i),
      'number of the row': Uint32Array.from({ length: n }, (_, i) => i),
    });
    for (const plan of [{ nulls: 'leave out' }, { nulls: 'leave out', join: 'left' }] as const)
      for (const result of await joined(plan, table, table)) {
        const wrong = await result?.query(
          `SELECT id FROM rows WHERE id <> 'P' || "number of the row" OR "RowId" + "number of the row" <> ${n - 1}`,
        );
        assert.deepEqual([result?.rowCount, wrong?.rowCount], [54, 0]);
      }
    const plain = await table.query('SELECT "number of the row" AS id, "RowId" FROM rows');
    const [atAlice] = await joined({}, plain, plain);
    const wrong = await atAlice?.query(`SELECT id FROM rows WHERE id + "RowId" <> ${n - 1}`);
    assert.deepEqual([atAlice?.rowCount, wrong?.rowCount], [n, 0]);
    await fails({ table }, { table }, 'either', 'PRIVITY_KEY_NULL', { part: 'the first is row 10' });
  });
});

describe('names of key columns', () => {
  it('can differ', async () => {
    const a = await tableOf({ id: ['1', '2'], day: ['x', 'y'] });
    const b = await tableOf({ when: ['y', 'y'], patient: ['2', '3'] });
    const plan = {
      on: [
        ['id', 'day'],
        ['patient', 'when'],
      ] as const,
    };
    const [atAlice, atBob] = await joined(plan, a, b);
    assert.deepEqual([await sorted(atAlice), await sorted(atBob, 'patient')], [['2'], ['2']]);
  });
});

describe('what both must want alike', () => {
  const others: readonly (readonly [string, Partial<JoinPlan>])[] = [
    ['key columns', { on: [['id'], ['id2']] }],
    ['rules', { normalise: [['trim']] }],
    ['other rules', { normalise: [['trim', 'lower']] }],
    ['null keys', { nulls: 'leave out' }],
    ['duplicates', { duplicatesUpTo: 2 }],
    ['a larger cap', { duplicatesUpTo: 3 }],
    ['a join', { join: 'anti' }],
    ['a left join', { join: 'left' }],
    ['of the other side', { join: 'left', left: 1 }],
    ['one receiver', { receivers: 0 }],
    ['the other receiver', { receivers: 1 }],
    ['a minimum', { minimumRows: 1 }],
    ['columns of one side', { payload: [['u'], []] }],
    ['columns of the other side', { payload: [[], ['v']] }],
    ['a count', { cardinality: true }],
  ];
  for (const [index, [what, plan]] of others.entries()) {
    it(`${what}, else nothing is told beyond that`, async () => {
      const [a, b] = [
        await tableOf({ id: ['a'], id2: ['a'], u: ['a'] }),
        await tableOf({ id: ['a'], id2: ['a'], v: ['a'] }),
      ];
      const [, before = {}] = others[index - 1] ?? [];
      for (const side of [0, 1] as const)
        await fails({ table: a, plan: before }, { table: b, plan }, side, 'PRIVITY_PSI_MISMATCH', {
          framesMax: 1,
        });
    });
  }
});

describe('one receiver', () => {
  it('gets its table, and the other party nothing, in fewer bytes', async () => {
    const a = await tableOfIds(['a', 'b', 'c']);
    const b = await tableOfIds(['c', 'd']);
    for (const receiver of [0, 1] as const) {
      const { tables, sent } = await intersect(...both({ receivers: receiver }, a, b));
      assert.deepEqual(await sorted(tables[receiver] as Table), ['c']);
      assert.equal(tables[1 - receiver], undefined);
      const [own, peer] = receiver === 0 ? [3, 2] : [2, 3];
      const { bytes } = psiCost(dh, own, peer, receiver, { receives: true, peerReceives: false });
      assert.equal(sent[receiver]?.bytes, bytes);
      assert.ok(bytes < psiCost(dh, own, peer, receiver).bytes);
    }
  });

  it('takes no tags from a peer that sends some where none are due, nor none where some are', async () => {
    const table = await tableOfIds(['a', 'b', 'c']);
    const [alone, together] = [{ table, plan: { receivers: 1 as const } }, { table }];
    // Both begin with the same digest of what they want: as if the peer had lied about it.
    let agreed: Uint8Array | undefined;
    const tap = (_from: number, _to: number, bytes: Uint8Array): Uint8Array => {
      if (bytes[4] !== 5) return bytes;
      agreed ??= bytes.slice(12, 44);
      return bytes;
    };
    await intersect(alone, alone, { tap });
    const lie = (digests: readonly Uint8Array[]) => (from: number, _to: number, bytes: Uint8Array) => {
      if (bytes[4] === 5) bytes.set(digests[1 - from] ?? [], 12);
      return bytes;
    };
    const digests: Uint8Array[] = [];
    for (const party of [alone, together])
      await intersect(party, party, {
        tap: (from, _to, bytes) => {
          if (bytes[4] === 5 && from === 0) digests.push(bytes.slice(12, 44));
          return bytes;
        },
      });
    const { tables } = await intersect(alone, together, { tap: lie(digests) });
    assert.ok(
      tables.some((error) => error instanceof Error && /tags of \d+ bytes where/.test(error.message)),
      String(tables),
    );
    assert.ok(agreed);
  });
});

describe('a minimum of rows', () => {
  const a = () => tableOfIds(['a', 'b', 'c']);
  const b = () => tableOfIds(['b', 'c', 'd']);

  it('is met by as many', async () => {
    const [atAlice, atBob] = await joined({ minimumRows: 2 }, await a(), await b());
    assert.deepEqual([atAlice?.rowCount, atBob?.rowCount], [2, 2]);
  });

  it('that is not met gives nothing to either, or to the one receiver', async () => {
    for (const receivers of ['both', 0, 1] as const) {
      const { tables } = await intersect(...both({ minimumRows: 3, receivers }, await a(), await b()));
      for (const [rank, table] of tables.entries()) {
        if (receivers !== 'both' && receivers !== rank) assert.equal(table, undefined);
        else assert.match(String(table), /2 rows; at least 3/);
      }
    }
  });

  it('of a party that receives nothing must be in the job, since it cannot count', async () => {
    const plan = { receivers: 1, minimumRows: 2 } as const;
    const party = { table: await a(), plan, join: { minimumRows: 3 } };
    const other = { table: await b(), plan };
    await fails(party, other, 0, 'PRIVITY_ROWS_TOO_FEW', { framesMax: 0, part: 'minimumRows: 3' });
    const enough = { ...party, join: { minimumRows: 2 } };
    const { tables } = await intersect(enough, other);
    assert.equal((tables[1] as Table).rowCount, 2);
  });
});

describe('a key with several rows', () => {
  it('is matched row by row: the first with the first, never each with each', async () => {
    const a = await tableOf({ id: ['x', 'y', 'x', 'x', 'z'], n: Float64Array.of(1, 2, 3, 4, 5) });
    const b = await tableOf({ id: ['x', 'z', 'x', 'z', 'w'], n: Float64Array.of(10, 20, 30, 40, 50) });
    const [atAlice, atBob] = await joined({ duplicatesUpTo: 3 }, a, b);
    const [own, theirs] = [await atAlice?.numbers('n'), await atBob?.numbers('n')];
    const pairs = [...(own ?? [])].map((value, row) => `${value}-${theirs?.[row]}`).sort();
    assert.deepEqual(pairs, ['1-10', '3-30', '5-20']);
  });

  it('with more rows than agreed on is an error at its party, and nothing is sent', async () => {
    const a = await tableOfIds(['x', 'x', 'y', 'y', 'y', 'z']);
    const good = await tableOfIds(['x']);
    await fails(...both({ duplicatesUpTo: 2 }, a, good), 0, 'PRIVITY_KEY_DUPLICATE', {
      framesMax: 0,
      part: "1 values of the key 'id' have more than 2 rows each, one of them 3",
    });
    await fails({ table: a }, { table: good }, 0, 'PRIVITY_KEY_DUPLICATE', { framesMax: 0 });
  });

  it('shows no more than the smaller number of both: what else there is changes no message', async () => {
    const shape = async (own: readonly string[], theirs: readonly string[]) => {
      const { tables, frames } = await intersect(
        ...both({ duplicatesUpTo: 3 }, await tableOfIds(own), await tableOfIds(theirs)),
      );
      const sizes = frames[1]?.map(({ byteLength }) => byteLength);
      return [(tables[0] as Table).rowCount, sizes];
    };
    // Alice has x once. Whether bob has it once beside two others, or three times, she sees the same.
    assert.deepEqual(await shape(['x'], ['x', 'v', 'w']), await shape(['x'], ['x', 'x', 'x']));
  });

  it('is not the same as another key with a number behind it', async () => {
    const a = await tableOf({ id: ['x', 'x'], day: ['1', '2'] });
    const on = ['id', 'day'];
    const plan = { duplicatesUpTo: 2, on: [on, on] } as const;
    const [atAlice] = await joined(plan, a, await tableOf({ id: ['x'], day: ['2'] }));
    assert.deepEqual(await sorted(atAlice, 'day'), ['2']);
  });
});

describe('a left join', () => {
  for (const left of [0, 1] as const)
    it(`keeps all rows of party ${left}, with gaps at the other where none belongs to them`, async () => {
      const tables = [
        await tableOf({ id: ['a', 'b', 'c', 'd'], x: Float64Array.of(1, 2, 3, 4) }),
        await tableOf({ id: ['d', 'e', 'b'], y: Float64Array.of(40, 50, 20) }),
      ] as const;
      const results = await joined({ join: 'left', left }, ...tables);
      const [kept, beside] = [results[left], results[1 - left]];
      const rows = tables[left].rowCount;
      assert.deepEqual([kept?.rowCount, beside?.rowCount], [rows, rows]);
      assert.deepEqual(await sorted(kept), [...(await tables[left].strings('id'))].sort());
      const value = left === 0 ? 'y' : 'x';
      const own = await (kept as Table).strings('id');
      const theirs = await (beside as Table).numbers(value, { nulls: 'nan' });
      for (const [row, id] of own.entries()) {
        const at = (await tables[1 - left]?.strings('id'))?.indexOf(id) ?? -1;
        const expected = at < 0 ? Number.NaN : (await tables[1 - left]?.numbers(value))?.[at];
        assert.equal(theirs[row], expected, id);
      }
      // Those that match come first, in the order that both have; the others as they stand in the table.
      assert.deepEqual([...own.slice(0, 2)].sort(), ['b', 'd']);
    });

  it('leaves out what has no key, and keeps more than one row of a key', async () => {
    const a = await tableOfIds(['x', null, 'x', 'y']);
    const plan = { join: 'left', nulls: 'leave out', duplicatesUpTo: 2 } as const;
    const [atAlice, atBob] = await joined(plan, a, await tableOfIds(['x']));
    assert.deepEqual(await sorted(atAlice), ['x', 'x', 'y']);
    assert.equal(atBob?.rowCount, 3);
  });

  it('asks for a minimum of rows that match', async () => {
    const plan = { join: 'left', minimumRows: 2 } as const;
    const two = both(plan, await tableOfIds(['a', 'b', 'c']), await tableOfIds(['a']));
    await fails(...two, 'either', 'PRIVITY_ROWS_TOO_FEW', { part: 'has 1 rows' });
  });
});

describe('an anti join', () => {
  it('gives each receiver its rows that the other lacks, as they stand in its table', async () => {
    const a = await tableOfIds(['e', 'd', null, 'a', 'b']);
    const b = await tableOfIds(['b', 'x', 'e', 'a']);
    const [atAlice, atBob] = await joined({ join: 'anti', nulls: 'leave out' }, a, b);
    assert.deepEqual(await atAlice?.strings('id'), ['d']);
    assert.deepEqual(await atBob?.strings('id'), ['x']);
    const { tables } = await intersect(...both({ join: 'anti', receivers: 1, nulls: 'leave out' }, a, b));
    assert.equal(tables[0], undefined);
    assert.deepEqual(await (tables[1] as Table).strings('id'), ['x']);
  });

  it('can be of no rows', async () => {
    const table = await tableOfIds(['a']);
    const [atAlice] = await joined({ join: 'anti' }, table, table);
    assert.equal(atAlice?.rowCount, 0);
  });

  it('asks for a minimum of the rows that each receiver would get, at both alike', async () => {
    const [a, b] = [await tableOfIds(['a', 'b', 'c', 'd']), await tableOfIds(['a', 'e'])];
    const { tables } = await intersect(...both({ join: 'anti', minimumRows: 2 }, a, b));
    for (const error of tables) assert.match(String(error), /has 1 rows; at least 2/);
    const alone = await intersect(...both({ join: 'anti', minimumRows: 2, receivers: 0 }, a, b));
    assert.equal((alone.tables[0] as Table).rowCount, 3);
  });
});

describe('columns for the other party', () => {
  const rows = 200;
  const ids = (from: number) => Array.from({ length: rows }, (_, i) => `P${from + i}`);

  it('come with the rows that they belong to, gaps and all types of them as they were', async () => {
    const a = await tableOf({ id: ids(0) });
    const b = await (
      await tableOf({
        key: ids(100),
        n: Int32Array.from({ length: rows }, (_, i) => 100 + i),
        text: ids(100).map((id, i) => (i % 5 === 0 ? null : `${id} ü`)),
        secret: ids(0),
      })
    ).query("SELECT *, n % 2 = 0 AS even, DATE '2024-01-01' + n AS day FROM rows");
    const plan = { on: [['id'], ['key']], payload: [[], ['even', 'n', 'text', 'day']] } as const;
    const [atAlice, atBob] = await joined(plan, a, b);
    assert.deepEqual(
      atAlice?.columns.map(({ name, type }) => `${name} ${type}`),
      ['id VARCHAR', 'even BOOLEAN', 'n INTEGER', 'text VARCHAR', 'day DATE'],
    );
    assert.deepEqual(
      atBob?.columns.map(({ name }) => name),
      b.columns.map(({ name }) => name),
    );
    const wrong = await atAlice?.query(
      "SELECT id FROM rows WHERE id <> 'P' || n OR even <> (n % 2 = 0) OR day <> DATE '2024-01-01' + n OR coalesce(text, '') <> CASE WHEN n % 5 = 0 THEN '' ELSE id || ' ü' END",
    );
    assert.deepEqual([atAlice?.rowCount, wrong?.rowCount], [100, 0]);
  });

  it('are of matching rows only: nothing else of the table crosses', async () => {
    const a = await tableOf({ id: ['a', 'b'] });
    const b = await tableOf({
      id: ['b', 'c'],
      word: ['canary-shared', 'canary-alone'],
      more: ['canary-m', 'canary-m'],
    });
    const { frames } = await intersect(...both({ payload: [[], ['word']] }, a, b));
    const seen = Buffer.concat(frames.flat());
    assert.ok(seen.includes('canary-shared'));
    assert.ok(!seen.includes('canary-alone') && !seen.includes('canary-m'));
  });

  it('can have any names', async () => {
    const n = Uint32Array.from({ length: 50 }, (_, i) => i);
    const names = ['piece', 'place', 'row', 'c0', 'm', 'rowid', 'a "b"'];
    const columns = (list: readonly string[]) =>
      Object.fromEntries(list.map((name) => [name, n.toReversed()]));
    const b = await tableOf({ id: n, ...columns(names) });
    const [atAlice] = await joined({ payload: [[], names] }, await tableOf({ id: n, t: n, p: n }), b);
    const id = await atAlice?.numbers('id');
    for (const name of names)
      assert.deepEqual(
        await atAlice?.numbers(name),
        id?.map((value) => 49 - value),
        name,
      );
  });

  it('have their types also where nothing matches', async () => {
    const [a, b] = [await tableOfIds(['a']), await tableOf({ id: ['b'], n: Float64Array.of(1) })];
    const [atAlice] = await joined({ payload: [[], ['n']] }, a, b);
    assert.deepEqual([atAlice?.rowCount, atAlice?.columns.at(-1)], [0, { name: 'n', type: 'DOUBLE' }]);
  });

  it('come in pieces, in order', async () => {
    const many = 150_000;
    const n = Uint32Array.from({ length: many }, (_, i) => i);
    const plan = { payload: [[], ['twice']] } as const;
    const a = await tableOf({ id: n });
    const b = await (await tableOf({ id: n })).query('SELECT id, id * 2 AS twice FROM rows');
    const protocol = salted;
    const wide = { ...protocol, rowsMax: many };
    const { tables, frames } = await intersect(
      { table: a, plan, protocol: wide },
      { table: b, plan, protocol: wide },
    );
    const wrong = await (tables[0] as Table).query('SELECT id FROM rows WHERE twice IS DISTINCT FROM id * 2');
    assert.deepEqual([(tables[0] as Table).rowCount, wrong.rowCount], [many, 0]);
    assert.equal((frames[1]?.length ?? 0) - (frames[0]?.length ?? 0), payloadMessages(many));
    assert.equal(payloadMessages(many), 3);
  });

  it('that are not there, or whose names are taken, are errors before anything is sent', async () => {
    const [a, b] = [await tableOf({ id: ['a'], x: ['1'] }), await tableOf({ id: ['a'], X: ['2'] })];
    await fails(...both({ payload: [['y'], []] }, a, b), 0, 'PRIVITY_COLUMN_MISSING', {
      framesMax: 0,
      part: "'y'",
    });
    await fails(...both({ payload: [[], ['X']] }, a, b), 0, 'PRIVITY_COLUMN_NAME', {
      framesMax: 0,
      part: "'X'",
    });
  });

  it('of other names, types or numbers of rows than were agreed on are refused', async () => {
    const a = await tableOfIds(['a', 'b']);
    const b = await tableOf({ id: ['a', 'b'], n: Float64Array.of(1, 2) });
    const bad = await Promise.all([
      tableOf({ m: Float64Array.of(1, 2) }),
      tableOf({ n: Float64Array.of(1) }),
      tableOf({ n: Float64Array.of(1, 2), o: Float64Array.of(1, 2) }),
    ]);
    const plan = { payload: [[], ['n']] } as const;
    for (const table of bad) {
      const arrow = await table.toArrow();
      const isPayload = (bytes: Uint8Array): boolean => bytes[0] !== 0x50;
      const tap = (from: number, _to: number, bytes: Uint8Array) =>
        from === 1 && isPayload(bytes) ? arrow : bytes;
      await fails(...both(plan, a, b), 0, 'PRIVITY_PSI_PROTOCOL', { tap, part: 'other columns' });
    }
    const garbage = (from: number, _to: number, bytes: Uint8Array) =>
      from === 1 && bytes[0] !== 0x50 ? bytes.slice(0, bytes.length / 2) : bytes;
    await fails(...both(plan, a, b), 0, 'PRIVITY_TABLE_CORRUPT', { tap: garbage });
  });

  it('do not leave where there are too few rows, or the contract says no', async () => {
    const [a, b] = [await tableOfIds(['a']), await tableOf({ id: ['a'], word: ['canary'] })];
    const plan = { payload: [[], ['word']], minimumRows: 2 } as const;
    const few = await intersect(...both(plan, a, b));
    const onPayload = (): void => {
      throw new Error('not in the contract');
    };
    const [alice, bob] = both({ payload: [[], ['word']] }, a, b);
    const denied = await intersect(alice, { ...bob, join: { onPayload } });
    assert.match(String(denied.tables[1]), /not in the contract/);
    for (const { frames } of [few, denied]) assert.ok(!Buffer.concat(frames.flat()).includes('canary'));
  });
});
