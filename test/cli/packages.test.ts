/** Jobs of a node that import packages: those on the list of every party run, others are not approved. */
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { bubblewrapOr } from '../sandbox/possible.ts';
import { type Party, TwoNodes } from './two-nodes.ts';

let nodes: TwoNodes;

/** In a folder of packages. */
async function install(
  folder: string,
  name: string,
  code: string,
  needs: readonly string[] = [],
): Promise<void> {
  const dependencies = Object.fromEntries(needs.map((need) => [need, '*']));
  const at = join(folder, 'node_modules', name);
  await mkdir(at, { recursive: true });
  await writeFile(join(at, 'package.json'), JSON.stringify({ name, version: '1.2.0', dependencies }));
  await writeFile(join(at, 'index.js'), code);
}

/** A job that reveals what it makes of four members. */
const jobWith = (imports: string, made: string): string => `
import { job, readTable, z } from 'privity';
${imports}
const file = z.object({ table: z.string() });
export default job({ parties: ['alice', 'bob'], settings: { alice: file, bob: file } }, async ({ alice, bob, reveal }) => {
  const count = alice.run('count', ({ settings }) => ${made});
  return { count: await reveal(count) };
});
`;

const CONTRACT = `version: 1
parties: [alice, bob]
steps: [count]
discloses:
  - { step: count, kind: reveal, from: alice, to: [bob], what: number, times: 1 }
`;

before(async () => {
  const sandbox = 'sandbox: preferred';
  const keys = {
    alice: [sandbox, 'packages: [doubled, "@shop/extra"]'],
    bob: [sandbox, 'packages: [doubled]', 'packagesFolder: approved'],
  };
  nodes = await TwoNodes.start(keys, async (made) => {
    for (const folder of [made.in('alice'), made.in('bob', 'approved')]) {
      await install(folder, 'doubled', 'module.exports = (n) => require("times")(n, 2);', ['times']);
      await install(folder, 'times', 'module.exports = (a, b) => a * b;');
      await install(folder, '@shop/extra', 'module.exports = () => 1;');
    }
  });
  const jobs = {
    'on-the-list': jobWith("import doubled from 'doubled';", 'doubled(21)'),
    'not-at-bob': jobWith("import extra from '@shop/extra';", 'extra()'),
    'not-at-all': jobWith("import times from 'times';", 'times(2, 3)'),
    'names-a-key': jobWith(
      `import { readFileSync } from 'node:fs';\nconst never = () => require('${nodes.in('bob', 'bob.key.pem')}');`,
      `{ try { return readFileSync('${nodes.in('bob', 'bob.key.pem')}').length; } catch { return never.length; } }`,
    ).replace("alice.run('count'", "bob.run('count'"),
    'by-a-made-up-name': jobWith(
      "import { createRequire } from 'node:module';\nconst times = createRequire(import.meta.url)(['ti', 'mes'].join(''));",
      'times(2, 3)',
    ),
  };
  for (const [name, text] of Object.entries(jobs)) {
    const job = nodes.in('alice', 'jobs', `${name}.ts`);
    await mkdir(dirname(job), { recursive: true });
    await writeFile(job, text);
    const from =
      name === 'names-a-key'
        ? CONTRACT.replace('from: alice, to: [bob]', 'from: bob, to: [alice]')
        : CONTRACT;
    await writeFile(nodes.in('alice', 'jobs', `${name}.contract.yaml`), from);
  }
});
after(() => nodes.close());

const approved = async (party: Party, id: string) => nodes.done(party, 'approve', id);

describe('a job of a node that imports a package', () => {
  it('runs where every party has it on its list, with what the package needs itself', async () => {
    const id = await nodes.proposed('jobs/on-the-list.ts');
    const shown = await nodes.done('bob', 'proposals', 'show', id);
    assert.match(shown, /imports the package doubled 1\.2\.0, here 1\.2\.0/);
    assert.doesNotMatch(shown, /✖/);
    await approved('alice', id);
    await approved('bob', id);
    assert.match(await nodes.done('bob', 'runs', 'follow', id), /count +42/);
  });

  it('is not approved by a party that does not have it on its list', async () => {
    const id = await nodes.proposed('jobs/not-at-bob.ts');
    await approved('alice', id);
    const shown = await nodes.done('bob', 'proposals', 'show', id);
    assert.match(shown, /imports the package @shop\/extra 1\.2\.0, here not allowed/);
    assert.match(shown, /✖ the job imports the package @shop\/extra \(1\.2\.0\), which is not on the list/);
    const { code, message } = await nodes.refused('bob', 'approve', id);
    assert.equal(code, 'PRIVITY_JOB_PACKAGE');
    assert.match(message, /@shop\/extra/);
    assert.equal((await nodes.json('bob', 'proposals', 'show', id)).state, 'proposed');
  });

  it('is not even proposed where the own list does not have it', async () => {
    const tables = ['--dataset', 'alice.table=members', '--dataset', 'bob.table=orders'];
    const ask = ['propose', 'jobs/not-at-all.ts', '--purpose', 'shared customers', ...tables];
    const { code, message } = await nodes.refused('alice', ...ask);
    assert.equal(code, 'PRIVITY_JOB_PACKAGE');
    assert.match(message, /the package times \(1\.2\.0\), which is not on the list of this party's node/);
  });

  it('does not get at one that is there and not on the list by a name that it makes up', async () => {
    const id = await nodes.proposed('jobs/by-a-made-up-name.ts');
    await approved('alice', id);
    await approved('bob', id);
    const { code, stdout } = await nodes.privity('alice', 'runs', 'follow', id);
    assert.notEqual(code, 0, stdout);
    assert.doesNotMatch(stdout, /count +6/);
    // In a sandbox the package is not there; outside of one it is, and is refused.
    const shown = await nodes.done('alice', 'runs', 'show', `${id}-1-1`, '--config', 'node.yaml');
    assert.match(
      shown,
      /PRIVITY_JOB_(PACKAGE|LOAD_FAILED)|and of no package that jobs may import|could not be loaded/,
    );
  });

  it('sees no file in a sandbox because its source names it', async (t) => {
    if (bubblewrapOr(t) === undefined) return;
    const id = await nodes.proposed('jobs/names-a-key.ts');
    await approved('alice', id);
    await approved('bob', id);
    assert.match(await nodes.done('alice', 'runs', 'follow', id), /count +0/);
  });
});
