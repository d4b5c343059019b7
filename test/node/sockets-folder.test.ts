import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, it } from 'node:test';
import { socketsFolder } from '../../src/node/gate/sockets-folder.ts';
import { openDoor } from '../../src/transport/door/door.ts';

let base: string;
let state: string;
let runtime: string;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'deep-'));
  state = join(
    base,
    'a folder of many letters',
    'that the institute has made',
    'for the node of alice',
    'state',
  );
  runtime = join(base, 'run');
  for (const folder of [state, runtime]) mkdirSync(folder, { recursive: true });
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

const found = (): Promise<string> =>
  socketsFolder({ state, sockets: undefined }, { XDG_RUNTIME_DIR: runtime });

it('a state folder with a long path has its sockets in a short one, which the next node finds', async () => {
  const folder = await found();
  assert.ok(folder.startsWith(runtime));
  await (await openDoor(join(folder, `${'r'.repeat(32)}.sock`), { onSocket: () => undefined })).close();
  assert.equal(readlinkSync(join(state, 'sockets')), folder);
  // As a service, and not in the session of a user.
  assert.equal(await socketsFolder({ state, sockets: undefined }, {}), folder);
  rmSync(folder, { recursive: true });
  assert.equal(await found(), folder, 'it is made again after a restart of the machine');
});

it('a folder that others can enter is left alone', async () => {
  const folder = await found();
  chmodSync(folder, 0o755);
  assert.ok(!(await found()).startsWith(runtime));
  rmSync(readlinkSync(join(state, 'sockets')), { recursive: true });
});

it('what the node file says, and a short state folder, are taken as they are', async () => {
  const named = join(base, 'named');
  assert.equal(await socketsFolder({ state, sockets: named }, {}), named);
  const own = join(base, 's');
  assert.equal(await socketsFolder({ state: own, sockets: undefined }, {}), join(own, 'sockets'));
  assert.ok(existsSync(join(own, 'sockets')));
});
