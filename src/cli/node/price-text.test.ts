import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createStyle } from '../output/style.ts';
import { priceLines } from './price-text.ts';

const price = {
  party: 'alice',
  rows: 10_000_000,
  rowsFrom: 'partly' as const,
  links: [
    { partner: 'bob', rounds: 628, bytes: 400_002_000, roundTripMs: 12, bytesPerSecond: 80e6, ms: 40_000 },
    { partner: 'carol', rounds: 1, bytes: 5, roundTripMs: 2, bytesPerSecond: null, ms: null },
  ],
  memory: [
    { party: 'alice', bytesMin: 2 ** 30 },
    { party: 'bob', bytesMin: 2 ** 20 },
  ],
  memoryMaxBytes: 2 ** 29,
};

it('tells minutes, memory and for how many rows, and warns where memory is too little', () => {
  assert.deepEqual(priceLines(price, createStyle(false)), [
    "For tables of 10,000,000 rows, the most that is told here (not all tables tell), on a straight line from the rehearsal, and of time the network's alone: arithmetic comes on top.",
    'about 40.0 s on the link to bob (12 ms, 80 MB/s): 628 rounds, 381.5 MiB',
    'the link to carol is not measured: 1 round, 5 bytes',
    'at least 1.0 GiB of memory here',
    'at least 1.0 MiB of memory at bob',
    '! A program of alice may hold 512.0 MiB (memoryMax): a run would write tables to disk, or end with RESOURCE_EXHAUSTED.',
  ]);
  const enough = priceLines({ ...price, memoryMaxBytes: 2 ** 31 }, createStyle(false));
  assert.equal(enough.length, 5);
  const [, line] = priceLines({ ...price, links: [] }, createStyle(false));
  assert.equal(line, 'time on the network is not known: the contract has no price');
});
