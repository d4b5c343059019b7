/** A run whose values are on their way while gates and nodes are killed: its parties see nothing but a pause. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { seeded } from '../../faults/seeded.ts';
import { approve, endOf, until } from './deciding.ts';
import { bodyOf, loadNoted } from './jobs.ts';
import { type Federation, kill, madeFederation, type TestNode, textOf } from './world.ts';

/**
 * Gates that are killed one after the other, until a value arrives again. Some are killed as they begin, some in the
 * pause of a link between two dials, some with a value on its way.
 */
const GATE_KILLS = 5;
const BETWEEN_KILLS_MS = 800;
const TIMES = 4;
/** Of the one party's node and gate: a quiet machine has both back in two seconds, a busy one in three times four. */
const AWAY_MS = 8_000;
/** At the party that has the values. */
const PAUSE_MS = 20;

const CONTRACT = {
  ...{ version: 1, parties: ['alice', 'bob'], steps: ['part', 'taken'] },
  discloses: [
    {
      ...{ step: 'part', kind: 'transfer', from: 'alice', to: ['bob'] },
      ...{ what: 'float64 array [131072]', times: 'any' },
    },
    { step: 'taken', kind: 'reveal', from: 'bob', to: ['alice'], what: 'boolean', times: 'any' },
  ],
};

it('goes on when a gate is killed again and again', () =>
  during(async ({ nodes }, taken) => {
    // Of two parties the one whose name comes first dials, so the links go through the gate of the other.
    const bob = nodes[1] as TestNode;
    const draw = seeded(11);
    for (let time = 0; time < TIMES; time += 1) {
      for (let nth = 0; nth < GATE_KILLS; nth += 1) {
        await until(() => bob.gates().map(kill).includes(true));
        await delay(BETWEEN_KILLS_MS * draw());
      }
      await taken();
    }
  }));

it('goes on when a node and its gate are killed and take their time to come back', () =>
  during(async ({ nodes }, taken) => {
    const bob = nodes[1] as TestNode;
    const killed = bob.pid;
    const back = delay(AWAY_MS);
    for (const pid of [killed ?? 0, ...bob.gates()]) kill(pid);
    await until(() => bob.pid !== killed);
    process.kill(bob.pid ?? 0, 'SIGSTOP');
    await back;
    process.kill(bob.pid ?? 0, 'SIGCONT');
    await taken();
  }));

/** @param meanwhile is given what waits for the next value to arrive */
async function during(
  meanwhile: (federation: Federation, taken: () => Promise<void>) => Promise<void>,
): Promise<void> {
  const federation = await madeFederation({ draw: seeded(process.pid) });
  try {
    const [alice, bob] = federation.nodes as readonly [TestNode, TestNode];
    for (const node of [alice, bob]) node.start();
    const notes = join(federation.folder, 'notes');
    mkdirSync(notes);
    const body = bodyOf(await loadNoted('moved-by-two.ts'), { notes, pauseMs: PAUSE_MS });
    const proposed = { ...body, contract: CONTRACT, attemptsMax: 1 };
    const { id } = await alice.ask((client) => client.post<{ id: string }>('/proposals', proposed));
    for (const node of [alice, bob]) await approve(node, id);
    const arrived = (): number => textOf(join(notes, 'taken')).length;
    const isOver = async (): Promise<boolean> => {
      const { rows } = await alice.ask((client) =>
        client.get<{ rows: { endedAt: number | null }[] }>('/runs', { proposal: id }),
      );
      return rows.some(({ endedAt }) => endedAt !== null);
    };
    const taken = async (): Promise<void> => {
      const before = arrived();
      await until(async () => arrived() > before || (await isOver()));
    };
    await taken();
    await meanwhile(federation, taken);
    writeFileSync(join(notes, 'enough'), '');
    for (const node of [alice, bob]) {
      const run = await endOf(node, id);
      assert.deepEqual([run.state, run.code], ['completed', null], `${node.name}: ${JSON.stringify(run)}`);
    }
  } finally {
    await federation.remove();
  }
}
