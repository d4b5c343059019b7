/**
 * Statistics of tables that three parties have (`privity/stats`), each a process of its own as `privity run` starts it,
 * over mutual TLS: what each takes beside what the design asks for, and how far it is off the same in plaintext.
 *
 *     PRIVITY_BENCH_STATS_ONLY=auc,groups  some of the statistics, by the names of bench/stats-cases.ts
 *     PRIVITY_BENCH_STATS_ROWS=10000       no more rows; targets are for all of them
 *     PRIVITY_BENCH_STATS_RUNS             of each statistic, at most; the best counts
 *     PRIVITY_BENCH_STATS_WAY=rep3         one of rep3, semi2k and line: rep3 over 100 Mbit/s and 20 ms
 *     PRIVITY_BENCH_STATS_PROFILE=DIR      processor profiles of what is measured into that folder, which is there
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RunReport } from '../src/observe/report.ts';
import { Parties } from '../test/faults/parties.ts';
import { keepTable, rounded, setting } from './parts/figure.ts';
import { type Case, cases, type Way } from './stats-cases.ts';

const RUNS = setting('PRIVITY_BENCH_STATS_RUNS', 3);
const ROWS_MAX = setting('PRIVITY_BENCH_STATS_ROWS', 1_000_000);
const ONLY = process.env.PRIVITY_BENCH_STATS_ONLY?.split(',');
const WAY = process.env.PRIVITY_BENCH_STATS_WAY;
const PROFILE = process.env.PRIVITY_BENCH_STATS_PROFILE;
/** Of one run on a busy machine, with the making of its tables. */
const PATIENCE_MS = 900_000;
/** Rounds before a statistic do not hang on how many rows there are. */
const FEW_ROWS = 200;
/** What is measured is no failure: a machine of two cores may leave a party out for longer than a user would wait. */
const BOUNDS = { suspectAfterMs: 10_000, lostAfterMs: 30_000, joinTimeoutMs: 120_000 };
const MEMBERS = ['alice', 'bob', 'carol'] as const;
const job = fileURLToPath(new URL('../../bench/jobs/statistics.ts', import.meta.url));

/** A line of 100 Mbit/s each way, and 20 ms from asking to the answer. */
const LINE = { delayMs: 10, bytesPerSecond: 12_500_000 };
/** Over it a statistic may take so many times what its bytes and rounds need. */
const LINE_RATIO_MAX = 1.1;

interface Measured {
  readonly numbers?: readonly (number | null)[];
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakMb: number;
  readonly runs: number;
  readonly sharingSeconds: number;
}

/** What members have sent on the device, all of them together. */
interface Sent {
  readonly rounds: number;
  /** Shares of the table not among them. */
  readonly bytes: number;
}

async function run(
  name: string,
  args: Readonly<Record<string, string>>,
  line = false,
): Promise<Measured & Sent> {
  const parties = await Parties.start({
    parties: Object.fromEntries(MEMBERS.map((member) => [member, { job }])),
    args: { name, ...args, ...(PROFILE && { profile: PROFILE }) },
    bounds: BOUNDS,
    patienceMs: PATIENCE_MS,
    ...(line && { network: () => 0 }),
  });
  try {
    for (const path of parties.network?.around([]) ?? []) path.set(LINE);
    const { value } = await parties.get('alice').event('result');
    await parties.ended();
    const devices = MEMBERS.map((member) => {
      const path = join(parties.dir, 'reports', `${member}.json`);
      return (JSON.parse(readFileSync(path, 'utf8')) as RunReport).secure?.[0];
    });
    const sent = devices.flatMap((device) => device?.operations ?? []);
    return {
      ...(value as unknown as Measured),
      rounds: Math.max(...devices.map((device) => device?.rounds ?? 0)),
      bytes: sent.reduce((sum, { operation, bytes }) => sum + (operation === 'share' ? 0 : bytes), 0),
    };
  } finally {
    parties.dispose();
  }
}

/** The largest error; infinite where there is no number, or one too many. */
function errorOf(numbers: readonly (number | null)[], wanted: readonly number[]): number {
  if (numbers.length !== wanted.length) return Number.POSITIVE_INFINITY;
  const errors = numbers.map((number, at) => {
    const right = wanted[at] ?? Number.NaN;
    return number === null
      ? Number.POSITIVE_INFINITY
      : Math.abs(number - right) / Math.max(1, Math.abs(right));
  });
  return errors.reduce((most, error) => Math.max(most, error), 0);
}

const verdict = (target: number, ratio: number, most: number): string =>
  `${rounded(target)}: ${ratio <= most ? 'met' : 'missed'}, ×${rounded(ratio)}`;

async function measure(wanted: Case<never>, way: Way): Promise<readonly string[]> {
  const { name, secondsMax, errorMax } = wanted;
  const protocol = way === 'semi2k' ? way : 'rep3';
  const rows = Math.min(wanted.rows, ROWS_MAX);
  const before = await run(name, { protocol, rows: String(FEW_ROWS), runs: '0' });
  const all = await run(name, { protocol, rows: String(rows), runs: String(RUNS) }, way === 'line');
  const made = wanted.columns(rows);
  const error = errorOf(all.numbers ?? [], wanted.plain({ ...made.alice, ...made.bob }));
  const rounds = (all.rounds - before.rounds) / all.runs;
  const bytes = (all.bytes - before.bytes) / MEMBERS.length / all.runs;
  const needed = (rounds * LINE.delayMs) / 1000 + bytes / LINE.bytesPerSecond;
  let target = '–';
  if (way === 'line') target = verdict(needed, all.seconds / needed, LINE_RATIO_MAX);
  else if (way === 'rep3' && rows === wanted.rows && secondsMax !== undefined)
    target = verdict(secondsMax, all.seconds / secondsMax, 1);
  return [
    ...[wanted.title, rows.toLocaleString('en'), way === 'line' ? 'rep3, 100 Mbit/s, 20 ms' : way],
    ...[rounded(all.seconds), target, rounded(all.cpuSeconds), String(Math.round(rounds))],
    ...[rounded(bytes / 1e6), rounded(all.peakMb)],
    `${error.toExponential(0)}${error <= errorMax ? '' : `: more than ${errorMax}`}`,
  ];
}

const columns = [
  ...['statistic', 'rows', 'device', 'seconds', 'target', 'CPU seconds', 'rounds', 'MB sent by each'],
  ...['MB held', 'off by'],
];
const widths = [44, 11, 25, 10, 20, 13, 9, 17, 9, 8];
const line = (cells: readonly string[]): string =>
  cells.map((cell, i) => (i === 0 ? cell.padEnd(44) : cell.padStart(widths[i] ?? 0))).join('');

console.log(line(columns));
const rows: (readonly string[])[] = [];
for (const wanted of cases) {
  if (ONLY !== undefined && !ONLY.includes(wanted.name)) continue;
  for (const way of wanted.ways) {
    if (WAY !== undefined && WAY !== way) continue;
    try {
      rows.push(await measure(wanted, way));
      console.log(line(rows.at(-1) ?? []));
    } catch (error) {
      // The story of a run that failed is long, and its end says why.
      console.error(`${wanted.title} (${way}): ${(error as Error).message.slice(-2_000)}`);
      process.exitCode = 1;
    }
  }
}
if (rows.length > 0) keepTable({ columns, keys: 3, rows });
process.exit();
