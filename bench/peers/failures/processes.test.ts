import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { it } from 'node:test';
import { MARK, ProcessFamily } from './processes.ts';

const linuxOnly = { skip: process.platform === 'linux' ? false : 'reads /proc' };

/** A parent that starts a child in a session of its own, with or without the mark, and says its number. */
const parent = `
  const { spawn } = require('node:child_process');
  const env = process.argv[1] === 'bare' ? {} : process.env;
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { detached: true, stdio: 'ignore', env });
  console.log(child.pid);
  process.stdin.once('data', () => process.exit(0));
`;

for (const kind of ['bare', 'marked']) {
  it(`finds a process that outlives its parent (${kind})`, linuxOnly, async () => {
    const mark = `test-${process.pid}-${kind}`;
    const leader = spawn(process.execPath, ['-e', parent, kind], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, [MARK]: mark },
    });
    const family = new ProcessFamily(mark, leader.pid ?? 0);
    const [line] = await once(createInterface({ input: leader.stdout }), 'line');
    const child = Number(line);
    try {
      // A child without the mark is known only by its parent, while that lives.
      if (kind === 'bare') family.look();
      leader.stdin.write('end\n');
      await once(leader, 'exit');
      assert.deepEqual(
        family.alive().map(({ pid }) => pid),
        [child],
      );
      family.signal('SIGKILL');
      while (family.alive().length > 0) await new Promise((resolve) => setImmediate(resolve));
    } finally {
      leader.kill('SIGKILL');
      family.signal('SIGKILL');
    }
  });
}
