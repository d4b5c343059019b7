import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { groupMembers, killMarked, MARK, markedProcesses, treeGone } from './process-group.ts';

/** A process in a group of its own that ignores all but SIGKILL; resolves when it does. */
async function stubborn(env: Record<string, string>): Promise<ChildProcess & { pid: number }> {
  const child = spawn('sh', ['-c', 'trap "" TERM INT HUP; echo ready; exec sleep 60'], {
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...process.env, ...env },
  });
  if (child.stdout) await once(child.stdout, 'data');
  return Object.assign(child, { pid: child.pid ?? 0 });
}

describe('processes of a run', () => {
  it('are found by group and by mark, and only those', async () => {
    const mark = `test-${process.pid}`;
    const [marked, other] = [await stubborn({ [MARK]: mark }), await stubborn({ [MARK]: `${mark}-other` })];
    try {
      assert.deepEqual(groupMembers(marked.pid), [marked.pid]);
      assert.deepEqual(markedProcesses(mark), [marked.pid]);
      const left = once(marked, 'exit');
      killMarked(mark);
      await left;
      assert.deepEqual(await treeGone(marked.pid, mark), []);
      assert.deepEqual(groupMembers(other.pid), [other.pid]);
    } finally {
      marked.kill('SIGKILL');
      other.kill('SIGKILL');
    }
  });

  it('are found by their mark while they begin to run another program', async () => {
    const mark = `test-${process.pid}-exec`;
    const script = 'exec sh -c "$0" "$0"';
    const child = spawn('sh', ['-c', script, script], {
      detached: true,
      stdio: 'ignore',
      env: { ...process.env, [MARK]: mark },
    });
    try {
      await once(child, 'spawn');
      for (let look = 0; look < 200; look++) assert.deepEqual(markedProcesses(mark), [child.pid]);
    } finally {
      child.kill('SIGKILL');
    }
  });

  it('are named when they stay', async () => {
    // It does not carry the mark, so only the group shows it, and nobody kills it here.
    const child = await stubborn({});
    try {
      assert.deepEqual(await treeGone(child.pid, 'no such mark'), [child.pid]);
    } finally {
      child.kill('SIGKILL');
    }
  });
});
