/** The example of sales by campaign: it shows what plain arithmetic makes of both files, but for small groups. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { eventsOf, start } from '../cli/processes.ts';
import { projectRoot } from '../tidy/project-files.ts';

/** One run takes a few seconds; this is for a machine that does much else. */
const RUN_TIMEOUT_MS = 120_000;
const BUYERS_MIN = 10;
const CAMPAIGNS = ['search', 'social', 'video', 'radio', 'mail', 'none'];

const main = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));
const example = join(projectRoot, 'examples/campaign-sales');

interface Shown {
  readonly campaign: string;
  readonly buyers: number | string;
  readonly euros?: number;
  readonly mean?: number;
}

async function columnsOf(party: string): Promise<ReadonlyMap<string, number>> {
  const text = await readFile(join(example, 'data', `${party}.csv`), 'utf8');
  const lines = text.trim().split('\n').slice(1);
  return new Map(
    lines.map((line) => {
      const [customer = '', value] = line.split(',');
      return [customer, Number(value)];
    }),
  );
}

async function plain(): Promise<readonly Shown[]> {
  const [seen, spent] = await Promise.all([columnsOf('alice'), columnsOf('bob')]);
  const cents = (euros: number): number => Math.round(100 * euros) / 100;
  return CAMPAIGNS.map((campaign, number) => {
    const euros = [...seen].flatMap(([id, of]) => (of === number ? (spent.get(id) ?? []) : []));
    if (euros.length < BUYERS_MIN) return { campaign, buyers: `fewer than ${BUYERS_MIN}` };
    const sum = euros.reduce((total, one) => total + one, 0);
    return { campaign, buyers: euros.length, euros: cents(sum), mean: cents(sum / euros.length) };
  });
}

describe('examples/campaign-sales', () => {
  let cwd = '';
  before(async () => {
    cwd = await mkdtemp(join(tmpdir(), 'privity-campaign-'));
    await mkdir(join(cwd, 'tmp'));
  });
  after(() => rm(cwd, { recursive: true, force: true }));

  const local = (...more: string[]) =>
    start(
      [
        ...['local', join(example, 'job.ts'), '--json', ...more],
        ...['alice', 'bob'].flatMap((party) => [
          ...['--inputs', `${party}.table=${join(example, 'data', `${party}.csv`)}`],
        ]),
      ],
      { cwd, tmp: join(cwd, 'tmp'), main, timeoutMs: RUN_TIMEOUT_MS },
    ).ended;

  it('shows sales by campaign as plain arithmetic has them, and of a small one nothing', async () => {
    const { code, stdout, stderr } = await local();
    assert.equal(code, 0, stderr);
    const wanted = await plain();
    const results = eventsOf(stdout).filter(({ event }) => event === 'result');
    assert.deepEqual(results.map(({ party }) => party).sort(), ['alice', 'bob', 'carol']);
    for (const { value } of results) assert.deepEqual(value, wanted);
    assert.equal(wanted.filter(({ euros }) => euros === undefined).length, 1, 'one of them is small');
  });

  it('ends where the advertiser has more customers than the job says', async () => {
    const { code, stdout } = await local('--arg', 'customers=500');
    assert.equal(code, 65, stdout.slice(-2_000));
    const verdicts = eventsOf(stdout).filter(({ event }) => event === 'verdict');
    assert.deepEqual(new Set(verdicts.map((verdict) => verdict.code)), new Set(['DATA_INVALID']));
  });
});
