import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { plan as marketingPlan } from '../../examples/joint-marketing-model/plan.ts';
import { type PlainModel, trainPlain } from '../../examples/joint-risk-model/plain.ts';
import { plan as riskPlan } from '../../examples/joint-risk-model/plan.ts';
import type { Disclosure, RunReport } from '../../src/observe/report.ts';
import { projectRoot } from '../tidy/project-files.ts';

/** Half a minute on a machine of two cores that does nothing else; the rest is for one that does. */
const RUN_TIMEOUT_MS = 300_000;
/** How far secret-shared training may be from the same steps in plaintext. */
const AUC_WITHIN = 0.01;

interface Result {
  readonly heldOut: { readonly auc: number; readonly accuracy: number };
  readonly coefficients: string;
}
interface Example {
  readonly job: string;
  readonly data: string;
  readonly plan: typeof riskPlan;
  readonly parties: readonly string[];
  /**
   * So many of the rows that both have, and none of the others: a smaller table of the same kind. Default: everything.
   */
  readonly sharedRows?: number;
}

const risk = 'examples/joint-risk-model';
const examples: Readonly<Record<string, Example>> = {
  'joint risk model': {
    job: `${risk}/job.ts`,
    data: `${risk}/data`,
    plan: riskPlan,
    parties: ['alice', 'bob', 'carol'],
  },
  'joint risk model of two parties': {
    job: `${risk}/two-parties.ts`,
    data: `${risk}/data`,
    plan: riskPlan,
    parties: ['alice', 'bob'],
    sharedRows: 120,
  },
  'joint marketing model': {
    job: 'examples/joint-marketing-model/job.ts',
    data: 'examples/joint-marketing-model/data',
    plan: marketingPlan,
    parties: ['alice', 'bob', 'carol'],
    sharedRows: 700,
  },
};

describe('joint models', () => {
  let folder = '';
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'privity-joint-'));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  for (const [name, example] of Object.entries(examples)) {
    it(`${name}: as good as the same training in plaintext, and nothing but shares leaves a party`, () => {
      const tables = tablesOf(example, folder);
      const model = join(folder, 'model.json');
      const { status, stdout, stderr } = spawnSync(
        process.execPath,
        [
          join(projectRoot, 'dist/src/cli/main.js'),
          ...['local', join(projectRoot, example.job), '--json', '--report', join(folder, 'reports')],
          ...['--arg', 'coefficients=bob', '--inputs', `bob.model=${model}`],
          ...['alice', 'bob'].flatMap((party) => [
            '--inputs',
            `${party}.table=${tables[party as 'alice' | 'bob']}`,
          ]),
        ],
        { encoding: 'utf8', timeout: RUN_TIMEOUT_MS, maxBuffer: 256 * 1024 * 1024 },
      );
      assert.equal(
        status,
        0,
        `${stdout
          .split('\n')
          .filter((line) => /failure|verdict/.test(line))
          .join('\n')}\n${stderr}`,
      );
      const events = stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { event: string; value?: unknown });
      const results = events.filter(({ event }) => event === 'result').map(({ value }) => value as Result);
      assert.equal(results.length, example.parties.length);

      const { key, label, training } = example.plan;
      const plain = trainPlain({ ...tables, key, label }, training);
      for (const { heldOut, coefficients } of results) {
        near(heldOut.auc, plain.auc, AUC_WITHIN);
        near(heldOut.accuracy, plain.accuracy, AUC_WITHIN + 1 / plain.rows.heldOut);
        assert.equal(coefficients, 'at bob');
      }
      compareModels(model, plain);
      checkLedgers(example, folder);
    });
  }
});

function near(actual: number, wanted: number, within: number): void {
  assert.ok(Math.abs(actual - wanted) <= within, `${actual} is not within ${within} of ${wanted}`);
}

function compareModels(path: string, plain: PlainModel): void {
  const model = JSON.parse(readFileSync(path, 'utf8')) as {
    bias: number;
    coefficients: Record<string, number>;
  };
  near(model.bias, plain.bias, 0.02);
  const coefficients = Object.values(model.coefficients);
  assert.equal(coefficients.length, plain.coefficients.length);
  for (const [at, wanted] of plain.coefficients.entries()) near(coefficients[at] ?? Number.NaN, wanted, 0.02);
}

/**
 * What is known beside shares: the intersection, shapes and names of columns, the quality, and the coefficients at bob.
 */
function checkLedgers({ parties }: Example, folder: string): void {
  const opened = new Set(['AUC', 'rows on the right side']);
  const open = new Set(['features', 'count shared', ...opened]);
  for (const party of parties) {
    const report = JSON.parse(readFileSync(join(folder, 'reports', `${party}.json`), 'utf8')) as RunReport;
    const strange = report.disclosures.filter(
      ({ kind, name, to }: Disclosure) =>
        !(kind === 'psi' || kind === 'share' || open.has(name)) &&
        !(kind === 'reveal' && ['coefficients', 'bias'].includes(name) && to.join() === 'bob'),
    );
    assert.deepEqual(strange, []);
    const [device] = report.secure ?? [];
    assert.ok(
      device && device.rounds > 100 && device.operations.some(({ operation }) => operation === 'sigmoid'),
    );
  }
}

function tablesOf({ data, plan, sharedRows }: Example, folder: string): { alice: string; bob: string } {
  const paths = { alice: join(projectRoot, data, 'alice.csv'), bob: join(projectRoot, data, 'bob.csv') };
  if (sharedRows === undefined) return paths;
  const read = (path: string) => readFileSync(path, 'utf8').trim().split(/\r?\n/);
  const idOf = (line: string, header: string) => line.split(',')[header.split(',').indexOf(plan.key)] ?? '';
  const [header = '', ...lines] = read(paths.bob);
  const bobs = new Set(lines.map((line) => idOf(line, header)));
  const [first = '', ...mine] = read(paths.alice);
  const ids = mine.map((line) => idOf(line, first)).filter((id) => bobs.has(id));
  const kept = new Set(ids.slice(0, sharedRows));
  const write = (party: string, head: string, rows: readonly string[]) => {
    const path = join(folder, `${party}-${sharedRows}.csv`);
    writeFileSync(path, `${[head, ...rows.filter((row) => kept.has(idOf(row, head)))].join('\n')}\n`);
    return path;
  };
  return { alice: write('alice', first, mine), bob: write('bob', header, lines) };
}
