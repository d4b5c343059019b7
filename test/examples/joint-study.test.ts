/** The joint study, on the files beside it, says what plain arithmetic says of the rows that both parties have. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { projectRoot } from '../tidy/project-files.ts';

/** A run takes ten seconds; this is for a machine that does much else. */
const RUN_TIMEOUT_MS = 120_000;
/** Fixed point, and interpolation between two rows. */
const WITHIN = 1e-3;

const main = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));
const example = join(projectRoot, 'examples/joint-study');

type Row = Readonly<Record<string, string>>;
interface Figures {
  readonly age: { readonly mean: number; readonly deviation: number };
  readonly income: { readonly count: number; readonly mean: number };
  readonly incomes: { readonly values: readonly number[] };
  readonly pearson: { readonly coefficients: readonly (readonly number[])[] };
  readonly regionByWave: {
    readonly rows: readonly string[];
    readonly columns: readonly string[];
    readonly counts: readonly (readonly (number | null)[])[];
    readonly chiSquare: unknown;
  };
  readonly ages: { readonly edges: readonly number[]; readonly counts: readonly number[] };
}

function readRows(path: string): Row[] {
  const [header = '', ...lines] = readFileSync(path, 'utf8').trim().split('\n');
  const names = header.split(',');
  return lines.map((line) => Object.fromEntries(line.split(',').map((cell, at) => [names[at] ?? '', cell])));
}

const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, one) => sum + one, 0) / values.length;
const moment = (x: readonly number[], y: readonly number[]): number =>
  meanOf(x.map((value, at) => (value - meanOf(x)) * ((y[at] ?? 0) - meanOf(y))));

describe('examples/joint-study', () => {
  let figures: Figures;
  let rows: readonly Row[];
  const numbers = (name: string, among = rows): number[] =>
    among.filter((row) => row[name] !== '').map((row) => Number(row[name]));
  const near = (is: number | undefined, wanted: number, what: string): void =>
    assert.ok(
      Math.abs((is ?? Number.NaN) - wanted) <= WITHIN * Math.max(1, Math.abs(wanted)),
      `${what}: ${is}`,
    );

  before(() => {
    const [alice, bob] = ['alice', 'bob'].map((party) => join(example, `data/${party}.csv`)) as [
      string,
      string,
    ];
    const inputs = ['--inputs', `alice.table=${alice}`, '--inputs', `bob.table=${bob}`];
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [main, 'local', join(example, 'job.ts'), ...inputs, '--json'],
      { encoding: 'utf8', timeout: RUN_TIMEOUT_MS, maxBuffer: 64 * 1024 * 1024 },
    );
    assert.equal(status, 0, stderr);
    const events = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { readonly event: string; readonly value: Figures });
    figures = events.find(({ event }) => event === 'result')?.value ?? assert.fail('no result');
    const atBob = new Map(readRows(bob).map((row) => [row.customer_id, row]));
    rows = readRows(alice).flatMap((row) => {
      const other = atBob.get(row.customer_id);
      return other === undefined ? [] : [{ ...row, ...other }];
    });
  });

  it('has moments and quantiles, of values where there are any', () => {
    const [ages, incomes] = [numbers('age'), numbers('income').sort((a, b) => a - b)];
    near(figures.age.mean, meanOf(ages), 'mean');
    const n = ages.length;
    near(figures.age.deviation, Math.sqrt((moment(ages, ages) * n) / (n - 1)), 'deviation');
    assert.equal(figures.income.count, incomes.length);
    near(figures.income.mean, meanOf(incomes), 'mean income');
    for (const [at, part] of [0.25, 0.5, 0.75].entries()) {
      const place = part * (incomes.length - 1);
      const [low = 0, high = 0] = [incomes[Math.floor(place)], incomes[Math.ceil(place)]];
      near(figures.incomes.values[at], low + (high - low) * (place % 1), `quantile ${part}`);
    }
  });

  it('has correlations over the rows that both columns have', () => {
    const names = ['age', 'income', 'orders', 'late'];
    for (const [i, one] of names.entries())
      for (const [j, other] of names.entries()) {
        const both = rows.filter((row) => row[one] !== '' && row[other] !== '');
        const [x, y] = [numbers(one, both), numbers(other, both)];
        const wanted = moment(x, y) / Math.sqrt(moment(x, x) * moment(y, y));
        near(figures.pearson.coefficients[i]?.[j], wanted, `${one} and ${other}`);
      }
  });

  it('counts rows, and not those of a group of few', () => {
    const { rows: regions, columns: waves, counts, chiSquare } = figures.regionByWave;
    for (const [i, region] of regions.entries())
      for (const [j, wave] of waves.entries()) {
        const count = rows.filter((row) => row.region === region && row.wave === wave).length;
        assert.equal(counts[i]?.[j], count < 10 ? null : count, `${region}, ${wave}`);
      }
    assert.equal(chiSquare, null);
    const { edges, counts: bins } = figures.ages;
    const between = (age: number, at: number): boolean =>
      age >= (edges[at] ?? 0) &&
      (age < (edges[at + 1] ?? 0) || (at === bins.length - 1 && age === edges.at(-1)));
    for (const [at, count] of bins.entries())
      assert.equal(count, numbers('age').filter((age) => between(age, at)).length, `bin ${at}`);
  });
});
