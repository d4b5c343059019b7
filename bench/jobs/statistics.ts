/**
 * A statistic of bench/stats-cases.ts on a secure device of three parties, several times: from when the table is shared
 * until all know the result. The best run counts.
 */
import { writeFileSync } from 'node:fs';
import { Session as Inspector } from 'node:inspector/promises';
import { join } from 'node:path';
import { job, secure, type Table, tableOf, z } from 'privity';
import { vertical } from 'privity/stats';
import { type Columns, cases, type Study } from '../stats-cases.ts';

interface Stamp {
  readonly atMs: number;
  readonly cpuS: number;
  readonly peakMb: number;
}

/** A statistic that has taken so long, all its runs together, is not worked out again. */
const REPEAT_SECONDS_MAX = 6;

function stamp(): Stamp {
  const { user, system } = process.cpuUsage();
  return {
    atMs: performance.now(),
    cpuS: (user + system) / 1e6,
    peakMb: process.resourceUsage().maxRSS / 1000,
  };
}

/** Begins a profile; what it gives ends it and writes it down. */
async function profiler(folder: string | undefined): Promise<((name: string) => Promise<void>) | undefined> {
  if (folder === undefined) return undefined;
  const inspector = new Inspector();
  inspector.connect();
  await inspector.post('Profiler.enable');
  await inspector.post('Profiler.start');
  return async (name) => {
    const { profile } = await inspector.post('Profiler.stop');
    writeFileSync(join(folder, `${name}-${process.pid}.cpuprofile`), JSON.stringify(profile));
    inspector.disconnect();
  };
}

/** Columns as an owner has them: words where there are words, nothing in gaps. */
async function tableFrom(columns: Columns, declared: Readonly<Record<string, object>>): Promise<Table> {
  const entries = Object.entries(columns).map(([name, values]) => {
    const { categories } = (declared[name] ?? {}) as { readonly categories?: readonly string[] };
    return [name, categories ? Array.from(values, (code) => categories[code] ?? '') : values] as const;
  });
  const made = await tableOf(Object.fromEntries(entries));
  const gaps = entries.map(([name, values]) =>
    values instanceof Float64Array
      ? `CASE WHEN isnan("${name}") THEN NULL ELSE "${name}" END AS "${name}"`
      : `"${name}"`,
  );
  return made.query(`SELECT ${gaps.join(', ')} FROM rows`);
}

export default job(
  {
    parties: ['alice', 'bob', 'carol'],
    args: z.object({
      name: z.string(),
      rows: z.coerce.number().int(),
      /** None: what is before the statistic, alone. */
      runs: z.coerce.number().int(),
      protocol: z.enum(['rep3', 'semi2k']),
      /** A folder for processor profiles. */
      profile: z.string().optional(),
    }),
  },
  async ({ alice, bob, carol, args, reveal }) => {
    const { name, rows, runs, protocol } = args;
    const wanted = cases.find((one) => one.name === name);
    if (wanted === undefined) throw new Error(`no statistic is called ${name}`);
    const device =
      protocol === 'rep3'
        ? secure([alice, bob, carol], { protocol })
        : secure([alice, bob], { protocol, dealer: carol });
    const { declared } = wanted;
    const columns = wanted.columns(rows);
    const own = (party: 'alice' | 'bob') => Object.keys(declared[party]).length > 0;
    const parties = { ...(own('alice') && { alice }), ...(own('bob') && { bob }) };
    const tables = {
      ...(own('alice') && { alice: alice.run('table', () => tableFrom(columns.alice, declared.alice)) }),
      ...(own('bob') && { bob: bob.run('table', () => tableFrom(columns.bob, declared.bob)) }),
    };
    const everybody = async (what: string, code: () => number[]): Promise<number[][]> => {
      const all = [alice.run(what, code), bob.run(what, code), carol.run(what, code)] as const;
      return [await reveal(all[0]), await reveal(all[1]), await reveal(all[2])];
    };
    const options = {
      ...{ parties, rows },
      columns: { ...(own('alice') && { alice: declared.alice }), ...(own('bob') && { bob: declared.bob }) },
    };
    const sharing = stamp();
    const study = (await vertical(device as never, tables as never, options as never)) as unknown as Study;
    // All have all of their shares when one number of each column is known.
    await Promise.all([
      ...study.columns.map(({ values }) => reveal(values.slice(0, 1))),
      ...study.categories.map(({ indicators }) => reveal(indicators.slice(0, 1).sum())),
    ]);
    const shared = stamp();

    const once = async () => {
      await everybody('ready', () => []);
      const profile = await profiler(args.profile);
      const before = stamp();
      const result = await wanted.statistic(study).reveal(reveal);
      const after = stamp();
      await profile?.(name);
      const costs = await everybody('cost', () => [
        (after.atMs - before.atMs) / 1000,
        after.cpuS - before.cpuS,
        after.peakMb,
      ]);
      const [seconds, cpu, peak] = [0, 1, 2].map((at) => costs.map((cost) => cost[at] ?? 0)) as [
        number[],
        number[],
        number[],
      ];
      return {
        numbers: wanted.numbers(result),
        seconds: Math.max(...seconds),
        cpuSeconds: cpu.reduce((sum, one) => sum + one, 0),
        peakMb: Math.max(...peak),
      };
    };
    const done: Awaited<ReturnType<typeof once>>[] = [];
    // All parties know all times, so all stop after the same run.
    while (done.length < runs && done.reduce((sum, { seconds }) => sum + seconds, 0) < REPEAT_SECONDS_MAX)
      done.push(await once());
    const best = done.toSorted((a, b) => a.seconds - b.seconds)[0];
    return { ...best, runs: done.length, sharingSeconds: (shared.atMs - sharing.atMs) / 1000 } as never;
  },
);
