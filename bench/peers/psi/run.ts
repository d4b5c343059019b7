/**
 * The work of scripts/bench-peers-psi.mjs: the same files intersected by Privity and by other systems, in turn on the
 * same cores; tables on standard output, progress on standard error, and both to the script that started it.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { figure } from '../secure/table.ts';
import { type Planted, plant } from './data.ts';
import { endAll, GRACE_S, measure, Refused, type Taken } from './measure.ts';
import { type Contestant, contestantsOf, sizesOf, systemKeys } from './systems.ts';
import { type Row, summaryOf, tableOf } from './table.ts';
import { verdictsOf, verdictTable } from './targets.ts';

/** The options of the script, which has checked them, and where it has put the other systems. */
type Options = Readonly<
  Record<'systems' | 'sizes' | 'slow-max' | 'runs' | 'limit' | 'cores' | 'seed', string> &
    Partial<Record<'only' | 'python' | 'openmined', string>> & { json: boolean }
>;
const values = JSON.parse(process.argv[2] ?? '') as Options;
const [runs, limitS] = [Number(values.runs), Number(values.limit)];
const folder = mkdtempSync(join(tmpdir(), 'privity-peers-psi-'));

process.once('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
// It stays: a terminal and the script both send the signal, and the second must not cut the work of the first short.
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const)
  process.on(signal, () => {
    endAll();
    process.exit(code);
  });

function contestants(): readonly Contestant[] {
  const built = new URL('../../../', import.meta.url);
  const source = new URL('../bench/', built);
  const { python, openmined } = values;
  const all = contestantsOf({
    privity: {
      cli: fileURLToPath(new URL('src/cli/main.js', built)),
      job: fileURLToPath(new URL('jobs/psi-files.ts', source)),
    },
    ...(python && { spu: { python, program: fileURLToPath(new URL('peers/psi/spu/party.py', source)) } }),
    ...(openmined && {
      openmined: {
        modules: openmined,
        program: fileURLToPath(new URL('peers/psi/openmined/party.cjs', source)),
      },
    }),
  });
  const wanted = values.systems.split(',');
  const only = values.only?.toLowerCase().split(',');
  for (const key of systemKeys)
    if (wanted.includes(key) && !all.some((one) => one.key === key)) console.error(`${key} is left out`);
  return all.filter(
    ({ key, protocol }) =>
      wanted.includes(key) && (!only || only.some((part) => protocol.toLowerCase().includes(part))),
  );
}

const chosen = contestants();
const slowMax = Number(values['slow-max']);
const cells = chosen.map((contestant) => ({
  contestant,
  sizes: sizesOf(contestant, values.sizes.split(',').map(Number), slowMax),
}));
const sizes = [...new Set(cells.flatMap((cell) => cell.sizes))].sort((a, b) => a - b);
const rows: Row[] = [];

/** By the size below, in proportion; 0 for the first. */
function expectedS({ system, protocol }: Contestant, size: number): number {
  const below = rows.filter((row) => row.system === system && row.protocol === protocol).at(-1);
  const summary = below && summaryOf(below);
  return summary ? (summary.wallS * size) / below.size : 0;
}

for (const size of sizes) {
  const place = join(folder, String(size));
  mkdirSync(place);
  console.error(`Making two files of ${size.toLocaleString('en')} rows`);
  const planted = { rows: size, seed: Number(values.seed) };
  await plant(place, planted);
  const asked = cells.filter((cell) => cell.sizes.includes(size)).map(({ contestant }) => contestant);
  const turns = asked.filter((contestant) => isExpectedInTime(contestant, size)).map(turnOf);
  // In turn, so that what else the machine does meets all of them.
  for (let number = 1; number <= runs; number++)
    for (const turn of turns) await take(turn, number, { folder: place, planted });
  for (const { contestant, taken, refused } of turns) {
    const { system, protocol } = contestant;
    rows.push({ system, protocol, size, runs: taken, ...(refused === undefined ? {} : { refused }) });
  }
  rmSync(place, { recursive: true, force: true, maxRetries: 5 });
}

function isExpectedInTime(contestant: Contestant, size: number): boolean {
  const expected = expectedS(contestant, size);
  if (expected <= limitS) return true;
  const name = nameOf(contestant, size);
  console.error(`${name}: left out, would take ${figure(expected)} s (--limit ${limitS})`);
  return false;
}

/** What one system with one protocol has done at a size so far. */
interface Turn {
  readonly contestant: Contestant;
  readonly taken: Taken[];
  /** Then it is not run again. */
  refused: string | undefined;
}

function turnOf(contestant: Contestant): Turn {
  return { contestant, taken: [], refused: undefined };
}

async function take(
  turn: Turn,
  number: number,
  about: { readonly folder: string; readonly planted: Planted },
): Promise<void> {
  if (turn.refused !== undefined) return;
  const title = `${nameOf(turn.contestant, about.planted.rows)}, run ${number} of ${runs}`;
  const progress = (seconds: number): void => console.error(`${title}: ${Math.round(seconds)} s so far`);
  const limits = { cores: values.cores, limitS, graceS: GRACE_S };
  try {
    const taken = await measure(turn.contestant, { ...about, ...limits, progress });
    turn.taken.push(taken);
    console.error(`${title}: ${figure(taken.wallS)} s`);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    console.error(`${title}: refused, ${error.message}`);
    turn.refused = error.message;
  }
}

function nameOf({ system, protocol }: Contestant, size: number): string {
  return `${system}, ${protocol}, ${size.toLocaleString('en')} rows`;
}

const verdicts = verdictsOf(rows, slowMax);
const [table, targets] = [tableOf(rows), verdictTable(verdicts)];
if (values.json)
  console.log(JSON.stringify({ rows: rows.map((row) => ({ ...row, ...summaryOf(row) })), verdicts }));
else
  console.log(`Two parties on cores ${values.cores} of this machine, file to file\n\n${table}\n\n${targets}`);
process.send?.({ table, targets });
process.disconnect?.();
process.exitCode = rows.some(({ refused }) => refused !== undefined) ? 1 : 0;
