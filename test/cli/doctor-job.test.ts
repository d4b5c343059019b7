/** `privity doctor --job`: what a job needs at one party, with the real loader and the real DuckDB. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { itLong } from '../effort.ts';
import { here } from './here.ts';

const main = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));
interface Check {
  readonly name: string;
  readonly status: string;
  readonly text: string;
  readonly remedy?: string;
}

let cwd: string;
before(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'privity-doctor-job-'));
  for (const party of ['alice', 'bob']) await privity('keygen', '--party', party);
  await privity(
    ...['federation', 'create', '--name', 'demo', '--out', 'federation.yaml'],
    ...['--party', 'alice=127.0.0.1:7301=alice.cert.pem', '--party', 'bob=127.0.0.1:7302=bob.cert.pem'],
  );
  const jobs = {
    'job.ts':
      "{ parties: ['alice', 'bob'], args: z.object({ year: z.coerce.number() }), settings: { alice: z.object({ table: z.string(), output: z.string().optional() }) } }",
    'three.ts': "{ parties: ['alice', 'bob', 'carol'] }",
  };
  for (const [name, options] of Object.entries(jobs))
    await writeFile(
      join(cwd, name),
      `import { job, z } from 'privity';\nvoid z;\nexport default job(${options}, () => 1);\n`,
    );
  await writeFile(join(cwd, 'empty.ts'), 'export const x = 1;\n');
  await writeFile(join(cwd, 'a.csv'), 'id,age\n1,20\n2,30\n');
  await writeFile(join(cwd, 'packed.csv.gz'), gzipSync('id,age\n1,20\n'));
  await writeFile(join(cwd, 'broken.csv'), Buffer.from('id,n\n\xff,2\n', 'latin1'));
});
after(() => rm(cwd, { recursive: true, force: true }));

const privity = (...args: string[]) => here(args, { cwd, entry: main });

/** The checks of a job: those of the party, the network and the machine are left out. */
async function checksOf(
  settings: string,
  ...args: string[]
): Promise<{ code: number | null; checks: Map<string, Check> }> {
  const config = await readFile(join(cwd, 'alice.party.yaml'), 'utf8');
  await writeFile(join(cwd, 'with.yaml'), `${config}${settings}`);
  const { code, stdout, stderr } = await privity('doctor', '--config', 'with.yaml', '--json', ...args);
  assert.equal(stderr, '');
  const { checks } = JSON.parse(stdout) as { checks: Check[] };
  const names = ['job', 'arguments', 'settings', 'DuckDB'];
  return {
    code,
    checks: new Map(
      checks
        .filter(({ name }) => names.includes(name) || name.startsWith('table '))
        .map((check) => [check.name, check]),
    ),
  };
}
const brief = (checks: Map<string, Check>): string[] =>
  [...checks.values()].map(
    ({ name, status, text }) => `${status} ${name}: ${text.replace(/^v\S+/, 'VERSION')}`,
  );

describe('privity doctor --job', () => {
  it('finds everything in order', async () => {
    const settings = 'settings:\n  table: ./a.csv\n  output: ./out.csv\n';
    const { code, checks } = await checksOf(settings, '--job', 'job.ts', '--arg', 'year=2024');
    assert.deepEqual(brief(checks), [
      'ok job: job.ts loads; a job for alice, bob',
      'ok arguments: year fit the job',
      'ok settings: alice has table, output',
      'ok DuckDB: VERSION works',
      'ok table table: a.csv, 2 rows with id, age',
      `unknown table output: out.csv is not there; looked for ${join(cwd, 'out.csv')}`,
    ]);
    assert.equal(code, 0);
  });

  itLong('says what is wrong with settings and tables, and what to do', async () => {
    const mistyped = await checksOf('settings:\n  tabel: ./a.csv\n', '--job', 'job.ts');
    assert.equal(mistyped.code, 78);
    assert.match(mistyped.checks.get('settings')?.text ?? '', /tabel is unknown; did you mean "table"\?/);
    assert.match(mistyped.checks.get('arguments')?.remedy ?? '', /give the same --arg/);
    const broken = await checksOf('settings:\n  table: ./broken.csv\n', '--job', 'job.ts');
    assert.equal(broken.code, 78);
    assert.equal(broken.checks.get('table table')?.status, 'failed');
    const missing = await checksOf('settings:\n  table: ./none.csv\n', '--job', 'job.ts', '--arg', 'year=1');
    assert.equal(missing.code, 78);
    assert.match(brief(missing.checks).join('\n'), /failed table table: none\.csv is not there/);
    const packed = ['--inputs', 'alice.table=packed.csv.gz'];
    const typed = await checksOf('', '--job', 'job.ts', ...packed, '--arg', 'year=x');
    assert.equal(typed.checks.get('table table')?.text, 'packed.csv.gz, 1 row with id, age');
    assert.equal(typed.checks.get('arguments')?.status, 'failed');
    for (const check of [...mistyped.checks.values(), ...broken.checks.values()])
      assert.ok(check.status === 'ok' || check.remedy, check.name);
  });

  itLong('says when the job does not load, is none, or is for other parties', async () => {
    for (const [file, words] of [
      ['none.ts', /cannot be read/],
      ['empty.ts', /has no default export|not a job/],
      ['three.ts', /is for alice, bob, carol; the federation is alice, bob/],
    ] as const) {
      const { code, checks } = await checksOf('', '--job', file);
      assert.equal(code, 78);
      assert.match(checks.get('job')?.text ?? '', words);
      assert.equal(checks.get('job')?.status, 'failed');
    }
  });

  it('needs no party for the job alone', async () => {
    const { code, stdout } = await privity('doctor', '--job', 'job.ts');
    assert.equal(code, 0, stdout);
    assert.match(stdout, /✔ job +job\.ts loads; a job for alice, bob/);
  });
});
