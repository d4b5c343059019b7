import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { CLAIM_FILE, type Claim, OwnClaim, ownerState, readClaim } from './claim.ts';
import { clearOrphan, findOrphans, orphanText } from './orphans.ts';
import { LOCAL_MARK, MARK } from './process-group.ts';

let base: string;
before(() => {
  base = mkdtempSync(join(tmpdir(), 'orphans-test-'));
});
after(() => rmSync(base, { recursive: true, force: true }));

const facts = { kind: 'run', party: 'bob', runId: 'r1', listen: { host: '::', port: 7420 } } as const;

/** A folder of a run with the claim of this process, changed as the test says. */
function folderOf(name: string, change: (claim: Claim) => object = () => ({})): string {
  const folder = join(base, name);
  mkdirSync(folder);
  new OwnClaim(folder, facts, 0);
  const claim = readClaim(folder);
  assert.ok(claim);
  writeFileSync(join(folder, CLAIM_FILE), JSON.stringify({ ...claim, ...change(claim) }));
  writeFileSync(join(folder, 'spill'), 'x'.repeat(100));
  return folder;
}

const dead = (claim: Claim): object => ({ owner: { ...claim.owner, began: 'at another time' } });
const found = (): string[] => findOrphans(base).map(({ folder }) => folder);

describe('claims on temporary folders', () => {
  it('are those of a live owner, and only while it is the same process', () => {
    const folder = folderOf('privity-claims');
    const claim = readClaim(folder);
    assert.ok(claim);
    assert.equal(ownerState(claim), 'alive');
    assert.equal(ownerState({ ...claim, owner: { pid: process.pid, began: '1' } }), 'dead');
    assert.equal(ownerState({ ...claim, boot: 'before' }), 'dead');
    assert.equal(ownerState({ ...claim, host: 'elsewhere', boot: 'before' }), 'unknown');
    assert.equal(ownerState({ ...claim, pidNamespace: 'of a container' }), 'unknown');
    rmSync(folder, { recursive: true });
  });

  it('are kept up to date', () => {
    const folder = join(base, 'privity-update');
    mkdirSync(folder);
    const own = new OwnClaim(folder, { ...facts, runId: '' }, 0);
    own.runIs('r2');
    own.programIs(process.pid);
    const claim = readClaim(folder);
    assert.equal(claim?.runId, 'r2');
    assert.deepEqual(claim.program, claim.owner);
    assert.deepEqual(readdirSync(folder), [CLAIM_FILE]);
    rmSync(folder, { recursive: true });
  });
});

describe('what dead supervisors have left', () => {
  it('is found and cleared; what lives, is unknown or is none of ours stays', async () => {
    const orphan = folderOf('privity-bob-1', dead);
    folderOf('privity-alive');
    folderOf('privity-elsewhere', () => ({ host: 'elsewhere' }));
    folderOf('privity-newer', (claim) => ({ ...dead(claim), claimVersion: 2 }));
    mkdirSync(join(base, 'privity-unclaimed'));
    symlinkSync(orphan, join(base, 'privity-link'));
    writeFileSync(join(folderOf('other-name', dead), CLAIM_FILE), '{');
    assert.deepEqual(found(), [orphan]);

    const [first] = findOrphans(base);
    assert.ok(first);
    assert.match(
      orphanText(first),
      /^the supervisor of bob, run r1 \(process \d+, since 1970.*privity-bob-1/,
    );
    assert.deepEqual(await clearOrphan(first), { items: { file: 1, 'temporary folder': 1 }, leftovers: [] });
    assert.deepEqual(found(), []);
    assert.deepEqual(readdirSync(base).sort(), [
      ...['other-name', 'privity-alive', 'privity-elsewhere', 'privity-link'],
      ...['privity-newer', 'privity-unclaimed'],
    ]);
  });

  it('includes processes with its mark, which are ended', async () => {
    const folder = folderOf('privity-bob-2', dead);
    const child = spawn('sh', ['-c', 'trap "" TERM; echo ready; exec sleep 60'], {
      detached: true,
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { ...process.env, [MARK]: folder },
    });
    try {
      await once(child.stdout, 'data');
      const ended = once(child, 'exit');
      const [orphan] = findOrphans(base);
      assert.ok(orphan);
      assert.deepEqual(orphan.processes, [child.pid]);
      const { items, leftovers } = await clearOrphan(orphan);
      assert.deepEqual([items.process, leftovers], [1, []]);
      await ended;
    } finally {
      child.kill('SIGKILL');
    }
  });

  it('does not include the files of a local run whose supervisors still live', async () => {
    const folder = folderOf('privity-local-1', (claim) => ({ ...dead(claim), kind: 'local', party: null }));
    const child = spawn('sleep', ['60'], { env: { ...process.env, [LOCAL_MARK]: folder } });
    try {
      await once(child, 'spawn');
      assert.ok(readFileSync(`/proc/${child.pid}/environ`, 'latin1').includes(folder));
      assert.deepEqual(found(), []);
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
      assert.deepEqual(found(), [folder]);
    } finally {
      child.kill('SIGKILL');
    }
  });
});
