/**
 * What every protocol for private set intersection does, whichever it is: the row of tests that each one in the list
 * passes.
 */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import type { PrivityError } from '../../src/base/errors.ts';
import { systemRandom } from '../../src/base/system.ts';
import type { Channel } from '../../src/contracts/channel.ts';
import { relationOf, Table } from '../../src/data/table.ts';
import { tableOf } from '../../src/data/table-of.ts';
import { psiCost } from '../../src/psi/exchange.ts';
import { receives } from '../../src/psi/joins/plan.ts';
import { keyDigests } from '../../src/psi/keys.ts';
import { HEADER_BYTES } from '../../src/psi/messages.ts';
import type { PsiProtocol, PsiTold } from '../../src/psi/protocols/protocol.ts';
import { type MemoryChannelOptions, memoryChannels } from '../../src/testing/memory-channel.ts';
import { idBytes, runPlain, runPlainCount, runPlainKeyed } from '../parts/plain-psi.ts';
import { aligned, fails, intersect } from '../parts/psi-parties.ts';
import { roundChannels } from '../parts/round-channels.ts';
import { assertNoThreadLeft } from '../parts/threads-left.ts';

const HELLO = 1;
const never = new AbortController().signal;

/** Rows of both sides whose costs are compared: below, at and above what goes into a message. */
const SIZES: readonly (readonly [number, number])[] = [
  [1, 1],
  [300, 20],
  [512, 513],
  [1300, 700],
];

/** Both, or the party of this rank. */
const RECEIVERS = ['both', 0, 1] as const;

const toldOf = (receivers: (typeof RECEIVERS)[number], rank: number): PsiTold => ({
  receives: receives({ receivers }, rank),
  peerReceives: receives({ receivers }, 1 - rank),
});

/** Holds runs of n rows against m to what the protocol declares. */
export async function checkCost(protocol: PsiProtocol, n: number, m: number): Promise<void> {
  for (const receivers of RECEIVERS) {
    const wanted = { n, m, receivers };
    await checkCostTold(
      protocol,
      protocol,
      wanted,
      async (...args) => (await runPlain(...args))?.places.length,
    );
    if (protocol.counting) await checkCostTold(protocol, protocol.counting, wanted, runPlainCount);
    if (protocol.keyed && receivers !== 'both')
      await checkCostTold(protocol, protocol.keyed, wanted, async (channel, by, ids, options) => {
        const { places } = await runPlainKeyed(channel, by, ids, options);
        return options.told.receives ? places.length : undefined;
      });
  }
}

type Run = (
  channel: Channel,
  protocol: PsiProtocol,
  ids: Uint8Array,
  options: { readonly told: PsiTold },
) => Promise<number | undefined>;

async function checkCostTold(
  protocol: PsiProtocol,
  declared: { cost: PsiProtocol['cost'] },
  { n, m, receivers }: { readonly n: number; readonly m: number; readonly receivers: 'both' | 0 | 1 },
  runOf: Run,
): Promise<void> {
  const overlap = Math.min(n, m);
  const lists = [idBytes(0, n), idBytes(n - overlap, m)] as const;
  const { channels, sent } = memoryChannels(2);
  const run = (channel: Channel, rank: number): Promise<number | undefined> =>
    runOf(channel, protocol, lists[rank] ?? new Uint8Array(), { told: toldOf(receivers, rank) });
  const results = await Promise.all(channels.map(run));
  assert.deepEqual(
    results,
    [0, 1].map((rank) => (receives({ receivers }, rank) ? overlap : undefined)),
  );
  const what = `${protocol.name}, ${n} rows against ${m}, to ${receivers}`;
  const costs = [
    psiCost(declared, n, m, 0, toldOf(receivers, 0)),
    psiCost(declared, m, n, 1, toldOf(receivers, 1)),
  ];
  for (const [rank, { messages, bytes }] of costs.entries())
    assert.deepEqual(sent[rank], { messages, bytes }, what);
  const world = roundChannels(never);
  const rounds = await world.count(Promise.all(world.channels.map(run)));
  assert.equal(rounds, Math.max(...costs.map((cost) => cost.rounds)), `rounds of ${what}`);
}

/** What a receiver sends to a party that receives nothing is the same whatever matches. */
export async function checkOneReceiver(protocol: PsiProtocol): Promise<void> {
  const names = (from: number) => Array.from({ length: 600 }, (_, i) => `P${from + i}`);
  for (const receiver of [0, 1] as const) {
    const plan = { receivers: receiver };
    const sizes: number[][] = [];
    for (const from of [0, 300, 600]) {
      const { tables, frames } = await intersect(
        { table: await tableOf({ id: names(0) }), protocol, plan },
        { table: await tableOf({ id: names(from) }), protocol, plan },
      );
      const table = tables[receiver];
      assert.ok(table instanceof Table, String(table));
      assert.deepEqual(
        [...(await table.strings('id'))].sort(),
        names(0)
          .filter((name) => names(from).includes(name))
          .sort(),
      );
      assert.equal(tables[1 - receiver], undefined);
      const sent = (frames[receiver] ?? []).map(({ byteLength }) => byteLength);
      // In which order pieces of different kinds leave is a matter of time.
      sizes.push(sent.sort((x, y) => x - y));
    }
    // Whether all, half or none match: to the other party it all looks the same.
    assert.deepEqual(sizes[0], sizes[1]);
    assert.deepEqual(sizes[0], sizes[2]);
  }
}

export function psiSuite(protocol: PsiProtocol): void {
  const ids = (table: Table) => table.strings('id');
  const tableOfIds = (list: readonly string[]) => tableOf({ id: [...list] });
  const numbers = (n: number) => tableOf({ id: Uint32Array.from({ length: n }, (_, i) => i) });

  it('gives the plaintext intersection, in one order at both sides (law)', async () => {
    const key = fc.string({ minLength: 1, maxLength: 6, unit: 'grapheme' });
    const list = fc.uniqueArray(key, { minLength: 1, maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(list, list, list, async (onlyA, onlyB, both) => {
        const a = [...new Set([...onlyA, ...both])];
        // The other way round: the order of one table must not be that of the other by chance.
        const b = [...new Set([...both, ...onlyB])].reverse();
        const [atAlice, atBob] = await aligned(
          { table: await tableOfIds(a), protocol },
          { table: await tableOfIds(b), protocol },
        );
        assert.deepEqual([...(await ids(atAlice))].sort(), a.filter((id) => b.includes(id)).sort());
        assert.deepEqual(await ids(atAlice), await ids(atBob));
      }),
      { numRuns: 10 },
    );
  });

  it('gives an order that comes from neither table', async () => {
    const n = 400;
    const [atAlice] = await aligned(
      { table: await numbers(n), protocol },
      { table: await numbers(n), protocol },
    );
    const order = [...(await atAlice.numbers('id'))];
    const rising = order.filter((value, i) => i > 0 && value > (order[i - 1] ?? 0)).length;
    assert.ok(rising > n / 3 && rising < (2 * n) / 3, `${rising} of ${n} rise`);
  });

  it('sends messages whose sizes follow from the numbers of rows, and no id, nor its digest', async () => {
    const names = (from: number) => Array.from({ length: 300 }, (_, i) => `canary-${from + i}`);
    const table = await tableOfIds(names(0));
    const sizes: number[][][] = [];
    for (const from of [0, 150, 300]) {
      const { frames } = await intersect(
        { table, protocol },
        { table: await tableOfIds(names(from)), protocol },
      );
      sizes.push(frames.map((each) => each.map(({ byteLength }) => byteLength)));
      const all = Buffer.concat(frames.flat());
      assert.ok(!all.includes('canary-'));
      const digests = await keyDigests(relationOf(table), ['id'], never);
      for (let at = 0; at < digests.byteLength; at += 32)
        assert.ok(!all.includes(Buffer.from(digests.slice(at, at + 8))));
    }
    // Whether all, half or none match.
    assert.deepEqual(sizes[1], sizes[0]);
    assert.deepEqual(sizes[2], sizes[0]);
  });

  it('costs the messages, bytes and rounds that it declares', async () => {
    for (const [n, m] of SIZES) await checkCost(protocol, n, m);
  });

  it('gives one receiver the whole result, and sends the other nothing that depends on it', () =>
    checkOneReceiver(protocol));

  it('counts what both have, for both or one of them, or says that it cannot', async () => {
    const [a, b] = [await tableOfIds(['a', 'b', 'c', 'd']), await tableOfIds(['d', 'x', 'a'])];
    for (const receivers of RECEIVERS) {
      const party = (table: Table) => ({ table, protocol, plan: { cardinality: true, receivers } });
      const { counts, tables } = await intersect(party(a), party(b));
      if (protocol.counting) {
        assert.deepEqual(tables, [undefined, undefined]);
        assert.deepEqual(
          counts,
          [0, 1].map((rank) => (receives({ receivers }, rank) ? 2 : undefined)),
        );
      } else assert.ok(tables.some((error) => /cannot count/.test(String(error))));
    }
  });

  const { keyed } = protocol;
  const itKeyed = keyed === undefined ? () => undefined : it;
  itKeyed(
    'gives rows keys that are the same where ids are, and nowhere else, and slots that say nothing',
    async () => {
      const [n, m, overlap] = [700, 900, 400];
      const lists = [idBytes(0, n), idBytes(n - overlap, m)] as const;
      for (const receiver of [0, 1] as const) {
        const { channels } = memoryChannels(2);
        const runs = channels.map((channel, rank) =>
          runPlainKeyed(channel, protocol, lists[rank as 0 | 1], { told: toldOf(receiver, rank) }),
        );
        const both = await Promise.all(runs);
        const [found, sent] = receiver === 0 ? both : both.toReversed();
        assert.ok(found && sent);
        const [receivers, senders] = receiver === 0 ? lists : [lists[1], lists[0]];
        assert.equal(found.slotCount, sent.slotCount);
        assert.deepEqual([found.places.length, sent.places.length], [overlap, senders.byteLength / 32]);
        const hex = (bytes: Uint8Array, at: number) =>
          Buffer.from(bytes.subarray(32 * at, 32 * at + 32)).toString('hex');
        const bySlot = new Map(Array.from(sent.slots, (slot, at) => [slot, at]));
        for (const [at, slot] of found.slots.entries()) {
          const other = bySlot.get(slot) ?? assert.fail('a slot without a row');
          assert.equal(hex(found.keys, at), hex(sent.keys, other));
          assert.equal(hex(receivers, found.places[at] ?? 0), hex(senders, sent.places[other] ?? 0));
        }
        assert.equal(
          new Set(Array.from(sent.places, (_, at) => hex(sent.keys, at))).size,
          sent.places.length,
        );
        for (const { slots, slotCount } of both)
          assert.ok(
            slots.every((slot, at) => slot < slotCount && slot > (slots[at - 1] ?? -1)),
            'slots rise',
          );
        const rising = sent.places.filter((place, at) => at > 0 && place > (sent.places[at - 1] ?? 0)).length;
        assert.ok(rising > sent.places.length / 3 && rising < (2 * sent.places.length) / 3, `${rising} rise`);
      }
    },
  );

  it('tells how far it is, and in the end that it is through', async () => {
    const told: number[] = [];
    const onProgress = (done: number, total: number): void => {
      assert.equal(total, 50);
      told.push(done);
    };
    await aligned(
      { table: await numbers(30), protocol, context: { onProgress } },
      { table: await numbers(20), protocol },
    );
    assert.equal(told.at(-1), 50);
  });

  it('ends at both parties alike where they do not want the same protocol, before sizes are told', async () => {
    const other = { ...protocol, version: protocol.version + 1 };
    for (const side of [0, 1] as const) {
      await fails(
        { table: await numbers(3), protocol },
        { table: await numbers(3), protocol: other },
        side,
        'PRIVITY_PSI_MISMATCH',
        { framesMax: 1, part: `${protocol.name}, version ${side === 0 ? protocol.version : other.version}` },
      );
    }
  });

  it('takes no more rows than it declares, neither its own nor those that a peer tells', async () => {
    const small = { ...protocol, rowsMax: 5 };
    const few = { table: await numbers(5), protocol: small };
    const many = { table: await numbers(6), protocol: small };
    await fails(many, few, 0, 'PRIVITY_PSI_LIMIT', { framesMax: 0, part: '6 rows' });
    const tells: MemoryChannelOptions['tap'] = (from, _to, bytes) => {
      if (from === 1 && bytes[4] === HELLO) bytes[HEADER_BYTES] = 6;
      return bytes;
    };
    await fails(few, few, 0, 'PRIVITY_PSI_LIMIT', { tap: tells, part: '6 rows' });
  });

  it('is not content with what it has said itself', async () => {
    const { channels } = memoryChannels(2, { queueMessages: 1000 });
    const [atAlice, atBob] = channels as [Channel, Channel];
    const over = new AbortController();
    const echo = async (): Promise<void> => {
      while (!over.signal.aborted) await atBob.send(0, new Uint8Array(await atBob.receive(0)));
    };
    const alice = assert.rejects(
      import('../../src/psi/align.ts').then(async ({ psiAlign }) =>
        psiAlign(
          atAlice,
          await numbers(3),
          { on: ['id'], protocols: [protocol] },
          { signal: never, random: systemRandom, threads: 0 },
        ),
      ),
      ({ code }: PrivityError) => code === 'PRIVITY_PSI_CHECK' || code === 'PRIVITY_PSI_PROTOCOL',
    );
    void echo();
    await alice;
    over.abort();
  });

  it('ends with the reason of an abort, and leaves no thread behind', async () => {
    const stop = new AbortController();
    const reason = new Error('verdict');
    const context = {
      signal: stop.signal,
      threads: 1,
      onProgress: () => stop.abort(reason),
    };
    const { tables } = await intersect(
      { table: await numbers(5_000), protocol, context },
      { table: await numbers(5_000), protocol, context },
    );
    assert.deepEqual(tables, [reason, reason]);
    await assertNoThreadLeft();
  });
}
