/** The jobs of the page about statistics do what they show, on small tables of two parties. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import ts from 'typescript';
import { closeDatabase } from '../../src/data/index.ts';
import { readEncoding } from '../../src/stats/index.ts';
import { World } from '../parts/program-world.ts';
import { blocks } from '../tidy/pages.ts';
import { projectRoot } from '../tidy/project-files.ts';

type AnyJob = Parameters<typeof World.create>[0];

const path = 'docs/statistics.md';
const jobs = blocks([{ path, text: readFileSync(join(projectRoot, path), 'utf8') }]).filter(
  ({ language }) => language === 'ts',
);

/** Sixty rows, so that each of four groups has more than the minimum; every seventh has gaps. */
const rows = Array.from({ length: 60 }, (_, row) => row);
const visits = rows.map(
  (row) => `p${row},${20 + row},${['North', 'south', 'isle'][row % 3]},${row % 7 ? row % 5 : ''},${row / 64}`,
);
const purchases = rows.map((row) => `p${row},${row},${row % 3 ? 'yes' : 'no'}`);

describe('the page about statistics', () => {
  let folder = '';
  before(() => {
    // Inside the project, where its own name leads to what is built.
    folder = mkdtempSync(join(projectRoot, 'dist-statistics-'));
    writeFileSync(join(folder, 'alice.csv'), `id,age,region,visits,score\n${visits.join('\n')}\n`);
    writeFileSync(join(folder, 'bob.csv'), `id,euros,paid\n${purchases.join('\n')}\n`);
  });
  after(async () => {
    await closeDatabase();
    rmSync(folder, { recursive: true, force: true });
  });

  /** What alice has at the end of a job of the page. */
  async function resultOf(at: number, own = {}): Promise<unknown> {
    const file = join(folder, `job-${at}.mjs`);
    const compilerOptions = { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext };
    writeFileSync(file, ts.transpileModule(jobs[at]?.text ?? '', { compilerOptions }).outputText);
    const { default: job } = (await import(pathToFileURL(file).href)) as { readonly default: AnyJob };
    const alice = { table: join(folder, 'alice.csv'), ...own };
    const world = await World.create(job, { settings: { alice, bob: { table: join(folder, 'bob.csv') } } });
    try {
      return (await world.results()).alice;
    } finally {
      await world.close();
    }
  }

  it('has jobs', () => assert.equal(jobs.length, 3));

  it('sums what was spent', async () => assert.equal(await resultOf(0), 1770));

  it('evaluates scores, of which bob alone has the result', async () =>
    assert.equal(await resultOf(2), undefined));

  it('encodes columns where they are, and keeps the rules', async () => {
    const rules = join(folder, 'rules.json');
    const groups = (await resultOf(1, { rules })) as {
      category: string;
      rows: number;
      columns: { euros: { mean: number } };
    }[];
    assert.deepEqual(
      groups.map(({ category, rows: count, columns }) => [category, count, columns.euros.mean]),
      [0, 1, 2, 3].map((bin) => [`bin ${bin + 1}`, 15, 15 * bin + 7]),
    );
    const { columns } = await readEncoding(rules);
    assert.deepEqual(columns[0]?.learned.edges, [20, 34.75, 49.5, 64.25, 79]);
  });
});
