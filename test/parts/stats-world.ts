/** Jobs of privity/stats among three parties in one process, on each protocol, and what came of them. */
import assert from 'node:assert/strict';
import { after } from 'node:test';
import { closeDatabase } from '../../src/data/index.ts';
import {
  type AnyDevice,
  type AnyParty,
  type At,
  type ColumnInput,
  job,
  type Party,
  type Reveal,
  type SecureDevice,
  secure,
  type Table,
  tableOf,
} from '../../src/index.ts';
import type { Disclosure } from '../../src/observe/report.ts';
import { useWorlds, type World, type WorldOptions } from './program-world.ts';

type Three = 'alice' | 'bob' | 'carol';
type TestColumns = Readonly<Record<string, readonly (number | string | null)[]>>;
type Members = SecureDevice<'alice' | 'bob' | 'carol', string>;

/** What a test's code is given: parties and a device, whatever protocol it follows. */
export interface StatsContext {
  readonly alice: Party<'alice'>;
  readonly bob: Party<'bob'>;
  readonly carol: Party<'carol'>;
  readonly spu: Members;
  readonly reveal: Reveal;
  /** A table of `columns` at a party; null is a gap. */
  readonly at: <P extends Three>(party: Party<P>, columns: TestColumns) => At<P, Table>;
}

/** Protocols, with the dealer that one of them needs; `plain` is the specification in floating point. */
export const PROTOCOLS = ['plain', 'rep3', 'semi2k'] as const;
export type StatsProtocol = (typeof PROTOCOLS)[number];

const four = { parties: ['alice', 'bob', 'carol', 'frank'] } as const;

export interface StatsRun<R> {
  readonly result: R;
  /** What all ledgers have of what was opened. */
  readonly opened: () => readonly Disclosure[];
  readonly world: World;
}

type StatsCode<R> = (context: StatsContext) => R | Promise<R>;

/** What reads tables has to close what it read them with. */
export function closesTables(): void {
  after(closeDatabase);
}

/** In a test file: runs code as a job, and closes everything afterwards. */
export function useStats() {
  const world = useWorlds();
  closesTables();
  const jobWorld = <R>(
    protocol: StatsProtocol,
    code: StatsCode<R>,
    options: WorldOptions = {},
  ): Promise<World> =>
    world(
      job(four, async ({ alice, bob, carol, frank, reveal }) => {
        const spu = deviceOf(protocol, [alice, bob, carol], frank);
        const at = <P extends Three>(party: Party<P>, columns: TestColumns) =>
          party.run('table', () => withGaps(columns)) as At<P, Table>;
        return (await code({ alice, bob, carol, spu, reveal, at } as StatsContext)) as never;
      }),
      { plaintext: protocol === 'plain', ...options },
    );
  const run = async <R>(protocol: StatsProtocol, code: StatsCode<R>): Promise<StatsRun<R>> => {
    const w = await jobWorld(protocol, code);
    const results = await w.results().catch((error: unknown) => {
      const [own] = w.of('alice').host.failures;
      throw own === undefined ? error : new Error(`${own.detail.message}\n${own.detail.stack}`);
    });
    for (const party of four.parties) assert.deepEqual(results[party], results.alice, party);
    return {
      result: results.alice as R,
      opened: () =>
        four.parties.flatMap((party) => w.of(party).host.disclosures.filter(({ kind }) => kind === 'reveal')),
      world: w,
    };
  };
  return { run, jobWorld };
}

function deviceOf(
  protocol: StatsProtocol,
  members: readonly [AnyParty, AnyParty, AnyParty],
  dealer: AnyParty,
): Members {
  const made: AnyDevice =
    protocol === 'semi2k'
      ? secure(members as never, { protocol, dealer } as never)
      : secure(members as never, { protocol: 'rep3' });
  return made as Members;
}

/** NaN and empty texts stand for gaps on the way into a table. */
export async function withGaps(columns: TestColumns): Promise<Table> {
  const inputs = Object.entries(columns).map(([name, column]): [string, ColumnInput] => [
    name,
    column.some((one) => typeof one === 'string')
      ? column.map((one) => String(one ?? ''))
      : Float64Array.from(column, (one) => (one === null ? Number.NaN : Number(one))),
  ]);
  const table = await tableOf(Object.fromEntries(inputs));
  const list = inputs.map(([name, input]) => {
    const isGap = Array.isArray(input) ? `"${name}" = ''` : `isnan("${name}")`;
    return `CASE WHEN ${isGap} THEN NULL ELSE "${name}" END AS "${name}"`;
  });
  return await table.query(`SELECT ${list.join(', ')} FROM rows`);
}

/** Compares numbers, lists and records of them with what plain arithmetic gives. */
export function near(actual: unknown, wanted: unknown, within: number, where = 'value'): void {
  if (typeof wanted === 'number') {
    assert.ok(typeof actual === 'number', `${where} is ${actual}`);
    const isNear = Number.isNaN(wanted) ? Number.isNaN(actual) : Math.abs(actual - wanted) <= within;
    assert.ok(isNear, `${where} is ${actual}, not ${wanted} (within ${within})`);
    return;
  }
  if (typeof wanted !== 'object' || wanted === null) {
    assert.equal(actual, wanted, where);
    return;
  }
  assert.deepEqual(Object.keys(Object(actual)), Object.keys(wanted), where);
  for (const [key, value] of Object.entries(wanted))
    near((actual as Record<string, unknown>)[key], value, within, `${where}.${key}`);
}
/** Numbers that look like data, the same in every run: a linear congruence, as in C's manual. */
export function drawn(seed: number): () => number {
  let state = BigInt(seed);
  return () => {
    state = (state * 6364136223846793005n + 1442695040888963407n) & 0xffff_ffff_ffff_ffffn;
    return Number(state >> 11n) / 2 ** 53;
  };
}
