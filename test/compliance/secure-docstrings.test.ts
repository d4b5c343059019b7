/** The figures that docstrings of methods of secrets give are those that the code declares, and the suite measures. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { type Cost, inSequence } from '../../src/secure/cost.ts';
import { catalogue, isLocal, operationNamed } from '../../src/secure/ops/catalogue.ts';
import * as ops from '../../src/secure/ops/index.ts';
import { oneHotCost } from '../../src/secure/ops/one-hot.ts';
import type { Operation } from '../../src/secure/ops/operation.ts';
import { permuteByCost } from '../../src/secure/ops/permute.ts';
import { tournamentCost } from '../../src/secure/ops/reduce.ts';
import { sortCost } from '../../src/secure/ops/sort.ts';
import { sortComparisons, sortLevels } from '../../src/secure/ops/sort-costs.ts';
import { rep3Costs } from '../../src/secure/protocols/rep3/costs.ts';
import { decode } from '../../src/secure/ring/fixed-point.ts';
import { waysOf } from '../parts/operation-calls.ts';
import { runSecure } from '../parts/secure-parties.ts';
import { projectRoot } from '../tidy/project-files.ts';
import { watchComparisons } from './secure-order.ts';

type Row = readonly [op: string, what: string, by: number, cost: (costs: typeof rep3Costs) => Cost];
const script = pathToFileURL(join(projectRoot, 'scripts/gen-protocols.mjs')).href;
const { operationRows, declaredOperations } = (await import(script)) as {
  operationRows(declared: unknown): readonly Row[];
  declaredOperations(): Promise<unknown>;
};
const rows = operationRows(await declaredOperations());

/** What an operation costs an element, as text may say it: of some member, or their mean. */
interface Figures {
  readonly rounds: ReadonlySet<number>;
  readonly bytes: ReadonlySet<number>;
}

const n = 6400;
/** Parts of an operation that its docstring tells one by one, beside what the table of the page has. */
const parts: Readonly<Record<string, readonly (readonly [by: number, cost: Cost])[]>> = {
  min: [[n, tournamentCost(rep3Costs, n, 2)]],
  mean: [[n, rep3Costs.truncS(n, 6)]],
  groupSum: [[n, rep3Costs.mulSS(n)]],
  sort: [
    [n, rep3Costs.shuffleS(n, 2)],
    [n, levelOfSort()],
  ],
  sortBy: [[n, rep3Costs.shuffleS(n, 1)]],
  segmentedSum: [[n, moreOf(operationNamed('segmentedSum'))]],
  permute: [
    [n, rep3Costs.shuffleS(n, 1)],
    [n, inSequence(rep3Costs.shuffleS(n, 1), rep3Costs.openA(n))],
  ],
  unpermute: [
    [n, rep3Costs.shuffleS(n, 1)],
    [n, inSequence(rep3Costs.shuffleS(n, 1), rep3Costs.openA(n))],
  ],
  argmaxOneHot: [
    [1, oneHotCost(rep3Costs, 1, 2)],
    [99 * n, tournamentCost(rep3Costs, n, 100, 2)],
  ],
  inverse: [[n, rep3Costs.mulTruncSS(n, 20)]],
  solve: [[n, rep3Costs.mulTruncSS(n, 22)]],
};

function levelOfSort(): Cost {
  const [one, two] = [[n], [n, n]].map((comparisons) => sortCost(rep3Costs, n, 1, { comparisons })) as [
    Cost,
    Cost,
  ];
  return {
    rounds: two.rounds - one.rounds,
    bytes: two.bytes.map((all, rank) => all - (one.bytes[rank] ?? 0)),
  };
}

/** What one more number in each row costs, in bytes. */
function moreOf({ cost, samples }: Operation): Cost {
  const [sample] = samples({ count: n, rows: n, axis: 1, side: 1, keys: 1, groups: 1 });
  assert.ok(sample);
  const [one, two] = [[n], [n, 2]].map((shape) => cost(rep3Costs, { ...sample, shape, fracBits: 18 })) as [
    Cost,
    Cost,
  ];
  return { rounds: 0, bytes: two.bytes.map((all, rank) => all - (one.bytes[rank] ?? 0)) };
}

function figuresOf(op: string): Figures {
  const found = [
    ...rows.filter(([name]) => name === op).map(([, , by, cost]) => [by, cost(rep3Costs)] as const),
    ...(parts[op] ?? []),
  ];
  return {
    rounds: new Set(found.map(([, { rounds }]) => rounds)),
    bytes: new Set(
      found.flatMap(([by, { bytes }]) => {
        const each = bytes.map((own) => own / by);
        return [...each, each.reduce((sum, own) => sum + own, 0) / each.length];
      }),
    ),
  };
}

/** From `Cost:` on, to the next tag. */
const costText = (docstring: string): string => /Cost:[^@]*/.exec(docstring)?.[0] ?? '';

/** What a docstring says that the code does not declare. */
function wrongFigures(docstring: string, { rounds, bytes }: Figures): string[] {
  const wrong: string[] = [];
  for (const [text, digits = '', unit = ''] of costText(docstring).matchAll(
    /(?<![\d/.])(\d+(?:\.\d+)?) (rounds?|bytes?|bits?)\b/g,
  )) {
    const value = Number(digits);
    const decimals = digits.split('.')[1]?.length ?? 0;
    const right = unit.startsWith('round')
      ? rounds.has(value)
      : [...bytes].some(
          (own) => Number((unit.startsWith('bit') ? 8 * own : own).toFixed(decimals)) === value,
        );
    if (!right) wrong.push(text);
  }
  return wrong;
}

/** Docstrings by the name of the method below: of overloads the first. */
function docstringsOf(text: string): ReadonlyMap<string, string> {
  return new Map(
    [...text.matchAll(/(\/\*\*(?:(?!\*\/)[\s\S])*\*\/)\n {2}(\w+)(?:<[^(]*>)?\(/g)]
      .map(([, docstring = '', name = '']) => [name, docstring.replaceAll(/\n +\* ?/g, ' ')] as const)
      .toReversed(),
  );
}

const model = join(projectRoot, 'src/program/model');
const families = readdirSync(model).filter((file) => /^secret-.*(?<!\.test)\.ts$/.test(file));
const methods = ['at.ts', ...families].map((file) => readFileSync(join(model, file), 'utf8'));
const docstrings = docstringsOf(methods.join('\n').replace(/^[\s\S]*?export interface Secret</, ''));
const ways = waysOf({ count: n, rows: n, axis: 100, side: 80, keys: 1024, groups: 10 });

describe('the docstring of a method of secrets', () => {
  for (const { name, opens } of catalogue) {
    it(`says what ${name} takes, gives, costs and opens, as declared`, () => {
      const docstring = docstrings.get(name) ?? '';
      for (const part of ['Domain', 'Accuracy', 'Cost:', '@example'])
        assert.match(docstring.replace('Domain, accuracy', 'Domain Accuracy'), new RegExp(part));
      assert.equal(docstring.includes('Opens:'), opens !== undefined, docstring);
      const calls = ways.filter(({ operation }) => operation.name === name);
      const local = calls.map(({ operation, call }) => isLocal(operation, call));
      assert.equal(/Cost:.*local|integers? to fixed local/.test(docstring), local.includes(true), docstring);
      assert.ok(local.every(Boolean) || /Cost:.*(\d rounds?|as `)/.test(docstring), docstring);
      assert.deepEqual(wrongFigures(docstring, figuresOf(name)), []);
    });
  }

  it('says what permuteBy costs, as declared', () => {
    const [all, order] = [permuteByCost(rep3Costs, 0, [n]), permuteByCost(rep3Costs, 0, [n, 2])];
    const total = ({ bytes }: Cost): number => bytes.reduce((sum, own) => sum + own, 0) / 3 / n;
    const column = total(order) - total(all);
    const figures = { rounds: new Set([all.rounds]), bytes: new Set([column, total(all) - column]) };
    assert.deepEqual(wrongFigures(docstrings.get('permuteBy') ?? '', figures), []);
    assert.match(costText(docstrings.get('permuteBy') ?? ''), /rounds.*bytes.*bytes/);
    const wrong = { ...figures, bytes: new Set([column]) };
    assert.equal(wrongFigures(docstrings.get('permuteBy') ?? '', wrong).length, 1);
  });

  it('would be found to be wrong', () => {
    const { rounds, bytes } = figuresOf('exp');
    assert.deepEqual(wrongFigures('e^x. Cost: 25 rounds, some 250 bytes an element.', { rounds, bytes }), [
      '25 rounds',
      '250 bytes',
    ]);
    assert.deepEqual(wrongFigures('Both. Cost: 1 round, 2 bits an element.', figuresOf('and')), ['2 bits']);
    assert.deepEqual(wrongFigures('Both. Cost: 1 round, 1 bit an element.', figuresOf('and')), []);
  });
});

describe('the declared cost of a sort, on average', () => {
  // The second begins with a sample, the third with samples of what a sample leaves.
  for (const [keys, sorts] of [
    [256, 60],
    [4_096, 20],
    [131_072, 1],
  ] as const) {
    it(`has as many comparisons and levels as sorts of ${keys} keys have, which are in order`, async () => {
      const data = Array.from({ length: keys }, (_, i) => (i * 7919) % 50_021);
      const [counts = []] = await runSecure('ref', 2, async (on, rank) => {
        const x = await ops.share(
          on,
          { owner: 0, dtype: 'fixed', shape: [keys] },
          rank === 0 ? data : undefined,
        );
        const found: number[][] = [];
        for (let i = 0; i < sorts; i++) {
          const [watched, comparisons] = watchComparisons(on);
          const [sorted] = await ops.sort(watched, x);
          found.push(comparisons);
          if (i > 0 || sorted === undefined) continue;
          const opened = await ops.reveal(on, sorted);
          assert.ok(opened);
          const values = decode(opened.words, opened.dtype, on.fracBits);
          assert.deepEqual(
            Array.from(values, Number),
            data.toSorted((a, b) => a - b),
          );
        }
        return found;
      });
      const mean = (of: (comparisons: readonly number[]) => number): number =>
        counts.reduce((sum, comparisons) => sum + of(comparisons), 0) / sorts;
      const near = (actual: number, due: number, within: number): void =>
        assert.ok(Math.abs(actual - due) < within, `${actual}, not ${due}`);
      // Quicksort's standard deviation is 0.62 n, that of its levels below 2.5: five of those of the mean. Samples make
      // both smaller.
      const due = sortComparisons(keys);
      near(
        mean((comparisons) => comparisons.reduce((sum, count) => sum + count, 0)),
        due,
        due / 100 + (5 * 0.62 * keys) / Math.sqrt(sorts),
      );
      const stated = keys > 4_096 ? 2 : 1;
      near(
        mean(({ length }) => length),
        sortLevels(keys),
        stated + (5 * 2.5) / Math.sqrt(sorts),
      );
    });
  }

  it('is that of a shuffle, and of levels that have all comparisons among them', () => {
    const [shuffle, level] = [sortCost(rep3Costs, 1024, 1, { comparisons: [] }), levelOfSort()];
    const { rounds, bytes } = sortCost(rep3Costs, 1024, 1);
    assert.equal(rounds, shuffle.rounds + Math.round(sortLevels(1024)) * level.rounds);
    bytes.forEach((all, rank) => {
      const each = (level.bytes[rank] ?? 0) / n;
      const compared = (all - (shuffle.bytes[rank] ?? 0)) / each;
      assert.ok(Math.abs(compared / sortComparisons(1024) - 1) < 0.1, `${compared} comparisons`);
    });
  });

  it('has levels within one of the exact mean', () => {
    const exact = meanLevels(511);
    for (const keys of [16, 64, 256, 511]) {
      const off = sortLevels(keys) - (exact[keys] ?? Number.NaN);
      assert.ok(Math.abs(off) < 1, `${keys} keys: off by ${off}`);
    }
  });
});

/** Mean number of levels of a sort of 0 … n keys: P(no more than h) of a key's place and of both sides of it. */
function meanLevels(n: number): Float64Array {
  const mean = new Float64Array(n + 1);
  // within[k]: probability that k keys need at most so many levels.
  let within = Float64Array.from({ length: n + 1 }, (_, k) => (k <= 1 ? 1 : 0));
  for (let levels = 0; levels < 80; levels++) {
    for (let k = 0; k <= n; k++) mean[k] = (mean[k] ?? 0) + 1 - (within[k] ?? 0);
    const next = new Float64Array(n + 1).fill(1);
    for (let k = 1; k <= n; k++) {
      let sum = 0;
      for (let left = 0; left < k; left++) sum += (within[left] ?? 0) * (within[k - 1 - left] ?? 0);
      next[k] = sum / k;
    }
    within = next;
  }
  return mean;
}
