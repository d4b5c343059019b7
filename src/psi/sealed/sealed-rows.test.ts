import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { cleanUp, intersect, type Outcome, type Party } from '../../../test/parts/psi-parties.ts';
import { Table } from '../../data/table.ts';
import { tableOf } from '../../data/table-of.ts';
import { psiCost } from '../exchange.ts';
import type { JoinPlan } from '../joins/plan.ts';
import { PART_HEADER_BYTES } from '../messages.ts';
import { psiProtocols } from '../protocols/index.ts';
import type { PsiProtocol } from '../protocols/protocol.ts';
import { rr22Of } from '../protocols/rr22/protocol.ts';
import { SEAL_BYTES } from './row-seal.ts';
import { ROWS, SHAPE, sealedCost } from './sealed-messages.ts';

after(cleanUp);

/** In one bucket, and in several whose slots are more than the rows. */
const protocols: readonly (readonly [string, PsiProtocol])[] = [
  ...Object.entries<PsiProtocol>(psiProtocols).filter(([, { keyed }]) => keyed !== undefined),
  ['rr22 in buckets', rr22Of(60)],
];

const ids = (from: number, rows: number): string[] => Array.from({ length: rows }, (_, i) => `P${from + i}`);

/** Of party 1, whose columns party 0 gets. */
const plan = (names: readonly string[], more: Partial<JoinPlan> = {}): Partial<JoinPlan> => ({
  receivers: 0,
  payload: [[], names],
  ...more,
});

function parties(a: Table, b: Table, wanted: Partial<JoinPlan>, protocol: PsiProtocol): [Party, Party] {
  return [
    { table: a, plan: wanted, protocol },
    { table: b, plan: wanted, protocol },
  ];
}

function received({ tables }: Outcome, rank: 0 | 1 = 0): Table {
  assert.ok(tables[rank] instanceof Table, String(tables[rank]));
  assert.equal(tables[1 - rank], undefined);
  return tables[rank];
}

const sealedFrames = ({ frames }: Outcome, sender = 1): readonly Uint8Array[] =>
  (frames[sender] ?? []).filter((frame) => frame[4] === SHAPE || frame[4] === ROWS);

describe('columns of a party that receives nothing', () => {
  for (const [name, protocol] of protocols)
    it(`come with the rows that they belong to, by ${name}, to either party`, async () => {
      const a = await tableOf({ id: ids(0, 200) });
      const b = await (
        await tableOf({
          key: ids(100, 150),
          n: Int32Array.from({ length: 150 }, (_, i) => 100 + i),
          text: ids(100, 150).map((id, i) => (i % 5 === 0 ? null : `${id} ü`)),
          secret: ids(0, 150),
        })
      ).query("SELECT *, n % 2 = 0 AS even, DATE '2024-01-01' + n AS day FROM rows");
      const names = ['even', 'n', 'text', 'day'];
      for (const receiver of [0, 1] as const) {
        const wanted: Partial<JoinPlan> =
          receiver === 0
            ? { on: [['id'], ['key']], receivers: 0, payload: [[], names] }
            : { on: [['key'], ['id']], receivers: 1, payload: [names, []] };
        const tables = receiver === 0 ? ([a, b] as const) : ([b, a] as const);
        const table = received(await intersect(...parties(...tables, wanted, protocol)), receiver);
        assert.deepEqual(
          table.columns.map(({ name, type }) => `${name} ${type}`),
          ['id VARCHAR', 'even BOOLEAN', 'n INTEGER', 'text VARCHAR', 'day DATE'],
        );
        const wrong = await table.query(
          "SELECT id FROM rows WHERE id <> 'P' || n OR even <> (n % 2 = 0) OR day <> DATE '2024-01-01' + n OR coalesce(text, '') <> CASE WHEN n % 5 = 0 THEN '' ELSE id || ' ü' END",
        );
        assert.deepEqual([table.rowCount, wrong.rowCount], [100, 0]);
      }
    });

  it('come with rows left out, several rows of a key, and nothing that matches', async () => {
    for (const [, protocol] of protocols) {
      const a = await tableOf({ id: ['x', null, 'x', 'y', 'z'] });
      const b = await tableOf({ id: [null, 'z', 'x', 'w', 'x'], n: Float64Array.of(0, 1, 2, 3, 4) });
      const wanted = plan(['n'], { nulls: 'leave out', duplicatesUpTo: 3 });
      const table = received(await intersect(...parties(a, b, wanted, protocol)));
      const lines = await (
        await table.query('SELECT id || CAST(n AS INT) AS line FROM rows ORDER BY line')
      ).strings('line');
      assert.deepEqual(lines, ['x2', 'x4', 'z1']);
      const none = await tableOf({ id: ['q'], n: Float64Array.of(9) });
      const empty = received(await intersect(...parties(a, none, wanted, protocol)));
      assert.deepEqual([empty.rowCount, empty.columns.at(-1)], [0, { name: 'n', type: 'DOUBLE' }]);
    }
  });

  it('cross in no frame as they are, whether their rows match or not', async () => {
    for (const [name, protocol] of protocols) {
      const a = await tableOf({ id: ['a', 'b'] });
      const b = await tableOf({
        id: ['b', 'c'],
        word: ['canary-shared', 'canary-alone'],
        more: ['canary-m', ''],
      });
      const outcome = await intersect(...parties(a, b, plan(['word']), protocol));
      assert.deepEqual(await received(outcome).strings('word'), ['canary-shared']);
      assert.ok(!Buffer.concat(outcome.frames.flat()).includes('canary'), name);
    }
  });

  it('have frames whose sizes follow from the number of rows and the longest row alone', async () => {
    const long = 'x'.repeat(30);
    for (const [name, protocol] of protocols) {
      const sizes: unknown[] = [];
      for (const [from, words] of [
        [0, (i: number) => (i === 3 ? long : '')],
        [75, () => long],
        [150, (i: number) => (i === 140 ? long : null)],
      ] as const) {
        const a = await tableOf({ id: ids(0, 150) });
        const b = await tableOf({
          id: ids(from, 150),
          word: Array.from({ length: 150 }, (_, i) => words(i)),
        });
        const outcome = await intersect(...parties(a, b, plan(['word']), protocol));
        assert.equal(received(outcome).rowCount, 150 - from);
        sizes.push(
          outcome.frames.map((each) => each.map(({ byteLength }) => byteLength).sort((x, y) => x - y)),
        );
      }
      assert.deepEqual(sizes[1], sizes[0], name);
      assert.deepEqual(sizes[2], sizes[0], name);
    }
  });

  it('are as bytes that were drawn: of rows, and of slots without one', async () => {
    const [, protocol] = protocols.at(-1) ?? assert.fail();
    const a = await tableOf({ id: ids(0, 1000) });
    const b = await tableOf({ id: ids(500, 1000), zero: new Float64Array(1000) });
    const outcome = await intersect(...parties(a, b, plan(['zero']), protocol));
    const bytes = Buffer.concat(
      sealedFrames(outcome)
        .slice(1)
        .map((frame) => frame.subarray(PART_HEADER_BYTES)),
    );
    assert.ok(bytes.byteLength > 1000 * (9 + SEAL_BYTES), 'there are slots without a row');
    const counts = new Uint32Array(256);
    for (const byte of bytes) counts[byte] = (counts[byte] ?? 0) + 1;
    const expected = bytes.byteLength / 256;
    const chi = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    // More than six deviations come by chance once in some millions of tests.
    assert.ok(Math.abs(chi - 255) < 6 * Math.sqrt(2 * 255), String(chi));
  });

  it('cost what is declared', async () => {
    for (const [name, protocol] of protocols)
      for (const [n, m] of [
        [1, 1],
        [200, 300],
      ] as const) {
        const a = await tableOf({ id: ids(0, n) });
        const b = await tableOf({ id: ids(n - 1, m), wide: ids(0, m).map(() => 'w'.repeat(3_000)) });
        const outcome = await intersect(...parties(a, b, plan(['wide']), protocol));
        const { keyed } = protocol;
        assert.ok(keyed);
        const [told, tells] = [
          { receives: true, peerReceives: false },
          { receives: false, peerReceives: true },
        ];
        const { messages, bytes } = psiCost(keyed, n, m, 0, told);
        assert.deepEqual(outcome.sent[0], { messages, bytes }, name);
        const own = psiCost(keyed, m, n, 1, tells);
        const shapeBytes = (sealedFrames(outcome)[0]?.byteLength ?? 0) - PART_HEADER_BYTES;
        const rows = sealedCost(keyed.slots(m, n, 1, tells), 3_008, shapeBytes);
        assert.equal(keyed.slots(n, m, 0, told), keyed.slots(m, n, 1, tells));
        assert.deepEqual(
          outcome.sent[1],
          { messages: own.messages + rows.messages, bytes: own.bytes + rows.bytes },
          `${name}: ${n} and ${m}`,
        );
      }
  });

  it('are not opened below the minimum of rows', async () => {
    const [a, b] = [
      await tableOf({ id: ids(0, 20) }),
      await tableOf({ id: ids(18, 20), n: new Float64Array(20) }),
    ];
    for (const [, protocol] of protocols) {
      const { tables } = await intersect(...parties(a, b, plan(['n'], { minimumRows: 3 }), protocol));
      assert.match(String(tables[0]), /2 rows; at least 3/);
      const enough = await intersect(...parties(a, b, plan(['n'], { minimumRows: 2 }), protocol));
      assert.equal(received(enough).rowCount, 2);
    }
  });

  it('are said beforehand where they come from, and where they arrive when their length is known', async () => {
    const a = await tableOf({ id: ids(0, 20) });
    const b = await tableOf({ id: ids(0, 300), word: ids(0, 300).map((id) => id.padEnd(20_000)) });
    for (const [, protocol] of protocols) {
      const notes: string[][] = [[], []];
      const [alice, bob] = parties(a, b, plan(['word']), protocol);
      const context = (rank: 0 | 1) => ({ note: (line: string) => void notes[rank]?.push(line) });
      received(await intersect({ ...alice, context: context(0) }, { ...bob, context: context(1) }));
      const [sends = 0] =
        /sends (\d+) MB/
          .exec(notes[1]?.[0] ?? '')
          ?.slice(1)
          .map(Number) ?? [];
      assert.ok(sends >= 6, notes[1]?.[0]);
      assert.match(notes[0]?.[1] ?? '', /psi on id: encrypted columns .* 20016 bytes each, \d+ MB together/);
    }
  });

  it('tell how far it is at both parties, to the end', async () => {
    const told: [number, number][][] = [[], []];
    const table = await tableOf({ id: ids(0, 300), n: new Float64Array(300) });
    const own = await table.query('SELECT id FROM rows');
    for (const [, protocol] of protocols) {
      const [alice, bob] = parties(own, table, plan(['n']), protocol);
      const context = (rank: 0 | 1) => ({
        onProgress: (done: number, total: number) => void told[rank]?.push([done, total]),
      });
      received(await intersect({ ...alice, context: context(0) }, { ...bob, context: context(1) }));
      for (const list of told) {
        const [done, total] = list.at(-1) ?? [];
        assert.ok(done === total && (total ?? 0) >= 900, String(list.at(-1)));
      }
    }
  });
});

describe('keys of rows', () => {
  it('are overwritten when the rows are through, and where they are too few', async () => {
    const table = await tableOf({ id: ids(0, 90), n: new Float64Array(90) });
    const own = await table.query('SELECT id FROM rows');
    for (const [name, protocol] of protocols)
      for (const minimumRows of [0, 91]) {
        const taken: Uint8Array[] = [];
        const { keyed } = protocol;
        assert.ok(keyed);
        const watched: PsiProtocol = {
          ...protocol,
          keyed: {
            ...keyed,
            async run(line, setting) {
              const found = await keyed.run(line, setting);
              assert.ok(found.keys.some((byte) => byte !== 0));
              taken.push(found.keys);
              return found;
            },
          },
        };
        await intersect(...parties(own, table, plan(['n'], { minimumRows }), watched));
        assert.equal(taken.length, 2);
        for (const keys of taken)
          assert.ok(
            keys.every((byte) => byte === 0),
            name,
          );
      }
  });
});

describe('a sender of encrypted rows that deviates', () => {
  const rows = 120;
  const setting = async () => {
    const a = await tableOf({ id: ids(0, rows) });
    const b = await tableOf({ id: ids(0, rows), word: ids(0, rows) });
    return parties(a, b, plan(['word']), rr22Of(rows));
  };
  /** 64 bytes of a slot. */
  const slotBytes = 16 + SEAL_BYTES;
  const on =
    (kind: number, change: (bytes: Uint8Array) => Uint8Array) =>
    (_from: number, _to: number, bytes: Uint8Array): Uint8Array =>
      bytes[4] === kind ? change(new Uint8Array(bytes)) : bytes;

  const cases: readonly (readonly [string, number, (bytes: Uint8Array) => Uint8Array, string])[] = [
    ['a bit of a row changed', ROWS, (bytes) => flipped(bytes, PART_HEADER_BYTES + 5), 'PRIVITY_PSI_CHECK'],
    ['a bit of a tag changed', ROWS, (bytes) => flipped(bytes, bytes.byteLength - 1), 'PRIVITY_PSI_CHECK'],
    [
      'two rows in each other’s slots',
      ROWS,
      (bytes) => {
        const first = bytes.slice(PART_HEADER_BYTES, PART_HEADER_BYTES + slotBytes);
        bytes.copyWithin(PART_HEADER_BYTES, PART_HEADER_BYTES + slotBytes, PART_HEADER_BYTES + 2 * slotBytes);
        bytes.set(first, PART_HEADER_BYTES + slotBytes);
        return bytes;
      },
      'PRIVITY_PSI_CHECK',
    ],
    ['a byte less', ROWS, (bytes) => bytes.subarray(0, -1), 'PRIVITY_PSI_PROTOCOL'],
    [
      'a row more',
      ROWS,
      (bytes) => Buffer.concat([bytes, new Uint8Array(slotBytes)]),
      'PRIVITY_PSI_PROTOCOL',
    ],
    ['a piece of another number', ROWS, (bytes) => flipped(bytes, 8), 'PRIVITY_PSI_PROTOCOL'],
    ['rows before their shape', SHAPE, (bytes) => set(bytes, 4, ROWS), 'PRIVITY_PSI_PROTOCOL'],
    ['shape twice', ROWS, (bytes) => set(bytes, 4, SHAPE), 'PRIVITY_PSI_PROTOCOL'],
    ['rows of another length', SHAPE, (bytes) => set(bytes, 8, 32), 'PRIVITY_PSI_PROTOCOL'],
    ['rows of a length that is none', SHAPE, (bytes) => set(bytes, 8, 17), 'PRIVITY_PSI_PROTOCOL'],
    ['rows of gigabytes', SHAPE, (bytes) => set(bytes, 11, 0x7f), 'PRIVITY_PSI_PROTOCOL'],
    ['columns that are none', SHAPE, (bytes) => bytes.subarray(0, 40), 'PRIVITY_TABLE_CORRUPT'],
    [
      'a column of another name',
      SHAPE,
      (bytes) => Buffer.from(Buffer.from(bytes).toString('latin1').replace('word', 'work'), 'latin1'),
      'PRIVITY_PSI_PROTOCOL',
    ],
  ];
  for (const [what, kind, change, code] of cases)
    it(`ends the run: ${what}`, async () => {
      const { tables } = await intersect(...(await setting()), { tap: on(kind, change) });
      assert.equal((tables[0] as { code?: string }).code, code, String(tables[0]));
      // Before room is made for such rows.
      if (/none|gigabytes/.test(what) && kind === SHAPE && code === 'PRIVITY_PSI_PROTOCOL')
        assert.match(String(tables[0]), /which its columns cannot have/);
    });

  it('ends it by a row that opens and is none, and not by what is in slots that do not match', async () => {
    const [alice, bob] = await setting();
    // Half of the rows match.
    const other = await tableOf({ id: ids(rows / 2, rows), word: ids(0, rows) });
    const { tables } = await intersect(
      alice,
      { ...bob, table: other },
      {
        tap: on(ROWS, (bytes) => bytes),
      },
    );
    assert.equal((tables[0] as Table).rowCount, rows / 2);
  });
});

describe('an abort', () => {
  it('ends both parties in the middle of encrypted rows, with its reason', async () => {
    const stop = new AbortController();
    const reason = new Error('verdict');
    const a = await tableOf({ id: ids(0, 2_000) });
    const b = await tableOf({ id: ids(0, 2_000), word: ids(0, 2_000).map((id) => id.padEnd(3_000)) });
    const [alice, bob] = parties(a, b, plan(['word']), psiProtocols.rr22);
    let pieces = 0;
    const context = { signal: stop.signal };
    const { tables } = await intersect(
      { ...alice, context },
      { ...bob, context },
      {
        tap(_from, _to, bytes) {
          if (bytes[4] === ROWS && ++pieces === 3) stop.abort(reason);
          return bytes;
        },
      },
    );
    assert.deepEqual(tables, [reason, reason]);
    assert.ok(pieces < 10, `${pieces} pieces`);
  });
});

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  return bytes;
}

function set(bytes: Uint8Array, at: number, value: number): Uint8Array {
  bytes[at] = value;
  return bytes;
}
