import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { projectRoot } from './project-files.ts';

interface Pages {
  readonly pagesOfNow: () => readonly string[];
  readonly withFigures: (page: string, results: Results) => string;
  readonly withMarked: (page: string, results: Results) => string;
  readonly wrongFigures: (page: string, results: Results) => string[];
  readonly unmarkedFigures: (page: string, isLimit?: (line: string) => boolean) => string[];
}

type Results = Readonly<Record<string, unknown>>;

const script = (name: string): string => pathToFileURL(join(projectRoot, 'scripts', name)).href;
const pages = (await import(script('gen-figures.mjs'))) as Pages;
const { savedResults } = (await import(script('results.mjs'))) as { savedResults: () => Results };

const limit = z.strictObject({ limit: z.number(), is: z.enum(['at most', 'at least']) });
const figure = z.strictObject({
  name: z.string(),
  measured: z.number().nullable(),
  unit: z.string(),
  peer: z.strictObject({ name: z.string(), measured: z.number().nullable() }).optional(),
  ratio: z.number().optional(),
  limit: limit.optional(),
});
const origin = {
  command: z.string().regex(/^([A-Z_]+=\d+ )*npm run /),
  date: z.iso.date(),
  commit: z.string().regex(/^[0-9a-f]{7,}( and changes)?$/),
  machine: z.string().regex(/^\w+ \w+, \d+ cores/),
  note: z.string().optional(),
};
const measured = { source: z.literal('measured'), node: z.string(), load: z.number() };
/** Figures that were in a page before there were results files: how busy the machine was is not known. */
const taken = {
  source: z.string().regex(/^taken from the page of \d{4}-\d\d-\d\d$/),
  node: z.string().nullable(),
  load: z.null(),
};
const values = [
  { figures: z.array(figure).nonempty() },
  { columns: z.array(z.string()), keys: z.number().int(), rows: z.array(z.array(z.string())).nonempty() },
  { lines: z.array(z.string()).nonempty() },
];
const resultsFile = z.union(
  values.flatMap((kind) => [measured, taken].map((from) => z.strictObject({ ...origin, ...from, ...kind }))),
);

const results = savedResults();
const read = (path: string): string => readFileSync(join(projectRoot, path), 'utf8');
const texts = pages.pagesOfNow().map((path) => ({ path, text: read(path) }));

/** Figures that look measured and are bounds: each with its page. */
const LIMITS: readonly (readonly [page: string, line: RegExp])[] = [
  ['docs/failure-model.md', /handshakesPerSecond|TLS handshakes without end/],
  ['docs/faults.md', /^\| `npm run bench -- links`/],
];
const isLimit = (path: string) => (line: string) =>
  LIMITS.some(([page, words]) => page === path && words.test(line));

const planted: Results = {
  planted: {
    ...{
      command: 'npm run bench planted -- --save',
      source: 'measured',
      date: '2026-01-01',
      commit: '0123456',
    },
    ...{ node: '20.20.0', machine: 'linux x64, 2 cores', load: 0.5 },
    figures: [
      { name: 'things a second', measured: 1234, unit: '/s', limit: { limit: 1000, is: 'at least' } },
      { name: 'time of one', measured: 0.81, unit: 'ms' },
    ],
  },
};
const place = '<!-- figures of planted -->\n<!-- end of figures of planted -->\n';

describe('figures of pages', () => {
  it('come from results files, which say when, where and how they were measured', () => {
    assert.ok(Object.keys(results).length > 10);
    for (const [name, result] of Object.entries(results)) {
      const { error } = resultsFile.safeParse(result);
      assert.equal(error, undefined, `${name}.json: ${error && z.prettifyError(error)}`);
    }
  });

  it('every benchmark has a results file, and every results file is in a page', () => {
    const files = readdirSync(join(projectRoot, 'bench'))
      .filter((file) => file.endsWith('.ts'))
      .map((file) => basename(file, '.ts'));
    const benchmarks = files.filter((name) => !files.some((other) => name.startsWith(`${other}-`)));
    assert.deepEqual(
      benchmarks.filter((name) => results[name] === undefined),
      [],
    );
    const shown = texts.map(({ text }) => text).join('\n');
    const unseen = Object.keys(results).filter((name) => !shown.includes(`<!-- figures of ${name} -->`));
    assert.deepEqual(unseen, []);
  });

  for (const { path, text } of texts) {
    it(`${path} has those of the results files (npm run gen writes them)`, () => {
      assert.equal(pages.withFigures(text, results), text);
      assert.deepEqual(pages.wrongFigures(text, results), []);
      assert.deepEqual(pages.unmarkedFigures(text, isLimit(path)), []);
    });
  }
});

describe('a planted figure', () => {
  const right = pages.withFigures(place, planted);

  it('is shown beside its limit, with where it comes from', () => {
    assert.match(right, /\| things a second \| 1,230 \/s \|/);
    assert.match(right, /at least 1,000 \/s: met/);
    assert.match(right, /Measured on 2026-01-01: .*commit 0123456; load before 0\.5/);
    assert.equal(pages.withFigures(right, planted), right);
  });

  it('with another digit in a table is found', () => {
    const wrong = right.replace('1,230', '1,330');
    assert.notEqual(wrong, right);
    assert.notEqual(pages.withFigures(wrong, planted), wrong);
  });

  const mark = '<!-- figure: planted / things a second / measured -->';

  for (const [text, says] of [
    [`makes 1,234${mark} things`, undefined],
    [`makes 1,200${mark} things`, undefined],
    [`makes 1.2 k${mark} things`, undefined],
    [`makes 1,300${mark} things`, /1,300 should be 1,200/],
    [`makes 1.3 k${mark} things`, /1\.3 k should be 1\.2 k/],
    ['0.81 ms<!-- figure: planted / time of one / measured -->', undefined],
    ['0.82 ms<!-- figure: planted / time of one / measured -->', /0\.82 should be 0\.81/],
    ['7<!-- figure: planted / nothing of the kind / measured -->', /no figure/],
    ['7<!-- figure: unheard of / time of one / measured -->', /no figure/],
    [`many${mark}`, /no number/],
    ['<!-- figures of nobody -->\n<!-- end of figures of nobody -->', /nobody\.json is missing/],
  ] as const) {
    it(`in a sentence: ${text}`, () => {
      const wrong = pages.wrongFigures(text, planted).join('\n');
      if (says === undefined) assert.equal(wrong, '');
      else assert.match(wrong, says);
    });
  }

  it('in a sentence is renewed with as many digits as it showed', () => {
    assert.equal(pages.withMarked(`makes 1.3 k${mark} things`, planted), `makes 1.2 k${mark} things`);
  });

  for (const [text, isFound] of [
    ['makes 22 M products a second', true],
    ['makes 22 products a second', true],
    ['is ×1.13 of it', true],
    ['carries 520 MB/s', true],
    [`makes 1,200${mark} a second`, false],
    ['is lost after a second', false],
  ] as const) {
    it(`${isFound ? 'without a results file is found' : 'is let through'}: ${text}`, () => {
      assert.equal(pages.unmarkedFigures(text).length, isFound ? 1 : 0);
    });
  }
});
