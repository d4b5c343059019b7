import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { runSecure, type SecureRun } from '../../../test/parts/secure-parties.ts';
import { reveal } from '../../secure/ops/sharing.ts';
import type { ProtocolName } from '../../secure/protocols/table.ts';
import type { Evaluator } from '../../secure/session.ts';
import type { BinParts } from './join.ts';
import { wordBits } from './sizes.ts';
import { type BinsForm, binsForm, columnOfBins, tableOfBins, tableOfBinsCost } from './table-of-bins.ts';

const ROWS = 60;

/** Bins of which every third matches; columns of both as they are where it does. */
interface Known {
  readonly parts: readonly [BinParts, BinParts];
  readonly isMatch: readonly boolean[];
  readonly columns: readonly (readonly bigint[])[];
}

const word = (seed: number, bin: number): bigint =>
  BigInt.asUintN(64, 0x9e37_79b9_7f4a_7c15n * BigInt(1 + 1_000 * seed + bin));

function known({ bins, own, theirs }: BinsForm, everyMatch = 3): Known {
  const isMatch = Array.from({ length: bins }, (_, bin) => bin % everyMatch === 0);
  const vector = (of: (bin: number) => bigint): BigUint64Array =>
    BigUint64Array.from({ length: bins }, (_, bin) => BigInt.asUintN(64, of(bin)));
  const low = (bin: number): bigint => BigInt.asUintN(wordBits(bins), word(0, bin));
  const ownColumns = Array.from({ length: own }, (_, at) => vector((bin) => BigInt(10 * bin + at) - 100n));
  const theirColumns = Array.from({ length: theirs }, (_, at) =>
    vector((bin) => BigInt(bin) * 7n - BigInt(at)),
  );
  const masks = theirColumns.map((_, at) => vector((bin) => word(1 + at, bin)));
  const rest = theirColumns.map((column, at) =>
    vector((bin) => (isMatch[bin] ? (column[bin] ?? 0n) : word(9, bin)) - (masks[at]?.[bin] ?? 0n)),
  );
  return {
    parts: [
      { words: vector(low), own: ownColumns.map((column) => column.slice()), shares: masks },
      // Those that differ do so in one bit, the lowest or the highest.
      {
        words: vector((bin) =>
          isMatch[bin] ? low(bin) : low(bin) ^ (1n << (bin % 2 === 0 ? 0n : BigInt(wordBits(bins) - 1))),
        ),
        own: [],
        shares: rest,
      },
    ],
    isMatch,
    columns: [...ownColumns, ...theirColumns].map((column) =>
      [...column].map((value, bin) => (isMatch[bin] ? value : 0n)),
    ),
  };
}

/** Rows of the table as texts, with 1 or 0 before their columns. */
async function rowsOf(on: Evaluator, form: BinsForm, { parts }: Known): Promise<readonly string[]> {
  const { rank } = on.protocol;
  const table = await tableOfBins(
    on,
    form,
    rank === form.holder ? parts[0] : rank === form.other ? parts[1] : undefined,
  );
  const columns = Array.from({ length: 1 + form.own + form.theirs }, (_, at) =>
    columnOfBins(on, table, at, at === 0 ? 'boolean' : 'integer'),
  );
  const opened: BigUint64Array[] = [];
  for (const column of columns) opened.push((await reveal(on, column))?.words ?? new BigUint64Array());
  return Array.from({ length: form.bins }, (_, row) => opened.map((words) => words[row]).join(' '));
}

const expected = ({ isMatch, columns }: Known): readonly string[] =>
  isMatch.map((match, bin) => [match ? 1 : 0, ...columns.map((column) => column[bin])].join(' '));

const devices: readonly (readonly [string, ProtocolName, number, SecureRun])[] = [
  ['rep3', 'rep3', 3, {}],
  ['semi2k of two', 'semi2k', 2, {}],
  ['semi2k of three, with a dealer', 'semi2k', 3, { dealer: true }],
  ['the plaintext twin', 'ref', 3, {}],
];

for (const [name, protocol, size, run] of devices)
  describe(`a table of bins on ${name}`, () => {
    const of = (own: number, theirs: number, swap = false): BinsForm =>
      binsForm({ holder: swap ? size - 1 : 0, other: swap ? 0 : size - 1, own, theirs }, ROWS);

    it('has what matches, and zeros elsewhere, in another order than bins', async () => {
      for (const form of [of(2, 1), of(0, 2, true), of(1, 0), of(0, 0)]) {
        const all = known(form);
        const wanted = expected(all);
        const copies = structuredClone(all.parts);
        const results = await runSecure(
          protocol,
          size,
          (on, rank) => rowsOf(on, form, { ...all, parts: rank === form.holder ? all.parts : copies }),
          run,
        );
        for (const rows of results) {
          assert.deepEqual([...rows].sort(), [...wanted].sort());
          assert.deepEqual(rows, results[0]);
        }
        assert.notDeepEqual(results[0], wanted, 'nobody has shuffled');
      }
    });

    it('says nothing of bins by the places of its rows', async () => {
      const form = of(1, 0);
      const places = new Set<number>();
      // A place that is the same each time would be a chance of 1 in 78 to the power of 11.
      for (let turn = 0; turn < 12; turn++) {
        const one = known(form, form.bins);
        const [rows] = await runSecure(protocol, size, (on) => rowsOf(on, form, structuredClone(one)), run);
        const at = rows?.findIndex((row) => row.startsWith('1 ')) ?? -1;
        assert.ok(at >= 0);
        places.add(at);
      }
      assert.ok(places.size > 3, `the row of bin 0 was always at ${[...places].join(' or ')}`);
    });

    it('costs what is declared, and zeroes what it was given', async () => {
      for (const form of [of(2, 1), of(0, 0)]) {
        const all = known(form);
        const parts = [all.parts[0], all.parts[1]];
        const spent = await runSecure(
          protocol,
          size,
          async (on) => {
            const before = on.session.report();
            const { rank } = on.protocol;
            await tableOfBins(
              on,
              form,
              rank === form.holder ? parts[0] : rank === form.other ? parts[1] : undefined,
            );
            const { rounds, bytesSent } = on.session.report();
            return {
              rounds: rounds - before.rounds,
              bytes: bytesSent - before.bytesSent,
              cost: tableOfBinsCost(on.protocol.costs, form),
            };
          },
          run,
        );
        for (const [rank, { rounds, bytes, cost }] of spent.entries()) {
          assert.equal(rounds, cost.rounds);
          assert.equal(bytes, cost.bytes[rank]);
        }
        for (const { words, own, shares } of parts)
          for (const vector of [words, ...own, ...shares]) assert.ok(vector.every((one) => one === 0n));
      }
    });
  });

describe('bins of too many rows and columns', () => {
  it('are refused before anything is made of them', () => {
    assert.throws(() => binsForm({ holder: 0, other: 1, own: 20, theirs: 0 }, 2 ** 23), {
      code: 'PRIVITY_SECURE_LIMIT',
    });
  });
});
