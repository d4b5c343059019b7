/**
 * Contracts of the examples: the files beside them are what `privity contract make` writes now, and runs under them
 * come to the same end as without.
 */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Ended, eventsOf, start } from '../cli/processes.ts';
import { effort, shareOf } from '../effort.ts';
import { projectRoot } from '../tidy/project-files.ts';

/** Half a minute on a machine of two cores that does nothing else; the rest is for one that does. */
const COMMAND_MS = 300_000;

const main = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));
const root = join(projectRoot, 'examples');

interface Example {
  readonly job: string;
  readonly data: string;
  readonly parties: readonly string[];
  /** Settings that are files which the job writes, by party. */
  readonly writes?: Readonly<Record<string, string>>;
  /** Bytes are those of encrypted rows, whose length goes by the made-up ones: not the same in each place. */
  readonly isPriceOpen?: boolean;
  /** Arithmetic of a secure device rounds by chance: results of two runs are near each other. */
  readonly within?: number;
}

/** The rows of an intersection come in another order in each run, and sums have an order. */
const LAST_BITS = 1e-9;

const examples: readonly Example[] = [
  { job: 'two-parties/job', data: 'two-parties', parties: ['alice', 'bob'] },
  { job: 'federated-mean/job', data: 'federated-mean', parties: ['alice', 'bob', 'carol'] },
  {
    job: 'shared-patients/job',
    data: 'shared-patients/data',
    parties: ['alice', 'bob'],
    writes: { alice: 'output', bob: 'output' },
  },
  {
    job: 'called-customers/job',
    data: 'called-customers/data',
    parties: ['alice', 'bob'],
    writes: { alice: 'output' },
    isPriceOpen: true,
  },
  { job: 'joint-risk-model/job', data: 'joint-risk-model/data', parties: ['alice', 'bob'], within: 0.02 },
  {
    job: 'joint-risk-model/two-parties',
    data: 'joint-risk-model/data',
    parties: ['alice', 'bob'],
    within: 0.02,
  },
  {
    job: 'joint-marketing-model/job',
    data: 'joint-marketing-model/data',
    parties: ['alice', 'bob'],
    within: 0.02,
  },
  { job: 'campaign-sales/job', data: 'campaign-sales/data', parties: ['alice', 'bob'] },
  { job: 'joint-study/job', data: 'joint-study/data', parties: ['alice', 'bob'], within: 0.02 },
];

describe('contracts of the examples', () => {
  let cwd = '';
  let tmp = '';
  before(async () => {
    cwd = await mkdtemp(join(tmpdir(), 'privity-contracts-'));
    tmp = join(cwd, 'tmp');
    await mkdir(tmp);
  });
  after(() => rm(cwd, { recursive: true, force: true }));
  const privity = (args: readonly string[]): Promise<Ended> =>
    start(args, { cwd, tmp, main, timeoutMs: COMMAND_MS }).ended;
  const inputsOf = ({ data, parties, writes = {} }: Example): string[] =>
    parties.flatMap((party) => [
      ...['--inputs', `${party}.table=${join(root, data, `${party}.csv`)}`],
      ...(writes[party] === undefined
        ? []
        : ['--inputs', `${party}.${writes[party]}=${join(cwd, `${party}-out.csv`)}`]),
    ]);

  for (const example of shareOf(examples)) {
    const { job, isPriceOpen = false } = example;
    const compared = (text: string): string =>
      isPriceOpen ? text.replace(/^price:\n(?: .*\n)+/m, '') : text;
    it(`${job}: the file is what make writes`, async () => {
      const made = await privity([
        'contract',
        'make',
        join(root, `${job}.ts`),
        '--out',
        'made.yaml',
        '--force',
        ...inputsOf(example),
      ]);
      assert.equal(made.code, 0, made.stderr);
      const text = await readFile(join(cwd, 'made.yaml'), 'utf8');
      assert.equal(
        compared(text),
        compared(await readFile(join(root, `${job}.contract.yaml`), 'utf8')),
        'privity contract make --force',
      );
    });
  }

  for (const example of shareOf(examples, effort < 1 ? 2 : 0)) {
    const { job, within = LAST_BITS } = example;
    it(`${job}: a run under it has the result of one without`, async () => {
      const resultOf = async (...more: string[]): Promise<unknown> => {
        const ended = await privity([
          'local',
          join(root, `${job}.ts`),
          '--json',
          ...inputsOf(example),
          ...more,
        ]);
        assert.equal(ended.code, 0, ended.stdout.slice(-2_000));
        return eventsOf(ended.stdout).find(({ event }) => event === 'result')?.value;
      };
      const free = await resultOf();
      near(await resultOf('--contract', join(root, `${job}.contract.yaml`)), free, within);
    });
  }
});

function near(value: unknown, other: unknown, within: number): void {
  if (typeof value === 'number' && typeof other === 'number')
    assert.ok(Math.abs(value - other) <= within, `${value} and ${other}`);
  else if (typeof value === 'object' && value !== null && typeof other === 'object' && other !== null) {
    assert.deepEqual(Object.keys(value), Object.keys(other));
    for (const [key, one] of Object.entries(value))
      near(one, (other as Record<string, unknown>)[key], within);
  } else assert.deepEqual(value, other);
}
