/** Bob repeats the rehearsal of what alice has proposed, by the command line of two nodes. */
import assert from 'node:assert/strict';
import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { bubblewrapOr } from '../sandbox/possible.ts';
import { projectRoot } from '../tidy/project-files.ts';
import { TwoNodes } from './two-nodes.ts';

let nodes: TwoNodes;
before(async () => {
  const sandbox = ['sandbox: preferred'];
  nodes = await TwoNodes.start({ alice: sandbox, bob: sandbox });
  for (const name of ['job.ts', 'job.contract.yaml'])
    await copyFile(join(projectRoot, 'examples/two-parties', name), nodes.in('alice', name));
  const known = ['alice.table=members', 'bob.table=orders'];
  for (;;) {
    // Bob's node has told alice's what it publishes for her.
    const { code, stdout } = await nodes.privity('alice', 'datasets', 'schemas', ...known);
    await writeFile(nodes.in('alice', 'schemas.yaml'), stdout);
    if (code === 0) return;
  }
});
after(() => nodes.close());

describe('privity proposals rehearse', () => {
  it('says what the job discloses beside its contract, and proposals show remembers it', async (t) => {
    const id = await nodes.proposed('job.ts', '--schema', 'schemas.yaml');
    if (bubblewrapOr(t) === undefined) {
      const { code, message } = await nodes.refused('bob', 'proposals', 'rehearse', id);
      assert.equal(code, 'PRIVITY_SANDBOX_MISSING');
      assert.match(message, /whatever `sandbox` in the node file says/);
      assert.match(
        await nodes.done('bob', 'proposals', 'show', id),
        /Rehearsed here by .*did not come to an end/,
      );
      return;
    }
    const said = await nodes.done('bob', 'proposals', 'rehearse', id.slice(0, 12));
    assert.match(
      said,
      /✔ it discloses what its contract says \(rehearsed 6 times on made-up tables of 6, 80, 160 rows/,
    );
    assert.match(
      await nodes.done('bob', 'proposals', 'show', id),
      /Rehearsed here by person:admin, .*: it discloses what the contract says$/m,
    );
    const { outcome, runs } = await nodes.json(
      'bob',
      'proposals',
      'rehearse',
      id,
      '--rows',
      '20',
      '--seeds',
      '1',
    );
    assert.deepEqual([outcome, runs], ['same', 1]);
  });

  it('fails where the contract leaves something out', async (t) => {
    if (bubblewrapOr(t) === undefined) return;
    const file = nodes.in('alice', 'job.contract.yaml');
    const words = await readFile(file, 'utf8');
    const mean = words.slice(words.indexOf('  - step: mean'), words.indexOf('# Texts of failures'));
    await writeFile(nodes.in('alice', 'less.yaml'), words.replace(mean, '\n'));
    const id = await nodes.proposed('job.ts', '--schema', 'schemas.yaml', '--contract', 'less.yaml');
    const { code, stdout, stderr } = await nodes.privity('bob', 'proposals', 'rehearse', id);
    assert.equal(code, 77, stderr);
    assert.match(stdout, /the contract does not allow:\n- alice will learn from bob, in step "mean": euros/);
    assert.match(stderr, /PRIVITY_CONTRACT_EXCEEDED/);
  });
});
