import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Ended, eventsOf, start } from '../cli/processes.ts';
import { itLong } from '../effort.ts';
import { projectRoot } from '../tidy/project-files.ts';

/** One run takes a few seconds; this is for a machine that does much else. */
const RUN_TIMEOUT_MS = 60_000;

const main = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));
const example = join(projectRoot, 'examples/called-customers');
const tables = { alice: join(example, 'data/alice.csv'), bob: join(example, 'data/bob.csv') };

/** No value has a quote or a comma in it; a reader of its own is the point. */
async function linesOf(path: string): Promise<string[][]> {
  const [, ...lines] = (await readFile(path, 'utf8')).trim().split('\n');
  return lines.map((line) => line.split(','));
}

/** Area and number without the country, however they were written. */
const digitsOf = (number: string): string => number.replace(/\D/g, '').replace(/^(0049|49|0)/, '');

/** Numbers that a report has, also in texts; but for times and durations, which are any. */
function numbersOf(value: unknown): readonly number[] {
  if (typeof value === 'number') return [value];
  if (typeof value === 'string') return [...value.matchAll(/(?<![\w.-])\d+(?![\w.:-])/g)].map(Number);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, one]) => (/(Ms|At)$/.test(key) ? [] : numbersOf(one)));
}

describe('examples/called-customers', () => {
  let cwd = '';
  let tmp = '';
  before(async () => {
    cwd = await mkdtemp(join(tmpdir(), 'privity-called-'));
    tmp = join(cwd, 'tmp');
    await mkdir(tmp);
  });
  after(() => rm(cwd, { recursive: true, force: true }));

  const run = ({ alice, bob }: typeof tables): Promise<Ended> =>
    start(
      [
        ...['local', join(example, 'job.ts'), '--json', '--inputs', `alice.table=${alice}`],
        ...['--inputs', `bob.table=${bob}`, '--inputs', `alice.output=${join(cwd, 'called.csv')}`],
        ...['--report', join(cwd, 'reports')],
      ],
      { cwd, tmp, main, timeoutMs: RUN_TIMEOUT_MS },
    ).ended;

  it("gives the bank the agency's columns of its own customers, and the agency nothing", async () => {
    const { code, stdout } = await run(tables);
    assert.equal(code, 0, stdout.slice(-2_000));
    const calls = new Map(
      (await linesOf(tables.bob)).map(([number = '', ...of]) => [digitsOf(number), of] as const),
    );
    const expected = (await linesOf(tables.alice)).flatMap(([phone = '', ...own]) => {
      const call = calls.get(digitsOf(phone));
      return call === undefined ? [] : [[phone, ...own, ...call]];
    });
    assert.equal(expected.length, 500);
    const found = await linesOf(join(cwd, 'called.csv'));
    assert.deepEqual(found.map((row) => row.join()).sort(), expected.map((row) => row.join()).sort());

    const report: unknown = JSON.parse(await readFile(join(cwd, 'reports/bob.json'), 'utf8'));
    assert.deepEqual(
      numbersOf(report).filter((one) => one === 500),
      [],
      'the agency knows how many matched',
    );
    assert.deepEqual(numbersOf({ type: 'rows 500', bytes: [7], endedAt: 500, id: 'a500' }), [500, 7]);
  });

  itLong('says at both parties that too few match, and writes nothing', async () => {
    const few = join(cwd, 'few.csv');
    const [header, ...lines] = (await readFile(tables.alice, 'utf8')).trim().split('\n');
    await writeFile(few, [header, ...lines.slice(0, 12)].join('\n'));
    await rm(join(cwd, 'called.csv'), { force: true });
    const { code, stdout } = await run({ ...tables, alice: few });
    assert.notEqual(code, 0);
    const verdicts = eventsOf(stdout).filter(({ event }) => event === 'verdict');
    assert.deepEqual(
      verdicts.map((verdict) => (verdict as { code?: unknown }).code),
      ['DATA_INVALID', 'DATA_INVALID'],
    );
    await assert.rejects(readFile(join(cwd, 'called.csv')), { code: 'ENOENT' });
  });
});
