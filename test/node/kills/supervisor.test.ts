/** A supervisor of a node's run that is killed: its stand-in tells the partner, also one that dials it. */
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { RunRow } from '../../../src/node/model/records.ts';
import { seeded } from '../../faults/seeded.ts';
import { bodyOf, loadNoted } from './jobs.ts';
import { kill, madeFederation, type TestNode, textOf } from './world.ts';

/** Longer than all of this takes. */
const PAUSE_MS = 600_000;

it('the partner that dials a supervisor hears that it was killed with its program, and not only its silence', async () => {
  const federation = await madeFederation({ draw: seeded(process.pid) });
  const { nodes } = federation;
  try {
    // Of two parties the one whose name comes first dials.
    const [alice, bob] = nodes as readonly [TestNode, TestNode];
    const pair = [alice, bob];
    for (const node of pair) node.start();
    const notes = join(federation.folder, 'notes');
    mkdirSync(notes);
    const body = bodyOf(await loadNoted('noted-by-two.ts'), { notes, pauseMs: PAUSE_MS });
    const { id } = await alice.ask((client) => client.post<{ id: string }>('/proposals', body));
    for (const node of pair) await approve(node, id);
    await until(() => pair.every(({ name }) => textOf(join(notes, name)) !== ''));
    for (const { pid } of bob.supervisors()) killWithProgram(pid);
    for (const node of pair) {
      const run = await endOf(node, id);
      assert.equal(run.code, 'PEER_CRASHED', `${node.name}: ${JSON.stringify(run)}`);
    }
  } finally {
    await federation.remove();
  }
});

/** At one moment: whichever is left would tell the partner. */
function killWithProgram(supervisor: number): void {
  process.kill(supervisor, 'SIGSTOP');
  const programs = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && textOf(`/proc/${name}/cmdline`).includes('program-main'))
    .filter((name) => textOf(`/proc/${name}/status`).includes(`\nPPid:\t${supervisor}\n`));
  assert.equal(programs.length, 1);
  for (const pid of [...programs, supervisor]) kill(Number(pid));
}

/** As soon as the node has heard of it. */
async function approve(node: TestNode, id: string): Promise<void> {
  await until(async () => {
    const { rows } = await node.ask((client) => client.get<{ rows: { id: string }[] }>('/proposals'));
    return rows.some((row) => row.id === id);
  });
  await node.ask((client) => client.post(`/proposals/${id}/approve`, { reason: 'as asked' }));
}

async function endOf(node: TestNode, proposal: string): Promise<RunRow> {
  let run: RunRow | undefined;
  await until(async () => {
    const { rows } = await node.ask((client) => client.get<{ rows: RunRow[] }>('/runs', { proposal }));
    run = rows.find(({ endedAt }) => endedAt !== null);
    return run !== undefined;
  });
  return run ?? assert.fail();
}

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await delay(50);
}
