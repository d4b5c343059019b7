/** A node whose disk is full: it says so, loses nothing that it has acknowledged, and goes on when there is room. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { appendFileSync, mkdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { PrivityError } from '../../src/base/errors.ts';
import { packBundle } from '../../src/node/model/bundle.ts';
import type { RunRow } from '../../src/node/model/records.ts';
import { type LoneNode, loneNode } from './lone-node.ts';

const DISK_BYTES = 12 * 1024 * 1024;
/** Of a file of the job, which does not get smaller when it is packed. */
const FILE_BYTES = 1024 * 1024;
const contract = { version: 1, parties: ['alice'], steps: [], discloses: [], errors: [], symbols: [] };

it('a node on a full disk refuses by name, keeps what it has, and goes on', async (t) => {
  let disk = '';
  let isMounted = false;
  const mount = (folder: string): void => {
    disk = join(folder, 'state');
    mkdirSync(disk);
    isMounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_BYTES}`, 'tmpfs', disk]).status === 0;
  };
  const node = await loneNode({ words: { selfApproval: true, sockets: './sockets' }, prepare: mount });
  try {
    if (!isMounted) return t.diagnostic('left out: a full disk, because this user may not mount one');
    const filler = join(disk, 'filler');
    const kept = await propose(node, 1);
    fill(filler, 0);
    await assert.rejects(propose(node, 2), isFull);
    await assert.rejects(node.admin.post(`/proposals/${kept}/approve`, { reason: '' }), isFull);
    assert.deepEqual(await stateOf(node, kept), { state: 'proposed', decisions: 0 });
    rmSync(filler);
    const second = await propose(node, 2);
    // Enough for the store, and not for what the job unpacks to.
    fill(filler, FILE_BYTES / 2);
    await node.admin.post(`/proposals/${second}/approve`, { reason: '' });
    const run = await endOf(node, second);
    assert.deepEqual([run.state, run.code], ['failed', 'PRIVITY_STORE_FULL']);
    rmSync(filler);
    await node.admin.post(`/proposals/${kept}/refuse`, { reason: '' });
    assert.deepEqual(await stateOf(node, kept), { state: 'refused', decisions: 1 });
    const { isIntact } = await node.service.node.store.audit.verify();
    assert.ok(isIntact);
  } finally {
    await node.service.close(true);
    if (isMounted) spawnSync('umount', ['-l', disk]);
    rmSync(node.folder, { recursive: true, force: true });
  }
});

/** Until nothing more goes onto the disk, and then so many bytes are free. */
function fill(file: string, freeBytes: number): void {
  writeFileSync(file, '');
  for (let bytes = 64 * 1024; bytes >= 1; bytes = Math.floor(bytes / 4))
    try {
      for (;;) appendFileSync(file, Buffer.alloc(bytes, 1));
    } catch {
      // Smaller pieces may still go.
    }
  truncateSync(file, statSync(file).size - freeBytes);
}

async function propose({ admin }: LoneNode, nth: number): Promise<string> {
  const bundle = packBundle(
    new Map([
      ['job.ts', Buffer.from(`export default ${nth};`)],
      ['noise.ts', randomBytes(FILE_BYTES)],
    ]),
  );
  const body = {
    ...{ title: 'a study', purpose: 'research', parties: ['alice'], contract, validMs: 3_600_000 },
    job: { file: 'job.ts', hash: 'ab'.repeat(32) },
    bundle: bundle.toString('base64'),
  };
  return (await admin.post<{ id: string }>('/proposals', body)).id;
}

const isFull = (error: unknown): boolean => {
  assert.ok(error instanceof PrivityError, String(error));
  assert.equal(error.code, 'PRIVITY_STORE_FULL');
  return true;
};

async function stateOf({ admin }: LoneNode, id: string): Promise<object> {
  const { state, decisions } = await admin.get<{ state: string; decisions: object[] }>(`/proposals/${id}`);
  return { state, decisions: decisions.length };
}

async function endOf({ admin }: LoneNode, proposal: string): Promise<RunRow> {
  for (;;) {
    const { rows } = await admin.get<{ rows: RunRow[] }>('/runs', { proposal });
    const run = rows.find(({ endedAt }) => endedAt !== null);
    if (run !== undefined) return run;
    await delay(50);
  }
}
