/** The figures that docstrings of operations give are those that the code declares, and the suite measures. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { Cost } from '../../src/secure/cost.ts';
import * as ops from '../../src/secure/ops/index.ts';
import {
  sortComparisons,
  sortLevels,
  sortOnAverage,
  tensorCosts,
} from '../../src/secure/ops/tensor-costs.ts';
import { rep3Costs } from '../../src/secure/protocols/rep3/costs.ts';
import { decode } from '../../src/secure/ring/fixed-point.ts';
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
  share: [
    [n, tensorCosts.share(rep3Costs, 0, n, 'fixed')],
    [n, tensorCosts.share(rep3Costs, 0, n, 'boolean')],
  ],
  reveal: [
    [n, tensorCosts.reveal(rep3Costs, n, 'fixed')],
    [n, tensorCosts.reveal(rep3Costs, n, 'boolean')],
  ],
  max: [[n, tensorCosts.max(rep3Costs, n, 2)]],
  mean: [[n, tensorCosts.mean(rep3Costs, n, 64, 18)]],
  groupSum: [[n, rep3Costs.mulSS(n)]],
  sort: [
    [n, tensorCosts.shuffle(rep3Costs, n, 1)],
    [n, tensorCosts.shuffle(rep3Costs, n, 2)],
    [n, levelOfSort()],
  ],
};

function levelOfSort(): Cost {
  const [one, two] = [[n], [n, n]].map((levels) => tensorCosts.sort(rep3Costs, n, levels)) as [Cost, Cost];
  return {
    rounds: two.rounds - one.rounds,
    bytes: two.bytes.map((all, rank) => all - (one.bytes[rank] ?? 0)),
  };
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

/** Docstrings by the name of the exported function below. */
function docstringsOf(text: string): ReadonlyMap<string, string> {
  return new Map(
    [...text.matchAll(/(\/\*\*(?:(?!\*\/)[\s\S])*\*\/)\nexport (?:async )?function (\w+)/g)].map(
      ([, docstring = '', name = '']) => [name, docstring.replaceAll(/\n \* ?/g, ' ')],
    ),
  );
}

const folder = join(projectRoot, 'src/secure/ops');
const docstrings = new Map(
  readdirSync(folder)
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) => [...docstringsOf(readFileSync(join(folder, file), 'utf8'))]),
);
/** All local: the head of the file says so for all. */
const arrangements: ReadonlySet<string> = new Set(['reshape', 'transpose', 'slice', 'concat', 'gather']);

describe('the docstring of an operation', () => {
  for (const op of Object.keys(ops)) {
    it(`says what ${op} costs, as declared`, () => {
      const docstring = docstrings.get(op) ?? '';
      const says = /Cost:.*(\d (rounds?|bytes)|\{@link \w+\})|cost as \{@link|Local[.;]/.test(docstring);
      assert.ok(says || arrangements.has(op), docstring);
      assert.deepEqual(wrongFigures(docstring, figuresOf(op)), []);
    });
  }

  it('would be found to be wrong', () => {
    const { rounds, bytes } = figuresOf('exp');
    assert.deepEqual(wrongFigures('e^x. Cost: 22 rounds, some 250 bytes an element.', { rounds, bytes }), [
      '22 rounds',
      '250 bytes',
    ]);
    assert.deepEqual(wrongFigures('Both. Cost: 1 round, 2 bits an element.', figuresOf('and')), ['2 bits']);
    assert.deepEqual(wrongFigures('Both. Cost: 1 round, 1 bit an element.', figuresOf('and')), []);
  });

  it('has every operation of the table of costs', () => {
    for (const [op] of rows) assert.ok(op in ops, op);
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
      // Quicksort's standard deviation is 0.62 n, that of its levels below 2.5: five of those of the mean. Samples make both smaller.
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
    const [shuffle, level] = [tensorCosts.sort(rep3Costs, 1024, []), levelOfSort()];
    const { rounds, bytes } = sortOnAverage(rep3Costs, 1024);
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
