import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { PublishedSchema } from '../../data/published-schema.ts';
import { type Contract, readContract } from '../../observe/contract/contract.ts';
import { psiCost, psiProtocols } from '../../psi/index.ts';
import { ROWS_ASSUMED } from './expected-sizes.ts';
import { PROGRAM_BYTES } from './memory-estimate.ts';
import { expectedPrice } from './price.ts';

const psi = (from: string, to: string): object => ({
  step: 'psi on id',
  kind: 'psi',
  from,
  to: [to],
  what: `intersection, key types, number of rows [rows(${from}.table)]`,
  times: 1,
});

function contractOf(change: object = {}): Contract {
  return readContract({
    version: 1,
    parties: ['alice', 'bob'],
    steps: ['psi on id', 'mean'],
    discloses: [
      psi('alice', 'bob'),
      psi('bob', 'alice'),
      { step: 'mean', kind: 'reveal', from: 'bob', to: ['alice'], what: 'number', times: 'at most 3' },
    ],
    symbols: [
      { name: 'rows(alice.table)', kind: 'rows', of: 'alice.table' },
      { name: 'rows(bob.table)', kind: 'rows', of: 'bob.table' },
    ],
    price: {
      rounds: { fixed: 10, perRow: 0 },
      bytes: { alice: { fixed: 1_000, perRow: 40 }, bob: { fixed: 2_000, perRow: 40 } },
    },
    ...change,
  });
}

const schemaOf = (rows?: number): PublishedSchema => ({
  columns: [
    { name: 'id', type: 'BIGINT', gaps: false },
    { name: 'euros', type: 'DOUBLE', gaps: false },
    { name: 'city', type: 'VARCHAR', gaps: false },
  ],
  ...(rows === undefined ? {} : { rows }),
});
const datasets = { alice: { table: 'members' }, bob: { table: 'orders' } };
const fast = { roundTripMs: 12, bytesPerSecond: 80e6, measuredAt: 1 };

function priceOf(
  contract: Contract,
  rows: { readonly alice?: number; readonly bob?: number },
  isMeasured = true,
) {
  return expectedPrice({ datasets, parties: [...contract.parties] }, contract, {
    self: 'alice',
    memoryMaxBytes: 1e9,
    schemaOf: (party) => schemaOf(rows[party as 'alice' | 'bob']),
    measureOf: () => (isMeasured ? fast : { roundTripMs: 12, bytesPerSecond: null, measuredAt: null }),
  });
}

it('is rounds of half a round trip each, and the bytes of the fuller direction', () => {
  const { links, rows, rowsFrom } = priceOf(contractOf(), { alice: 10_000_000, bob: 1_000_000 });
  assert.deepEqual([rows, rowsFrom], [10_000_000, 'published']);
  // Ten of devices; an intersection by rr22: five, and five for each three of 39 buckets; three reveals.
  assert.deepEqual(links, [
    {
      partner: 'bob',
      rounds: 10 + 5 + 5 * 13 + 3,
      bytes: 400_002_000,
      roundTripMs: 12,
      bytesPerSecond: 80e6,
      ms: 83 * 6 + (400_002_000 / 80e6) * 1_000,
    },
  ]);
});

it('counts the bytes of an intersection by the protocol that it will be, and not by that of the rehearsal', () => {
  const ROWS = 1_000_000;
  const line = ([low, high]: readonly [number, number], rank: number) => {
    const [a, b] = [low, high].map((rows) => psiCost(psiProtocols.dh, rows, rows, rank).bytes) as [
      number,
      number,
    ];
    return { fixed: a - ((b - a) / (high - low)) * low, perRow: (b - a) / (high - low) };
  };
  const sizes = [80, 160] as const;
  // What is not of the intersection stays on its line.
  const beside = { fixed: 500, perRow: 7 };
  const growth = (rank: number) => ({
    fixed: line(sizes, rank).fixed + beside.fixed,
    perRow: line(sizes, rank).perRow + beside.perRow,
  });
  const contract = contractOf({
    price: { rounds: { fixed: 0, perRow: 0 }, bytes: { alice: growth(0), bob: growth(1) } },
    rehearsed: { runs: 3, completed: 3, rows: [6, ...sizes], args: {} },
  });
  const [link] = priceOf(contract, { alice: ROWS, bob: ROWS }).links;
  const sent = [0, 1].map((rank) => psiCost(psiProtocols.rr22, ROWS, ROWS, rank).bytes);
  assert.equal(link?.bytes, Math.max(...sent) + beside.fixed + beside.perRow * ROWS);
  // As long as it is the rehearsal's own, the straight line holds.
  const [few] = priceOf(contract, { alice: 1_000, bob: 1_000 }).links;
  assert.equal(few?.bytes, Math.round(growth(0).fixed + growth(0).perRow * 1_000));
  // One that only counts is by the same protocol at any size.
  const counts = contract.discloses.map((entry) => ({
    ...entry,
    what: entry.what.replace('inter', 'size of the inter'),
  }));
  const [counted] = priceOf({ ...contract, discloses: counts }, { alice: ROWS, bob: ROWS }).links;
  assert.equal(counted?.bytes, Math.round(growth(0).fixed + growth(0).perRow * ROWS));
  // So is one that neither is told.
  const shares = contract.discloses.map((entry) => ({
    ...entry,
    what: entry.what.replace('intersection, ', ''),
  }));
  const [hidden] = priceOf({ ...contract, discloses: shares }, { alice: ROWS, bob: ROWS }).links;
  assert.equal(hidden?.bytes, counted?.bytes);
  // Columns that go encrypted are no word on who is told.
  const [first, ...others] = contract.discloses;
  const sealed = {
    ...first,
    what: 'encrypted table(x DOUBLE), which matching rows open [rows(alice.table)]',
  };
  const given = [sealed, ...contract.discloses] as typeof contract.discloses;
  const [plain] = priceOf({ ...contract, discloses: given }, { alice: ROWS, bob: ROWS }).links;
  assert.equal(plain?.bytes, link?.bytes);
  assert.ok(others.length > 0);
});

it('says nothing of minutes where the link is not measured', () => {
  const [link] = priceOf(contractOf(), { alice: 10 }, false).links;
  assert.equal(link?.ms, null);
  assert.equal(link?.bytes, 2_400);
});

it('says for how many rows it is, where owners do not tell', () => {
  const none = priceOf(contractOf(), {});
  assert.deepEqual([none.rows, none.rowsFrom], [ROWS_ASSUMED, 'assumed']);
  const some = priceOf(contractOf(), { bob: 5_000 });
  assert.deepEqual([some.rows, some.rowsFrom], [5_000, 'partly']);
});

it('tells links apart where the price does', () => {
  const growth = (perRow: number): object => ({ fixed: 0, perRow });
  const price = {
    rounds: growth(0),
    bytes: { alice: growth(30), bob: growth(5), carol: growth(7) },
    links: { alice: { bob: growth(10), carol: growth(20) }, carol: { alice: growth(7), bob: growth(0) } },
  };
  const contract = contractOf({ parties: ['alice', 'bob', 'carol'], price });
  const { links } = priceOf(contract, { alice: 100, bob: 100 });
  assert.deepEqual(
    links.map(({ partner, bytes }) => [partner, bytes]),
    [
      ['bob', 1_000],
      ['carol', 2_000],
    ],
  );
});

it('has no time for a contract without a price, and a lower bound of memory all the same', () => {
  const { price: _, ...without } = contractOf();
  const few = priceOf(without, { alice: 1_000, bob: 2_000 });
  assert.deepEqual(few.links, []);
  // 32 bytes a row of the table; 68 of each own point, and three tags of 9 bytes for each row of either.
  assert.deepEqual(few.memory, [
    { party: 'alice', bytesMin: PROGRAM_BYTES + 32e3 + 68e3 + 3 * 9 * 3e3 },
    { party: 'bob', bytesMin: PROGRAM_BYTES + 64e3 + 136e3 + 3 * 9 * 3e3 },
  ]);
  // By rr22 an id of 32 bytes a row.
  const { memory } = priceOf(without, { alice: 1_000_000, bob: 2_000_000 });
  assert.deepEqual(memory, [
    { party: 'alice', bytesMin: PROGRAM_BYTES + 32e6 + 32e6 },
    { party: 'bob', bytesMin: PROGRAM_BYTES + 64e6 + 64e6 },
  ]);
});

it('counts a secret as one share, and nothing for a size that nobody knows', () => {
  const secret = (size: string): object => ({
    step: 'share',
    kind: 'share',
    from: 'bob',
    to: ['alice'],
    what: `secret fixed tensor, all within 0 to 1 [${size}, 4]`,
    times: 1,
  });
  const of = (size: string) =>
    priceOf(contractOf({ steps: ['share'], discloses: [secret(size)] }), { bob: 1_000 }).memory.map(
      ({ bytesMin }) => bytesMin - PROGRAM_BYTES - 32_000,
    );
  assert.deepEqual(of('rows(bob.table)'), [32_000, 32_000]);
  assert.deepEqual(of('any'), [0, 0]);
});
