/** What an intersection leaves in the memory of its process, looked at from another one. */
import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { shareOf } from '../../test/effort.ts';
import { ID_MARK, KEY_MARK, marksIn } from '../../test/parts/memory-left.ts';

const child = fileURLToPath(new URL('../../test/parts/memory-child.js', import.meta.url));
const ROWS = 4000;

/** Found places of both parties, and marks in the memory of their process. */
async function after(protocol: string, threads: number, end: string) {
  const process = fork(child, [protocol, String(ROWS), String(threads), end]);
  try {
    const [{ found }] = (await once(process, 'message')) as [{ readonly found: readonly unknown[] }];
    const pid = process.pid ?? 0;
    return { found, ids: marksIn(pid, ID_MARK), keys: marksIn(pid, KEY_MARK) };
  } finally {
    process.kill('SIGKILL');
  }
}

/** Whether a process may look into one that it has started. */
function mayLook(): boolean {
  try {
    accessSync('/proc/self/mem', constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

const CLEAN = { ids: 0, keys: 0 };
/** Messages of both parties with which a run ends: in the setup, in the first buckets or chunks, further on. */
const LAST = { dh: ['6', '9', '13'], rr22: ['5', '9', '12', '16', '20', '25'] } as const;

describe('the memory of an intersection', {
  skip: !mayLook() && 'memory of processes is not to be seen',
}, () => {
  for (const protocol of ['dh', 'rr22'] as const)
    for (const threads of [0, 2]) {
      it(`${protocol} on ${threads} threads: no id and no key is left when it is through`, async () => {
        const all = [ROWS / 2, ROWS / 2];
        assert.deepEqual(await after(protocol, threads, '0'), { found: all, ...CLEAN });
      });

      // A thread that is stopped in the middle of a call leaves what it had in its own memory, which is freed with it.
      for (const last of threads === 0 ? shareOf(LAST[protocol]) : [])
        it(`${protocol} on ${threads} threads: nor when it is ended after ${last} messages`, async () => {
          assert.deepEqual(await after(protocol, threads, last), { found: ['ended', 'ended'], ...CLEAN });
        });
    }

  it('is seen: ids and a key that a party keeps', async () => {
    const { ids, keys } = await after('dh', 0, 'kept');
    assert.ok(ids >= 2 * ROWS, `${ids} ids`);
    assert.ok(keys >= 1, `${keys} keys`);
  });
});
