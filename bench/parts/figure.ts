/**
 * One figure of a benchmark beside a limit, a plain peer measured in the same run, or both, in a form that all
 * benchmarks share. What is printed here is also what `npm run bench -- --save` keeps in bench/results/.
 */
import { writeFileSync } from 'node:fs';

export interface Limit {
  readonly limit: number;
  /** Whether the figure may be at most, or has to be at least, the limit. */
  readonly is: 'at most' | 'at least';
}

export const atMost = (limit: number): Limit => ({ limit, is: 'at most' });
export const atLeast = (limit: number): Limit => ({ limit, is: 'at least' });

/** A figure as it stands in a results file. */
export interface Figure {
  readonly name: string;
  readonly measured: number;
  readonly unit: string;
  /** The plain peer, and what it measured in the same unit. */
  readonly peer?: { readonly name: string; readonly measured: number };
  /** How many times the peer's figure this is. */
  readonly ratio?: number;
  /** Of the ratio where there is a peer, of the figure itself elsewhere. */
  readonly limit?: Limit;
}

/** In place of figures, where each would have many: rows whose first `keys` cells name them. */
export interface Table {
  readonly columns: readonly string[];
  readonly keys: number;
  readonly rows: readonly (readonly string[])[];
}

/** Where a benchmark leaves its figures for scripts/bench.mjs, if anywhere. */
const SAVE_TO = process.env.PRIVITY_BENCH_FIGURES;
/** More digits than any page shows, fewer than a run repeats. */
const SAVED_DIGITS = 4;

const figures: Figure[] = [];
let table: Table | undefined;
/** What was set otherwise than by default. */
const settings: Record<string, number> = {};

// Parts of a benchmark in processes of their own have no figures.
process.once('exit', (code) => {
  if (SAVE_TO !== undefined && code === 0 && (table || figures.length > 0))
    writeFileSync(SAVE_TO, JSON.stringify({ settings, values: table ?? { figures } }));
});

const digits = (value: number, count: number): number => Number(value.toPrecision(count));

/** Keeps a figure without printing it: for benchmarks with a table of their own. */
export function keep({ name, measured, unit, peer, ratio, limit }: Figure): void {
  if (figures.some((other) => other.name === name)) throw new Error(`two figures are called '${name}'`);
  figures.push({
    name,
    measured: digits(measured, SAVED_DIGITS),
    unit,
    ...(peer && { peer: { name: peer.name, measured: digits(peer.measured, SAVED_DIGITS) } }),
    ...(ratio !== undefined && { ratio: digits(ratio, SAVED_DIGITS) }),
    ...(limit && { limit }),
  });
}

/** Keeps a table without printing it: all that a benchmark keeps. */
export function keepTable(kept: Table): void {
  if (figures.length > 0 || table) throw new Error('a results file has figures or one table');
  table = kept;
}

/** Prints what was measured, the limit, and whether it is met or by how much it is missed. */
export function figure(name: string, measured: number, unit: string, limit: Limit): boolean {
  const verdict = verdictOf(measured, limit);
  const [left, right] = [`${rounded(measured)} ${unit}`, `${limit.is} ${rounded(limit.limit)} ${unit}`];
  console.log(`  ${name.padEnd(58)} ${left.padStart(14)}   ${right.padEnd(20)} ${verdict}`);
  keep({ name, measured, unit, limit });
  return verdict === 'met';
}

/** Prints what was measured beside a plain peer of the same run; a limit is one of their ratio. */
export function beside(
  name: string,
  measured: number,
  unit: string,
  peer: { readonly name: string; readonly measured: number },
  {
    limit,
    ratio = measured / peer.measured,
  }: { readonly limit?: Limit | undefined; readonly ratio?: number } = {},
): void {
  const [own, other] = [measured, peer.measured].map((value) => `${rounded(value)} ${unit}`);
  const goal = limit === undefined ? '' : `${limit.is} ×${rounded(limit.limit)}  ${verdictOf(ratio, limit)}`;
  console.log(
    `  ${name.padEnd(40)} ${own?.padStart(16)}   ×${rounded(ratio)} of ${peer.name} (${other})  ${goal}`,
  );
  keep({ name, measured, unit, peer, ratio, ...(limit && { limit }) });
}

/** Prints a figure that nothing is held against: it says what the others stand for. */
export function plain(name: string, measured: number, unit: string): void {
  console.log(`  ${name.padEnd(58)} ${`${rounded(measured)} ${unit}`.padStart(14)}`);
  keep({ name, measured, unit });
}

function verdictOf(measured: number, { limit, is }: Limit): string {
  const isMet = is === 'at most' ? measured <= limit : measured >= limit;
  const by = limit === 0 ? rounded(measured) : `×${rounded(measured / limit)}`;
  return isMet ? 'met' : `MISSED (${by} of it)`;
}

/** The smallest value that at least `share` of all values do not exceed. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

/** A positive number from the environment, for a shorter or longer measurement. */
export function setting(name: string, otherwise: number): number {
  const value = Number(process.env[name] ?? otherwise);
  if (!(value > 0)) throw new Error(`${name} has to be a number above 0`);
  if (value !== otherwise) settings[name] = value;
  return value;
}

/** Three digits, with separators of thousands. */
export const rounded = (value: number): string =>
  digits(value, 3).toLocaleString('en', { maximumSignificantDigits: 3 });
