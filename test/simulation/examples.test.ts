/** Every example, explored under seeded faults, and explained from the reports of its parties. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { mergedText } from '../../src/cli/output/merged-text.ts';
import { mergeReports, mixed } from '../../src/observe/merged-run.ts';
import { type ReadReport, readReport } from '../../src/observe/report-schema.ts';
import { Workshop } from '../../src/simulation/workshop.ts';
import { explore, FAULT_KINDS } from '../../src/testing/index.ts';
import { share, shareOf } from '../effort.ts';
import { projectRoot } from '../tidy/project-files.ts';

/** Runs of one example, and real time for them at most. */
const RUNS = share(10);
const FOR_MS = 1_000;

const root = join(projectRoot, 'examples');

interface Example {
  /** Where the tables are. */
  readonly data: string;
  readonly parties: readonly string[];
  /** Setting that is a file which the job writes. */
  readonly writes?: readonly [setting: string, extension: string];
  /** Parties that have such a setting. Default: all of {@link parties}. */
  readonly writers?: readonly string[];
  /**
   * The column by which rows belong together, and how many of those that both have are used: no more than an
   * exploration needs.
   */
  readonly shared?: readonly [key: string, rows: number];
}

const examples: Readonly<Record<string, Example>> = {
  'two-parties/job.ts': { data: 'two-parties', parties: ['alice', 'bob'] },
  'federated-mean/job.ts': { data: 'federated-mean', parties: ['alice', 'bob', 'carol'] },
  'shared-patients/job.ts': {
    data: 'shared-patients/data',
    parties: ['alice', 'bob'],
    writes: ['output', 'csv'],
    shared: ['patient_id', 12],
  },
  'joint-risk-model/job.ts': {
    data: 'joint-risk-model/data',
    parties: ['alice', 'bob'],
    writes: ['model', 'json'],
    shared: ['patient_id', 60],
  },
  'joint-risk-model/two-parties.ts': {
    data: 'joint-risk-model/data',
    parties: ['alice', 'bob'],
    writes: ['model', 'json'],
    shared: ['patient_id', 60],
  },
  'joint-marketing-model/job.ts': {
    data: 'joint-marketing-model/data',
    parties: ['alice', 'bob'],
    writes: ['model', 'json'],
    shared: ['customer_id', 60],
  },
  'called-customers/job.ts': {
    data: 'called-customers/data',
    parties: ['alice', 'bob'],
    writes: ['output', 'csv'],
    writers: ['alice'],
  },
  'campaign-sales/job.ts': {
    data: 'campaign-sales/data',
    parties: ['alice', 'bob'],
    shared: ['customer', 60],
  },
  'joint-study/job.ts': {
    data: 'joint-study/data',
    parties: ['alice', 'bob'],
    shared: ['customer_id', 60],
  },
};

/** Jobs are files that call `job(`. */
function jobFiles(): string[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && /\bjob\(/.test(readFileSync(join(root, name), 'utf8')))
    .map((name) => relative('.', name));
}

describe('the examples', () => {
  let folder = '';
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'privity-examples-'));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('are all here', () => {
    assert.deepEqual(jobFiles().sort(), Object.keys(examples).sort());
  });

  for (const [name, example] of shareOf(Object.entries(examples), 1)) {
    it(`${name}: every promise holds under seeded faults, and its reports are explained`, async () => {
      const settings = settingsOf(example, folder);
      const options = { job: join(root, name), args: {}, settings, bounds: {}, kinds: FAULT_KINDS };
      // Whoever does not measure how long runs take needs the run before the first one once.
      const workshop = await Workshop.open({ ...options, errorDetail: 'redacted' }, AbortSignal.abort());
      try {
        const { run, violations } = await workshop.run(0, []);
        assert.deepEqual(violations, []);
        const reports = run.parties.map(({ report }) => read(JSON.parse(JSON.stringify(report))));
        assert.equal(mixed(reports), undefined);
        const text = mergedText(mergeReports(reports), null, false);
        assert.match(text, /✔ run \w+ completed[\s\S]*What left each party \(nothing else did/);

        const begun = performance.now();
        for (let seed = 1; seed <= RUNS && performance.now() - begun < FOR_MS; seed++) {
          const checked = await workshop.run(seed, workshop.planOf(seed));
          assert.deepEqual(checked.violations, [], `seed ${seed}`);
        }
      } finally {
        await workshop.close();
      }
    });
  }

  it('are the same run when a seed is made again', async () => {
    const [name, example] = Object.entries(examples)[0] ?? assert.fail();
    const settings = settingsOf(example, folder);
    const result = await explore({ job: join(root, name), settings, runs: 20, forMs: FOR_MS });
    assert.deepEqual(result.breaks, []);
    assert.equal(result.deterministic, true);
  });
});

function read(value: unknown): Extract<ReadReport, { kind: 'report' }>['report'] {
  const result = readReport(value);
  assert.equal(result.kind, 'report', JSON.stringify(result).slice(0, 500));
  return (result as Extract<ReadReport, { kind: 'report' }>).report;
}

function settingsOf(example: Example, folder: string): Record<string, Record<string, string>> {
  const { data, parties, writes, writers = parties, shared } = example;
  const tables = parties.map((party) => join(root, data, `${party}.csv`));
  const used = shared === undefined ? tables : cut(tables, shared, folder);
  return Object.fromEntries(
    parties.map((party, index) => [
      party,
      {
        table: used[index] ?? '',
        ...(writes === undefined || !writers.includes(party)
          ? {}
          : { [writes[0]]: join(folder, `${party}.${writes[1]}`) }),
      },
    ]),
  );
}

/** Tables of the first rows that all have. */
function cut(tables: readonly string[], [key, rows]: readonly [string, number], folder: string): string[] {
  const parsed = tables.map((table) => {
    const [header = '', ...lines] = readFileSync(table, 'utf8').trim().split(/\r?\n/);
    const column = header.split(',').indexOf(key);
    return { header, byId: new Map(lines.map((line) => [line.split(',')[column] ?? '', line])) };
  });
  const [first] = parsed;
  const ids = [...(first?.byId.keys() ?? [])].filter((id) => parsed.every(({ byId }) => byId.has(id)));
  return parsed.map(({ header, byId }, index) => {
    const path = join(folder, `table-${index}-${rows}-${key}.csv`);
    writeFileSync(path, `${[header, ...ids.slice(0, rows).map((id) => byId.get(id))].join('\n')}\n`);
    return path;
  });
}
