/** What people do with a proposal over the API of their node, and what becomes of it. */
import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import type { RunRow } from '../../../src/node/model/records.ts';
import type { TestNode } from './world.ts';

/** As soon as the node has heard of it. */
export async function approve(node: TestNode, id: string): Promise<void> {
  await until(async () => {
    const { rows } = await node.ask((client) => client.get<{ rows: { id: string }[] }>('/proposals'));
    return rows.some((row) => row.id === id);
  });
  await node.ask((client) => client.post(`/proposals/${id}/approve`, { reason: 'as asked' }));
}

export async function endOf(node: TestNode, proposal: string): Promise<RunRow> {
  let run: RunRow | undefined;
  await until(async () => {
    const { rows } = await node.ask((client) => client.get<{ rows: RunRow[] }>('/runs', { proposal }));
    run = rows.find(({ endedAt }) => endedAt !== null);
    return run !== undefined;
  });
  return run ?? assert.fail();
}

export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await delay(50);
}
