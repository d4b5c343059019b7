/** What a person has typed wrong for a job is told once, as that person's mistake, before any party is started. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { shareOf } from '../effort.ts';
import { here } from './here.ts';
import { run } from './processes.ts';

const main = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));
const JOB = `import { job, z } from 'privity';
export default job(
  {
    parties: ['alice', 'bob'],
    args: z.object({ minimum: z.coerce.number().default(3) }),
    settings: { alice: z.object({ table: z.string() }), bob: z.object({ table: z.string() }) },
  },
  async ({ alice, reveal }) => reveal(alice.run('one', () => 1)),
);
`;

let cwd: string;
let tmp: string;
before(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'privity-given-'));
  tmp = join(cwd, 'tmp');
  await mkdir(tmp);
  await writeFile(join(cwd, 'job.ts'), JOB);
});
after(() => rm(cwd, { recursive: true, force: true }));

const tables = ['--setting', 'alice.table=a', '--setting', 'bob.table=b'];
const cases: readonly (readonly [string, readonly string[], number, string, RegExp])[] = [
  [
    'an argument that is mistyped',
    ['--arg', 'minimun=10', ...tables],
    64,
    'PRIVITY_ARGS_INVALID',
    /: minimun is unknown; did you mean "minimum"\? Pass them with --arg/,
  ],
  [
    'an argument of the wrong kind',
    ['--arg', 'minimum=ten', ...tables],
    64,
    'PRIVITY_ARGS_INVALID',
    /: minimum: "ten" is not a number\. Pass/,
  ],
  [
    'a setting that is missing',
    tables.slice(0, 2),
    66,
    'PRIVITY_SETTING_MISSING',
    /settings of bob do not fit the job: table is missing\. Set them with --setting bob\.table=VALUE, a file with --inputs bob\.table=FILE, or under "settings:" in the party file of bob\./,
  ],
  [
    'a setting that is mistyped',
    ['--setting', 'alice.tabel=a', ...tables.slice(2)],
    64,
    'PRIVITY_SETTINGS_INVALID',
    /settings of alice do not fit the job: tabel is unknown; did you mean "table"\? Set them/,
  ],
];

describe('what one party was given', () => {
  const bob = ['--party', 'bob=127.0.0.1:2=bob.cert.pem'];
  before(async () => {
    for (const party of ['alice', 'bob'])
      assert.equal((await here(['keygen', '--party', party], { cwd })).code, 0);
    const alice = ['--party', 'alice=127.0.0.1:1=alice.cert.pem'];
    const made = ['federation', 'create', '--name', 'x', '--out', 'federation.yaml', ...alice, ...bob];
    assert.equal((await here(made, { cwd })).code, 0);
    const file = join(cwd, 'alice.party.yaml');
    const text = await readFile(file, 'utf8');
    await writeFile(file, `${text.replace(/^settings:.*$/m, '')}\nsettings:\n  tabel: canary\n`);
  });

  for (const [what, words, exit, code, said] of [
    ...cases.slice(0, 2),
    [
      'a setting of the party file that is mistyped',
      [],
      64,
      'PRIVITY_SETTINGS_INVALID',
      /settings of alice do not fit the job: tabel is unknown; did you mean "table"\? Set them/,
    ] as const,
  ])
    it(`is refused by run before anybody is dialled: ${what}`, async () => {
      const ended = await run(['run', 'job.ts', '--config', 'alice.party.yaml', ...words.slice(0, 2)], {
        cwd,
        tmp,
        main,
      });
      assert.equal(ended.code, exit, ended.stderr);
      assert.equal(ended.stdout, '');
      assert.match(ended.stderr, said);
      assert.doesNotMatch(ended.stderr, /canary/);
      assert.match(ended.stderr, new RegExp(`code {3}${code}, exit code ${exit}`));
    });
});

describe('what does not fit a job', () => {
  for (const command of ['local', 'explore'])
    for (const [what, words, exit, code, said] of shareOf(cases, command === 'local' ? 0 : 2))
      it(`is told once by ${command}: ${what}`, async () => {
        const ended = await run([command, 'job.ts', ...words], { cwd, tmp, main });
        assert.equal(ended.code, exit, ended.stderr);
        assert.equal(ended.stdout, '');
        assert.equal(ended.stderr.split('error ').length, 2, ended.stderr);
        assert.match(ended.stderr, said);
        assert.match(ended.stderr, new RegExp(`code {3}${code}, exit code ${exit}`));
        // Nothing was begun.
        assert.deepEqual(
          (await readdir(tmp)).filter((name) => name.startsWith('privity-')),
          [],
        );
      });
});
