import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { cleanUp, fails, intersect } from '../../test/parts/psi-parties.ts';
import { salted } from '../../test/parts/salted-psi.ts';
import { tableOf } from '../data/table-of.ts';
import { psiCost } from './exchange.ts';
import { needsText, PSI_MEMORY_BYTES, psiNeeds, requireMemory } from './needs.ts';
import { psiProtocols } from './protocols/index.ts';
import { BOTH, type PsiProtocol } from './protocols/protocol.ts';

after(cleanUp);

const protocols = [...Object.values(psiProtocols), salted];
const needsOf = (protocol: PsiProtocol, ownRows: number, peerRows: number) =>
  psiNeeds(protocol, { ownRows, peerRows, rank: 0, told: BOTH });
const numbers = (n: number) => tableOf({ id: Uint32Array.from({ length: n }, (_, i) => i) });

describe('what an intersection takes', () => {
  for (const protocol of protocols) {
    it(`by ${protocol.name} grows with either table, and is room for the ids and all that is found`, () => {
      let before = 0;
      for (const rows of [1, 10, 1000, 1_000_000]) {
        const { memoryBytes, sentBytes, receivedBytes } = needsOf(protocol, rows, rows);
        assert.ok(memoryBytes >= rows * (32 + 4), `${memoryBytes} bytes for ${rows} rows`);
        assert.ok(memoryBytes > before);
        before = memoryBytes;
        assert.equal(sentBytes, psiCost(protocol, rows, rows, 0).bytes);
        assert.equal(receivedBytes, psiCost(protocol, rows, rows, 1).bytes);
        // More rows of the peer can mean more, and so smaller, buckets.
        assert.ok(needsOf(protocol, rows, 2 * rows).memoryBytes > 0.9 * memoryBytes);
        assert.ok(needsOf(protocol, rows, 1).memoryBytes <= memoryBytes);
      }
      const { sentBytes, receivedBytes } = needsOf(protocol, 10, 1000);
      assert.deepEqual(
        [receivedBytes, sentBytes],
        [psiCost(protocol, 1000, 10, 1).bytes, psiCost(protocol, 10, 1000, 0).bytes],
      );
    });

    it(`by ${protocol.name} is not refused for its largest tables where nobody says how much there is`, () => {
      const { rowsMax } = protocol;
      assert.doesNotThrow(() =>
        requireMemory(protocol, needsOf(protocol, rowsMax, rowsMax), PSI_MEMORY_BYTES),
      );
    });
  }

  for (const protocol of Object.values(psiProtocols))
    it(`by ${protocol.name} has room for keys of rows, and their bytes at the party that sends them`, () => {
      const { rowsMax, keyed } = protocol;
      assert.ok(keyed);
      const of = (rows: number, receives: boolean, rowBytes: number | undefined) =>
        psiNeeds(protocol, {
          ...{ ownRows: rows, peerRows: rows, rank: 0 },
          told: { receives, peerReceives: !receives },
          sealed: { rowBytes },
        });
      assert.ok(of(1e6, true, undefined).memoryBytes >= 1e6 * (32 + 40));
      assert.doesNotThrow(() => requireMemory(protocol, of(rowsMax, false, 9), PSI_MEMORY_BYTES));
      const told = { receives: false, peerReceives: true };
      const slots = keyed.slots(1e6, 1e6, 0, told);
      const more = of(1e6, false, 500).sentBytes - psiCost(keyed, 1e6, 1e6, 0, told).bytes;
      assert.ok(more >= slots * 516 && more < slots * 517, `${more} bytes`);
      assert.equal(of(1e6, false, 500).receivedBytes, of(1e6, false, 9).receivedBytes);
    });

  it('is a line in words', () => {
    const needs = { memoryBytes: 1_600_000_001, sentBytes: 310_000_000, receivedBytes: 5 };
    assert.equal(
      needsText(['id', 'day'], psiProtocols.rr22, { ownRows: 10_000_000, peerRows: 7 }, needs),
      'psi on id, day by rr22: 10000000 rows here, 7 at the peer; takes up to 1601 MB of memory, sends 310 MB, receives 1 MB',
    );
  });

  it('is told at both parties, once, before the protocol begins', async () => {
    const said: string[] = [];
    const party = async (name: string, rows: number) => ({
      table: await numbers(rows),
      context: {
        note: (line: string) => said.push(`${name} ${line}`),
        onProgress: () => said.push(`${name} progress`),
      },
    });
    await intersect(await party('alice', 30), await party('bob', 20));
    const saidBy = (name: string) => said.filter((line) => line.startsWith(name));
    for (const [name, line] of [
      ['alice', 'alice psi on id by dh: 30 rows here, 20 at the peer'],
      ['bob', 'bob psi on id by dh: 20 rows here, 30 at the peer'],
    ] as const) {
      const [first, ...others] = saidBy(name);
      assert.equal(first?.replace(/;.*/, ''), line);
      assert.ok(others.every((other) => other === `${name} progress`));
    }
  });
});

describe('an intersection for which there is not enough memory', () => {
  const memoryBytes = needsOf(psiProtocols.dh, 100, 100).memoryBytes;

  it('is refused before anything is sent where the own table is too large for any', async () => {
    const large = { table: await numbers(10_000), context: { memoryBytes } };
    await fails(large, { table: await numbers(1) }, 0, 'PRIVITY_PSI_MEMORY', { framesMax: 0, part: '1 MB' });
  });

  it('is refused before the protocol begins where the two tables are', async () => {
    const small = { table: await numbers(10), context: { memoryBytes } };
    await fails(small, { table: await numbers(10_000) }, 0, 'PRIVITY_PSI_MEMORY', { framesMax: 2 });
  });

  it('is run where it is just enough', async () => {
    const { tables } = await intersect(
      { table: await numbers(100), context: { memoryBytes } },
      { table: await numbers(100) },
    );
    for (const table of tables) assert.ok(!(table instanceof Error), String(table));
    await fails(
      { table: await numbers(100), context: { memoryBytes: memoryBytes - 1 } },
      { table: await numbers(100) },
      0,
      'PRIVITY_PSI_MEMORY',
    );
  });
});
