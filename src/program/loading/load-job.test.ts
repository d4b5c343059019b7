import assert from 'node:assert/strict';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { World } from '../../../test/parts/program-world.ts';
import { isJob } from '../model/job.ts';
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

  it('gives statistics of the running copy, by either way to import them', async () => {
    const mean = `(spu) => statistic({
      name: 'one',
      open: { one: [spu.constant(1), 'one'] },
      result: ({ one }) => one[0],
    })`;
    const body = `
      export default job({ parties: ['alice', 'bob', 'carol'] }, async ({ alice, bob, carol, reveal }) =>
        (${mean})(secure([alice, bob, carol], { protocol: 'rep3' })).reveal(reveal));`;
    const privity = `import { job, secure } from 'privity';`;
    const at = await folder('statistics', {
      'static.ts': `${privity}\nimport { statistic } from 'privity/stats';${body}`,
      'required.ts': `${privity}\nconst { statistic } = require('privity/stats');${body}`,
      'late.ts': `${privity}${body}`.replace(
        mean,
        `await import('privity/stats').then(({ statistic }) => ${mean})`,
      ),
    });
    for (const file of ['static.ts', 'required.ts', 'late.ts']) {
      const { job, items } = await loadJob(join(at, file));
      assert.deepEqual(
        items.map(({ name }) => name),
        [''],
      );
      const world = await World.create(job);
      assert.deepEqual(await world.results(), { alice: 1, bob: 1, carol: 1 });
      await world.close();
    }
  });

  it('refuses what starts runs, however it is imported', async () => {
    const refused = { code: 'PRIVITY_JOB_LOAD_FAILED', message: /imports privity\/control/ };
    const at = await folder('control', {
      'static.ts': `import { run } from 'privity/control';\n${simple}\nvoid run;`,
      'required.ts': `${simple}\nrequire('privity/control').run;`,
      'late.ts': `
        import { job } from 'privity';
        export default job({ parties: ['alice'] }, ({ alice, reveal }) =>
          reveal(alice.run('x', async () => Object.keys(await import('privity/control')).length)));`,
    });
    await assert.rejects(loadJob(join(at, 'static.ts')), refused);
    await assert.rejects(loadJob(join(at, 'required.ts')), refused);
    const world = await World.create((await loadJob(join(at, 'late.ts'))).job);
    await assert.rejects(world.results(), /USAGE at alice in "x"/);
    await world.close();
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

  describe('what it imports while it runs', () => {
    const job = (body: string): string => `
      import { job } from 'privity';
      export default job({ parties: ['alice', 'bob'] }, async ({ alice, bob, reveal }) => {
        ${body}
        return [await reveal(alice.run('a', () => rate())), await reveal(bob.run('b', () => rate()))];
      });`;
    const rate = (n: number): string => `export const rate = (): number => ${n};`;
    const items = async (at: string) =>
      new Map((await loadJob(join(at, 'job.ts'))).items.map((i) => [i.name, i.digest]));

    const ways: readonly (readonly [string, string, Readonly<Record<string, string>>, string])[] = [
      ['import()', "const { rate } = await import('./rate.ts');", { 'rate.ts': rate(1) }, 'rate.ts'],
      [
        'import() of a module for Node',
        "const { rate } = await import('./rate.mjs');",
        { 'rate.mjs': 'export const rate = () => 1;' },
        'rate.mjs',
      ],
      [
        'require',
        "const { rate } = require('./rate.cjs');",
        { 'rate.cjs': 'exports.rate = () => 1;' },
        'rate.cjs',
      ],
      [
        'a file that imports another',
        "const { rate } = await import('./deep/index.ts');",
        { 'deep/index.ts': "export * from '../rate.ts';", 'rate.ts': rate(1) },
        'rate.ts',
      ],
      [
        'a package',
        "const { rate } = await import('rates');",
        {
          'node_modules/rates/package.json': '{"name":"rates","main":"index.js"}',
          'node_modules/rates/index.js': "exports.rate = () => require('./lib/one').rate();",
          'node_modules/rates/lib/one.js': 'exports.rate = () => 1;',
        },
        'node_modules/rates/lib/one.js',
      ],
      [
        'a file in a folder called node_modules',
        "const { rate } = await import('./node_modules/rate.ts');",
        { 'node_modules/rate.ts': rate(1) },
        'node_modules/rate.ts',
      ],
    ];
    for (const [what, body, files, name] of ways) {
      it(`is hashed, and can be loaded: ${what}`, async () => {
        const at = await folder(`later-${what.replaceAll(' ', '-')}`, { 'job.ts': job(body), ...files });
        const before = await items(at);
        assert.ok(before.has(name), [...before.keys()].join());
        const world = await World.create((await loadJob(join(at, 'job.ts'))).job);
        assert.deepEqual(await world.results(), { alice: [1, 1], bob: [1, 1] });
        await world.close();
        await folder(`later-${what.replaceAll(' ', '-')}`, { [name]: `${files[name]} // other` });
        const after = await items(at);
        assert.deepEqual(
          [...before].filter(([file, digest]) => after.get(file) !== digest).map(([file]) => file),
          [name],
        );
      });
    }

    const late: readonly (readonly [string, string, Readonly<Record<string, string>>])[] = [
      ['import()', "const { rate } = await import(['.', 'rate.ts'].join('/'));", { 'rate.ts': rate(1) }],
      [
        'import() of a module for Node',
        "const { rate } = await import(['.', 'rate.mjs'].join('/'));",
        { 'rate.mjs': 'export const rate = () => 1;' },
      ],
      ['require', "const { rate } = require(['.', 'rate.ts'].join('/'));", { 'rate.ts': rate(1) }],
      [
        'require of CommonJS',
        "const { rate } = require(['.', 'rate.cjs'].join('/'));",
        { 'rate.cjs': 'exports.rate = () => 1;' },
      ],
      [
        'require of data',
        "const { rate } = { rate: () => require(['.', 'rate.json'].join('/')) }; rate();",
        { 'rate.json': '1' },
      ],
      [
        'a package that loads a part of itself so',
        "const { rate } = await import('rates'); rate();",
        {
          'node_modules/rates/package.json': '{"name":"rates","main":"index.js"}',
          'node_modules/rates/index.js': "exports.rate = () => require(['.', 'rate'].join('/')).rate();",
          'node_modules/rates/rate.js': 'exports.rate = () => 1;',
        },
      ],
    ];
    for (const [what, body, files] of late) {
      it(`is refused by name, where nobody could compare it: ${what}`, async () => {
        const said = `try { ${body} rate(); } catch (error) { return error.code + ' ' + error.message; }`;
        const text = job(`${said} const rate = () => 1;`);
        const at = await folder(`late-${what.replaceAll(' ', '-')}`, { 'job.ts': text, ...files });
        const world = await World.create((await loadJob(join(at, 'job.ts'))).job);
        const { alice } = (await world.results()) as { readonly alice: string };
        assert.match(
          alice,
          /^PRIVITY_JOB_LATE_IMPORT The job loads (node_modules\/rates\/)?rate\.\w+ while it runs/,
        );
        await world.close();
      });
    }

    it('is hashed for a job that lies in a folder called node_modules itself', async () => {
      const at = await folder('node_modules/installed-job', {
        'job.ts': job("const { rate } = await import('./rate.ts');"),
        'rate.ts': rate(1),
      });
      const { files, items: all } = await loadJob(join(at, 'job.ts'));
      assert.deepEqual(files, ['job.ts', 'rate.ts']);
      assert.deepEqual(
        all.map(({ name }) => name),
        ['', 'rate.ts'],
      );
    });

    it('leaves machine code of packages out, which differs from machine to machine', async () => {
      const at = await folder('native', {
        'job.ts': job("const { rate } = await import('fast');"),
        'node_modules/fast/package.json': '{"name":"fast","main":"index.js"}',
        'node_modules/fast/index.js': "exports.rate = () => require('fast-linux').rate();",
        'node_modules/fast-linux/package.json': '{"name":"fast-linux","main":"index.js","os":["linux"]}',
        'node_modules/fast-linux/index.js': 'exports.rate = () => 1;',
      });
      const loaded = await loadJob(join(at, 'job.ts'));
      assert.deepEqual(
        loaded.items.map(({ name }) => name),
        ['', 'node_modules/fast/index.js'],
      );
      const world = await World.create(loaded.job);
      assert.deepEqual(await world.results(), { alice: [1, 1], bob: [1, 1] });
      await world.close();
    });
  });

  const wrong: readonly [string, string, string, RegExp][] = [
    ['a syntax error', 'const = 1;', 'PRIVITY_JOB_SYNTAX', /job\.ts/],
    ['a syntax error in an imported file', 'import "./broken.ts";', 'PRIVITY_JOB_SYNTAX', /broken\.ts/],
    ['an error while loading', 'throw new Error("at load");', 'PRIVITY_JOB_LOAD_FAILED', /at load/],
    ['a thrown string', 'throw "at load";', 'PRIVITY_JOB_LOAD_FAILED', /at load/],
    ['a missing package', 'import "no-such-package";', 'PRIVITY_JOB_LOAD_FAILED', /no-such-package/],
    ['a missing file', 'import "./gone.ts";', 'PRIVITY_JOB_LOAD_FAILED', /gone/],
    [
      'no default export',
      'export const x = 1;',
      'PRIVITY_JOB_NOT_A_JOB',
      /has no default export.* Write: export default job\(/,
    ],
    [
      'a job under a name',
      'import { job } from "privity"; export const mean = job({ parties: ["a"] }, () => 1);',
      'PRIVITY_JOB_NOT_A_JOB',
      /has no default export\. It exports a job as mean\./,
    ],
    ['top-level await', 'const a = 1;\n\nawait 1;', 'PRIVITY_JOB_TOP_LEVEL_AWAIT', /job\.ts, line 3: await/],
    [
      'top-level await in an imported file',
      'import "./waits.ts";',
      'PRIVITY_JOB_TOP_LEVEL_AWAIT',
      /waits\.ts, line 2: await/,
    ],
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
        'waits.ts': 'export const a = 1;\nfor await (const one of [1]) console.log(one);',
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
