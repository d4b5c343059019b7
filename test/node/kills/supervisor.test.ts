/** A supervisor of a node's run that is killed: the partner hears it by a word, and not by silence. */
import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { RunRow } from '../../../src/node/model/records.ts';
import { seeded } from '../../faults/seeded.ts';
import { bodyOf, loadNoted } from './jobs.ts';
import { kill, madeFederation, type TestNode, textOf } from './world.ts';

/** Longer than all of this takes. */
const PAUSE_MS = 600_000;
/** So that silence says nothing meanwhile. */
const LOST_AFTER_MS = 120_000;

for (const [how, kinds] of [
  ['and its stand-in says so', ['program-main']],
  ['with its stand-in, and its node says so', ['program-main', 'stand-in-main']],
] as const)
  it(`the partner that dials a supervisor hears that it was killed, ${how}`, async () => {
    const federation = await madeFederation({ draw: seeded(process.pid) });
    try {
      // Of two parties the one whose name comes first dials.
      const [alice, bob] = federation.nodes as readonly [TestNode, TestNode];
      const pair = [alice, bob];
      for (const node of pair) {
        appendFileSync(join(node.folder, 'party.yaml'), `bounds: { lostAfterMs: ${LOST_AFTER_MS} }\n`);
        node.start();
      }
      const notes = join(federation.folder, 'notes');
      mkdirSync(notes);
      const body = bodyOf(await loadNoted('noted-by-two.ts'), { notes, pauseMs: PAUSE_MS });
      const { id } = await alice.ask((client) => client.post<{ id: string }>('/proposals', body));
      for (const node of pair) await approve(node, id);
      await until(() => pair.every(({ name }) => textOf(join(notes, name)) !== ''));
      for (const { pid } of bob.supervisors()) killWith(pid, kinds);
      for (const node of pair) {
        const run = await endOf(node, id);
        assert.equal(run.code, 'PEER_CRASHED', `${node.name}: ${JSON.stringify(run)}`);
      }
    } finally {
      await federation.remove();
    }
  });

/** At one moment: whichever is left would tell the partner. */
function killWith(supervisor: number, kinds: readonly string[]): void {
  process.kill(supervisor, 'SIGSTOP');
  const others = readdirSync('/proc')
    .filter((name) => kinds.some((kind) => textOf(`/proc/${name}/cmdline`).includes(kind)))
    .filter((name) => textOf(`/proc/${name}/status`).includes(`\nPPid:\t${supervisor}\n`));
  assert.equal(others.length, kinds.length);
  for (const pid of [...others.sort(), supervisor]) kill(Number(pid));
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
