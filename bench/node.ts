/**
 * Runs of two nodes (node-runs.ts). What a node keeps: decisions a second, each durable when it is acknowledged, beside
 * the flushes that the same disk makes in a second; and a page of a long history of runs. The embedded store, and
 * PostgreSQL where this machine has one. DECISIONS, RUNS and ROUNDS make it shorter or longer.
 */
import { fdatasyncSync, openSync, rmSync, writeSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { systemClock } from '../src/base/system.ts';
import { type NodeStore, openStore, type StoreOptions } from '../src/node/store/store.ts';
import { ALICE, decide, propose, runRow } from '../test/compliance/node-store-parts.ts';
import { runsOfNodes } from './node-runs.ts';
import { atLeast, atMost, beside, figure, plain, quantile, setting } from './parts/figure.ts';

const DECISIONS = setting('DECISIONS', 2_000);
const RUNS = setting('RUNS', 100_000);
const ROUNDS = setting('ROUNDS', 50);
/** Rows of a page that a person looks at. */
const PAGE = 50;
/** What one change of a store holds while it is filled. */
const FILLED_AT_ONCE = 1_000;
/** A page of the log that a decision adds to. */
const FLUSHED = Buffer.alloc(4096, 1);

/** Flushes a second of a file to which a page was added: no decision alone can be faster. */
function flushes(folder: string, count: number): number {
  const file = join(folder, 'flushed');
  const descriptor = openSync(file, 'w');
  const from = performance.now();
  for (let n = 0; n < count; n++) {
    writeSync(descriptor, FLUSHED);
    fdatasyncSync(descriptor);
  }
  const rate = (1_000 * count) / (performance.now() - from);
  rmSync(file);
  return rate;
}

/** A second, one at a time and many at once; the partners acknowledge meanwhile, so that no outbox grows. */
async function decisions(store: NodeStore): Promise<{ readonly alone: number; readonly many: number }> {
  const ids = await propose(store, 0, 2 * DECISIONS);
  const delivered = async (): Promise<void> => {
    await store.change(async (tx) => {
      for (const partner of ['bob', 'carol'])
        for (const { messageId } of await tx.outbox.next(partner, FILLED_AT_ONCE))
          await tx.outbox.acknowledged(partner, messageId);
    });
  };
  const rate = async (from: number, atOnce: number): Promise<number> => {
    let ms = 0;
    for (let at = from; at < from + DECISIONS; at += atOnce) {
      const group = ids.slice(at, Math.min(at + atOnce, from + DECISIONS));
      const began = performance.now();
      await Promise.all(group.map((id, n) => decide(store, id, at + n)));
      ms += performance.now() - began;
      if ((at - from) % FILLED_AT_ONCE === 0) await delivered();
    }
    return (1_000 * DECISIONS) / ms;
  };
  return { alone: await rate(0, 1), many: await rate(DECISIONS, 100) };
}

/** A history of runs, and how long pages of it take, in milliseconds. */
async function pages(store: NodeStore): Promise<{ readonly plain: number[]; readonly filtered: number[] }> {
  const [id = ''] = await propose(store, 1_000_000, 1_000_001);
  for (let at = 0; at < RUNS; at += FILLED_AT_ONCE)
    await store.change(async (tx) => {
      for (let n = at; n < Math.min(at + FILLED_AT_ONCE, RUNS); n++)
        // One in a thousand has failed: the filter that has to look longest.
        await tx.runs.add(runRow(id, n + 1, { state: n % 1_000 === 0 ? 'failed' : 'completed', endedAt: n }));
    });
  const took = async (page: (round: number) => Promise<unknown>): Promise<number[]> => {
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const from = performance.now();
      await page(round);
      times.push(performance.now() - from);
    }
    return times;
  };
  const before = (round: number): number => RUNS - Math.floor((round * RUNS) / ROUNDS);
  return {
    plain: await took((round) => store.runs.list({ before: before(round), limit: PAGE })),
    filtered: await took((round) =>
      store.runs.list({ before: before(round), limit: PAGE, proposal: id, state: 'failed' }),
    ),
  };
}

async function measured(name: string, place: StoreOptions['place'], folder: string): Promise<void> {
  const store = await openStore({ owner: ALICE, place, clock: systemClock });
  const before = flushes(folder, DECISIONS / 2);
  const { alone, many } = await decisions(store);
  const flushed = (before + flushes(folder, DECISIONS / 2)) / 2;
  const disk = { name: 'flushes of 4 KiB', measured: flushed };
  beside(`${name}: decisions, one at a time`, alone, '/s', disk);
  // The target is that of the embedded store: PostgreSQL is a process of its own, and answers each statement.
  if (name === EMBEDDED) figure(`${name}: decisions, a hundred at once`, many, '/s', atLeast(500));
  else plain(`${name}: decisions, a hundred at once`, many, '/s');
  const times = await pages(store);
  figure(
    `${name}: a page of ${PAGE} out of ${RUNS} runs, p95`,
    quantile(times.plain, 0.95),
    'ms',
    atMost(50),
  );
  const filtered = quantile(times.filtered, 0.95);
  figure(`${name}: the same of one proposal, failed ones, p95`, filtered, 'ms', atMost(50));
  await store.close();
  const from = performance.now();
  await (await openStore({ owner: ALICE, place, clock: systemClock })).close();
  plain(`${name}: opened with that history`, performance.now() - from, 'ms');
}

const EMBEDDED = 'embedded store';

interface Server {
  readonly url: string;
  stop(): Promise<void>;
}
const { findPostgres, startPostgres } = (await import(
  pathToFileURL(join(import.meta.dirname, '../../scripts/test/postgres-server.mjs')).href
)) as { findPostgres(): Promise<string | undefined>; startPostgres(bin: string): Promise<Server> };

const folder = await mkdtemp(join(tmpdir(), 'privity-bench-node-'));
try {
  await runsOfNodes();
  await measured(EMBEDDED, { folder: join(folder, 'state') }, folder);
  const bin = await findPostgres();
  if (bin === undefined) console.log('  PostgreSQL: left out, there is none on this machine');
  else {
    const server = await startPostgres(bin);
    try {
      await measured('PostgreSQL', { url: server.url }, folder);
    } finally {
      await server.stop();
    }
  }
} finally {
  await rm(folder, { recursive: true });
}
