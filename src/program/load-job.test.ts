import assert from 'node:assert/strict';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { World } from '../testing/program-world.ts';
import { isJob } from './job.ts';
import { loadJob } from './load-job.ts';

let dir = '';
before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'privity-jobs-'));
});
after(() => rm(dir, { recursive: true, force: true }));

async function folder(name: string, files: Readonly<Record<string, string>>): Promise<string> {
  for (const [file, text] of Object.entries(files)) {
    const path = join(dir, name, file);
    await mkdir(join(path, '..'), { recursive: true });
    await writeFile(path, text);
  }
  return join(dir, name);
}

const simple = `
import { job } from 'privity';
export default job({ parties: ['alice', 'bob'] }, async ({ alice, bob, reveal }) => {
  const x = alice.run('x', () => 20);
  return reveal(bob.run('y', { x: x.to(bob) }, ({ x }) => x + 1));
});
`;

describe('loadJob', () => {
  for (const file of ['job.ts', 'job.mts', 'job.js', 'job.mjs']) {
    it(`loads ${file} from anywhere, with the running copy of privity`, async () => {
      const at = await folder(`plain-${file}`, { [file]: simple });
      const { job, files, hash } = await loadJob(join(at, file));
      assert.deepEqual(files, [file]);
      assert.match(hash, /^[0-9a-f]{64}$/);
      const world = await World.create(job);
      assert.deepEqual(await world.results(), { alice: 21, bob: 21 });
      await world.close();
    });
  }

  it('takes the running copy even if another one is installed beside the job', async () => {
    const at = await folder('installed', {
      'job.mjs': simple,
      'package.json': '{"type":"module"}',
      'node_modules/privity/package.json': '{"name":"privity","type":"module","exports":"./index.js"}',
      'node_modules/privity/index.js': 'export const job = () => "another copy";',
    });
    assert.ok(isJob((await loadJob(join(at, 'job.mjs'))).job));
  });

  it('gives all that a job needs: types are erased, z is there, packages and data beside the job too', async () => {
    const at = await folder('rich', {
      'job.ts': `
        import { job, z, psi, readTable, type At } from 'privity';
        import { limit } from './lib/limit.ts';
        import other from './lib/other';
        import data from './data.json';
        import installed from 'installed';
        const identity = <P extends string>(x: At<P, number>): At<P, number> => x;
        export default job({ parties: ['alice'], args: z.object({ n: z.coerce.number() }) }, async ({ alice, args, reveal }) => {
          const x: At<'alice', number> = identity(alice.run('x', () => args.n + limit + other + data.n + installed.n));
          return [await reveal(x), typeof psi, typeof readTable];
        });`,
      'lib/limit.ts': 'import { more } from "../more.mjs"; export const limit: number = more + 10;',
      'lib/other.ts': 'export default 100;',
      'more.mjs': 'export const more = 1;',
      'data.json': '{"n": 1000}',
      'node_modules/installed/package.json': '{"name":"installed","main":"index.js"}',
      'node_modules/installed/index.js': 'module.exports = { n: 10000 };',
    });
    const { job, files } = await loadJob(join(at, 'job.ts'));
    assert.deepEqual(files, ['job.ts', 'data.json', 'lib/limit.ts', 'lib/other.ts', 'more.mjs']);
    const world = await World.create(job, { args: { n: '5' } });
    assert.deepEqual(await world.results(), { alice: [11116, 'function', 'function'] });
    await world.close();
  });

  describe('the hash', () => {
    const files = { 'job.ts': `import './a.ts';${simple}`, 'a.ts': 'export const a = 1;' };
    const hashOf = async (name: string, more: Readonly<Record<string, string>>, file = 'job.ts') =>
      (await loadJob(join(await folder(name, { ...files, ...more }), file))).hash;

    it('is the same in another folder, through a link and under another name', async () => {
      const hash = await hashOf('h1', {});
      assert.equal(await hashOf('h2/deeper', {}), hash);
      await symlink(join(dir, 'h1', 'job.ts'), join(dir, 'linked.ts'));
      assert.equal((await loadJob(join(dir, 'linked.ts'))).hash, hash);
      await cp(join(dir, 'h1', 'job.ts'), join(dir, 'h1', 'renamed.ts'));
      assert.equal((await loadJob(join(dir, 'h1', 'renamed.ts'))).hash, hash);
    });

    it('differs with any byte of the job or of a file that it imports, also when loaded again', async () => {
      const hash = await hashOf('h3', {});
      assert.notEqual(await hashOf('h3', { 'job.ts': `${files['job.ts']} ` }), hash);
      assert.notEqual(await hashOf('h3', { 'a.ts': 'export const a = 2;' }), hash);
      assert.equal(await hashOf('h3', {}), hash);
    });

    it('differs with the deadline that the job declares, wherever that comes from', async () => {
      const job = simple.replace(
        /parties: \[[^\]]*\]/,
        '$&, stepDeadlineMs: Number(process.env.JOB_TEST_MS)',
      );
      assert.notEqual(job, simple);
      const hashAt = (ms: string) => {
        process.env.JOB_TEST_MS = ms;
        return hashOf('h7', { 'job.ts': job });
      };
      const hash = await hashAt('1000');
      assert.notEqual(await hashAt('2000'), hash);
      assert.equal(await hashAt('1000'), hash);
      delete process.env.JOB_TEST_MS;
    });

    it('differs when an imported file has another place', async () => {
      const hash = await hashOf('h4', {});
      const moved = { 'job.ts': files['job.ts'].replace('./a.ts', './b/a.ts'), 'b/a.ts': files['a.ts'] };
      assert.notEqual(await hashOf('h6', moved), hash);
    });
  });

  it('runs tasks whose source has paths in it in lockstep', async () => {
    const text = `
      import { job } from 'privity';
      export default job({ parties: ['alice', 'bob'] }, async ({ alice, reveal }) =>
        reveal(alice.run('where', () => import.meta.url.startsWith('file:'))));`;
    const [here, there] = [
      await folder('here', { 'job.ts': text }),
      await folder('there', { 'job.ts': text }),
    ];
    const world = await World.create({
      alice: (await loadJob(join(here, 'job.ts'))).job,
      bob: (await loadJob(join(there, 'job.ts'))).job,
    });
    assert.deepEqual(await world.results(), { alice: true, bob: true });
    await world.close();
  });

  const wrong: readonly [string, string, string, RegExp][] = [
    ['a syntax error', 'const = 1;', 'PRIVITY_JOB_SYNTAX', /job\.ts/],
    ['a syntax error in an imported file', 'import "./broken.ts";', 'PRIVITY_JOB_SYNTAX', /broken\.ts/],
    ['an error while loading', 'throw new Error("at load");', 'PRIVITY_JOB_LOAD_FAILED', /at load/],
    ['a thrown string', 'throw "at load";', 'PRIVITY_JOB_LOAD_FAILED', /at load/],
    ['a missing package', 'import "no-such-package";', 'PRIVITY_JOB_LOAD_FAILED', /no-such-package/],
    ['a missing file', 'import "./gone.ts";', 'PRIVITY_JOB_LOAD_FAILED', /gone/],
    ['no default export', 'export const x = 1;', 'PRIVITY_JOB_NOT_A_JOB', /./],
    ['an empty file', '', 'PRIVITY_JOB_NOT_A_JOB', /has no default export/],
    ['another default export', 'export default { parties: ["a"] };', 'PRIVITY_JOB_NOT_A_JOB', /not a job/],
    ['a function as default export', 'export default () => 1;', 'PRIVITY_JOB_NOT_A_JOB', /not a job/],
    [
      'a party named twice',
      'import { job } from "privity"; export default job({ parties: ["a", "a"] }, () => 1);',
      'PRIVITY_JOB_INVALID',
      /"a" twice/,
    ],
  ];
  for (const [what, text, code, words] of wrong) {
    it(`refuses ${what}: ${code}`, async () => {
      const at = await folder(`wrong-${what.replaceAll(' ', '-')}`, {
        'job.ts': text,
        'broken.ts': 'let let;',
      });
      await assert.rejects(loadJob(join(at, 'job.ts')), (error: Error & { code?: string }) => {
        assert.equal(error.code, code, error.message);
        assert.match(error.message, words);
        return true;
      });
    });
  }

  it('refuses files that are not there, no files or no jobs by name', async () => {
    for (const path of [join(dir, 'missing.ts'), dir, join(dir, 'data.json')]) {
      await assert.rejects(loadJob(path), { code: 'PRIVITY_JOB_NOT_FOUND' });
    }
    await mkdir(join(dir, 'folder.ts'));
    await assert.rejects(loadJob(join(dir, 'folder.ts')), { code: 'PRIVITY_JOB_NOT_FOUND' });
  });
});
