/** One figure of a benchmark beside its limit, in a form that all of them share. */

export interface Limit {
  readonly limit: number;
  /** Whether the figure may be at most, or has to be at least, the limit. */
  readonly is: 'at most' | 'at least';
}

export const atMost = (limit: number): Limit => ({ limit, is: 'at most' });
export const atLeast = (limit: number): Limit => ({ limit, is: 'at least' });

/** Prints what was measured, the limit, and whether it is met or by how much it is missed. */
export function figure(name: string, measured: number, unit: string, { limit, is }: Limit): boolean {
  const isMet = is === 'at most' ? measured <= limit : measured >= limit;
  const by = limit === 0 ? rounded(measured) : `×${rounded(measured / limit)}`;
  const verdict = isMet ? 'met' : `MISSED (${by} of it)`;
  const [left, right] = [`${rounded(measured)} ${unit}`, `${is} ${rounded(limit)} ${unit}`];
  console.log(`  ${name.padEnd(58)} ${left.padStart(14)}   ${right.padEnd(20)} ${verdict}`);
  return isMet;
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
  return value;
}

const rounded = (value: number): string => String(Number(value.toPrecision(3)));
