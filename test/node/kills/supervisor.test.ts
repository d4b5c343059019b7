/** A supervisor of a node's run that is killed: the partner hears it by a word, and not by silence. */
import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { seeded } from '../../faults/seeded.ts';
import { approve, endOf, until } from './deciding.ts';
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
