import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { jobFile, Parties } from './parties.ts';

describe('what is left behind', () => {
  it('is seen: a process, a port, a file', async () => {
    const parties = await Parties.start({ parties: { alice: { job: jobFile('steady.ts'), start: false } } });
    const guest = createServer().listen(parties.ports.alice, '127.0.0.1');
    let heir: ChildProcess | undefined;
    try {
      await once(guest, 'listening');
      heir = spawn('sleep', ['60'], { env: { ...process.env, TMPDIR: join(parties.dir, 'tmp-alice') } });
      await once(heir, 'spawn');
      writeFileSync(join(parties.tempOf('alice'), 'forgotten'), '');
      assert.deepEqual(await parties.leftovers(0), [
        `process ${heir.pid}`,
        'alice: forgotten',
        `alice: port ${parties.ports.alice}`,
      ]);
    } finally {
      heir?.kill('SIGKILL');
      guest.close();
      parties.dispose();
    }
  });
});
